/**
 * The first stage: bytes to text, text to lines, lines to entries. What it writes is raw, and nothing of it is ever
 * served.
 */
import { randomBytes } from 'node:crypto'
import { type InputFile, type StageContext, StageError } from '../pipeline.ts'
import { whole } from '../whole.ts'
import { EntryCounter } from './entry-counter.ts'
import { EntryIndexWriter } from './entry-index.ts'
import { entryIndexName, type IngestedText, leave, PSEUDONYM_KEY, rawTextName } from './handover.ts'
import { decoded } from './input/decode.ts'
import { NotText } from './input/encoding.ts'
import { LineSplitter } from './input/lines.ts'
import { Sink } from './input/sink.ts'
import { LimitExceeded, unpacked } from './input/unpack.ts'
import { ByteProgress } from './progress.ts'

export async function ingestion(context: StageContext): Promise<undefined> {
  const progress = new ByteProgress(
    context,
    context.files.reduce((sum, file) => sum + file.size, 0),
  )
  const texts: IngestedText[] = []
  for (const [place, file] of context.files.entries()) {
    try {
      texts.push(await ingest(context, file, place, progress))
    } catch (error) {
      throw explained(error, file)
    }
  }
  // Kept with the job, so that a redaction that runs again gives the same pseudonyms.
  await context.writeIntermediate(PSEUDONYM_KEY, whole(randomBytes(32).toString('hex')))
  await leave(context, 'ingestion.json', texts)
  return undefined
}

/**
 * A plain text in UTF-8 is not written a second time: whoever wants it reads the upload. Whether it is one, its last byte
 * may decide; then it is read again, and written.
 */
async function ingest(
  context: StageContext,
  file: InputFile,
  place: number,
  progress: ByteProgress,
): Promise<IngestedText> {
  try {
    return await ingestAs('as it is', context, file, place, progress)
  } catch (error) {
    if (!(error instanceof NotVerbatim)) throw error
    return ingestAs('rewritten', context, file, place, progress)
  }
}

class NotVerbatim extends Error {
  override readonly name = 'NotVerbatim'
}

async function ingestAs(
  form: 'as it is' | 'rewritten',
  context: StageContext,
  file: InputFile,
  place: number,
  progress: ByteProgress,
): Promise<IngestedText> {
  const uploaded = counted(await context.open(file), bytes => progress.add(bytes, file.name))
  const { layers, bytes, outcome } = await unpacked(uploaded, context.settings.archive)
  const content = await decoded(bytes, () => outcome.truncated)
  const verbatim = form === 'as it is' && layers.length === 0 && !content.marked
  const text = verbatim
    ? null
    : new Sink<Uint8Array>(source => context.writeIntermediate(rawTextName(place), source))
  const index = new Sink<Uint8Array>(source => context.writeIntermediate(entryIndexName(place), source))
  const splitter = new LineSplitter()
  const records = new EntryIndexWriter()
  const counter = new EntryCounter(records)
  let textSize = 0
  try {
    for await (const piece of content.pieces) {
      if (verbatim && !piece.verbatim) throw new NotVerbatim()
      textSize += piece.bytes.length
      const kept = text?.write(piece.bytes)
      for (const line of splitter.push(piece.text)) counter.line(line)
      await kept
      for (const block of records.take()) await index.write(block)
    }
    for (const line of splitter.end()) counter.line(line)
    counter.end()
    for (const block of records.take(true)) await index.write(block)
    await text?.end()
    await index.end()
  } catch (error) {
    await Promise.all([text?.abort(error), index.abort(error)])
    throw error
  }
  return {
    fileId: file.id,
    name: file.name,
    size: file.size,
    textSize,
    encoding: content.encoding,
    compression: layers.length === 0 ? null : layers.join('+'),
    truncated: outcome.truncated,
    verbatim,
    ...counter.summary(),
  }
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  onBytes: (count: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    onBytes(chunk.length)
    yield chunk
  }
}

const LIMIT_SETTINGS = {
  size: 'SLUICE_ARCHIVE_SIZE',
  ratio: 'SLUICE_ARCHIVE_RATIO',
  depth: 'SLUICE_ARCHIVE_DEPTH',
} as const

function explained(error: unknown, file: InputFile): unknown {
  const options = { fileId: file.id, cause: error }
  if (error instanceof NotText) {
    return new StageError(
      'unsupported-content',
      `"${file.name}" is not a text log, plain or in gzip or zstd: it ${error.message}.`,
      options,
    )
  }
  if (error instanceof LimitExceeded) {
    const setting = LIMIT_SETTINGS[error.limit]
    return new StageError(
      'archive-limit',
      `"${file.name}" ${error.message}; ${setting} sets that limit.`,
      options,
    )
  }
  return error
}
