/**
 * What a stage holds in its hands while it runs. The same in a worker thread as inline: made from a `StageInput`, which
 * can be sent to a thread, and a storage.
 *
 * What a stage writes is stored under the run's start token: a zombie's objects are never mistaken for its successor's,
 * and nothing is published before the checkpoint that names it.
 */
import { Readable } from 'node:stream'
import type { Storage } from '../storage/storage.ts'
import type { InputFile, LogLine, StageContext, StageSettings } from './pipeline.ts'
import { holdSmall, openArtifact, RECORD_BYTES, type StoredArtifact } from './stored-artifact.ts'

/** An attached file, and where its bytes are. */
export interface StageFile extends InputFile {
  readonly key: string
}

export interface StoredIntermediate {
  readonly name: string
  readonly key: string
}

/** What a stage leaves when it completes. */
export interface StageOutput {
  readonly artifacts: readonly StoredArtifact[]
  readonly intermediates: readonly StoredIntermediate[]
}

export interface StageInput {
  readonly jobId: string
  /** The run's start token. */
  readonly token: string
  readonly stage: string
  readonly files: readonly StageFile[]
  /** Of the stages before this one. */
  readonly outputs: readonly StageOutput[]
  readonly settings: StageSettings
}

export interface StageReport {
  progress(percent: number, message?: string): void
  log(level: LogLine['level'], message: string): void
}

export function createStageContext(
  input: StageInput,
  means: { storage: Storage; signal: AbortSignal; report: StageReport },
): { context: StageContext; output: StageOutput } {
  const { storage, signal, report } = means
  const files = new Map(input.files.map(file => [file.id, file]))
  const earlier = input.outputs.flatMap(output => output.artifacts)
  // By name, not found by a search: a job has as many artifacts as its archives have members.
  const readableArtifacts = new Map(earlier.map(artifact => [artifact.name, artifact]))
  const readableIntermediates = new Map(
    input.outputs.flatMap(output => output.intermediates.map(({ name, key }) => [name, key])),
  )
  const written = new Set(readableArtifacts.keys())
  const artifacts: StoredArtifact[] = []
  const intermediates: StoredIntermediate[] = []
  let objects = 0
  let room = RECORD_BYTES

  async function write(source: AsyncIterable<Uint8Array>): Promise<{ key: string; size: number }> {
    const key = `${input.jobId}/${input.token}-${input.stage}-${++objects}`
    const { size } = await storage.put(key, source, { signal })
    return { key, size }
  }

  async function keep(held: Buffer | AsyncIterable<Uint8Array>) {
    if (!Buffer.isBuffer(held)) return write(held)
    // Another may have taken the room meanwhile.
    if (held.length > room) return write(Readable.from([held]))
    room -= held.length
    return { size: held.length, content: held.toString('base64') }
  }

  const context: StageContext = {
    jobId: input.jobId,
    files: input.files,
    settings: input.settings,
    signal,
    artifacts: earlier,
    open: async (file, range) => storage.open(files.get(file.id)!.key, range),
    async writeArtifact(name, options, source) {
      if (written.has(name)) throw new Error(`the artifact "${name}" was written twice`)
      const held = await holdSmall(encoded(source), room, signal)
      const place = await keep(held)
      written.add(name)
      artifacts.push({ name, ...options, stage: input.stage, ...place })
    },
    async openArtifact(name) {
      const artifact = readableArtifacts.get(name)
      if (!artifact) throw new Error(`no earlier stage wrote the artifact "${name}"`)
      return openArtifact(storage, artifact)
    },
    async writeIntermediate(name, source) {
      const { key } = await write(encoded(source))
      intermediates.push({ name, key })
      readableIntermediates.set(name, key)
    },
    async openIntermediate(name, range) {
      const key = readableIntermediates.get(name)
      if (key === undefined) throw new Error(`no stage wrote the intermediate "${name}"`)
      return storage.open(key, range)
    },
    progress: report.progress,
    log: report.log,
  }
  return { context, output: { artifacts, intermediates } }
}

async function* encoded(source: AsyncIterable<Uint8Array | string>): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk
}
