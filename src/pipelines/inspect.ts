/**
 * The pipeline for those who only need "arrived, whole, call me": each file is read once and must still be what was
 * uploaded. It is also what measures the gate by itself, so it does nothing that it need not: it logs no line either,
 * which would be a transition more for what its result says.
 */
import { createHash } from 'node:crypto'
import { type InputFile, type JsonObject, type Pipeline, type StageContext, StageError } from './pipeline.ts'
import { whole } from './whole.ts'

export const inspect: Pipeline = {
  name: 'inspect',
  description: 'Checks that every file is what was uploaded, and lists them.',
  stages: [{ name: 'inspection', weight: 1, runs: 'inline', run: inspection }],
}

async function inspection(context: StageContext): Promise<JsonObject> {
  const total = context.files.reduce((sum, file) => sum + file.size, 0)
  let bytes = 0
  for (const file of context.files) {
    await verify(context, file, read => {
      bytes += read
      context.progress(total === 0 ? 100 : Math.min(100, (bytes / total) * 100), file.name)
    })
  }
  const files = context.files.map(({ id, name, size, sha256, type }) => ({ id, name, size, sha256, type }))
  await context.writeArtifact('manifest.json', { type: 'application/json' }, whole(JSON.stringify({ files })))
  return { files: files.length, bytes }
}

async function verify(
  context: StageContext,
  file: InputFile,
  onBytes: (count: number) => void,
): Promise<void> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of await context.open(file)) {
    context.signal.throwIfAborted()
    hash.update(chunk)
    size += chunk.length
    onBytes(chunk.length)
  }
  if (size === file.size && hash.digest('hex') === file.sha256) return
  throw new StageError(
    'file-changed',
    `"${file.name}" is no longer what was uploaded: its bytes have changed.`,
    {
      fileId: file.id,
    },
  )
}
