/**
 * The first stage: bytes to text, text to lines, lines to entries. What it writes is raw, and nothing of it is ever
 * served.
 */
import { randomBytes } from 'node:crypto'
import { type InputFile, type StageContext, StageError } from '../pipeline.ts'
import { whole } from '../whole.ts'
import { EntryCounter } from './entry-counter.ts'
import { EntryIndexWriter } from './entry-index.ts'
import { type IngestedText, leave, PSEUDONYM_KEY, spoolName } from './handover.ts'
import { Damaged } from './input/archives/damaged.ts'
import { decoded } from './input/decode.ts'
import { LimitExceeded } from './input/limits.ts'
import { LineSplitter } from './input/lines.ts'
import { passing } from './input/passing.ts'
import { AtMember, eachText, type PackedText, type PassedOver, type UploadedBytes } from './input/texts.ts'
import { KeptTexts } from './kept-texts.ts'
import { ByteProgress } from './progress.ts'
import { ingested, StageLog, sizeOf, warn } from './stage-log.ts'

export async function ingestion(context: StageContext): Promise<undefined> {
  const progress = new ByteProgress(
    context,
    context.files.reduce((sum, file) => sum + file.size, 0),
  )
  const log = new StageLog(context)
  const texts: IngestedText[] = []
  for (const [place, file] of context.files.entries()) {
    try {
      texts.push(...(await ingest(context, file, place, progress, log)))
    } catch (error) {
      throw explained(error, file)
    }
  }
  // Kept with the job, so that a redaction that runs again gives the same pseudonyms.
  await context.writeIntermediate(PSEUDONYM_KEY, whole(randomBytes(32).toString('hex')))
  await leave(context, 'ingestion.json', texts)
  log.end(sizeOf(texts))
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
  log: StageLog,
): Promise<IngestedText[]> {
  try {
    return await ingestAs('as it is', context, file, place, progress, log)
  } catch (error) {
    if (!(error instanceof NotVerbatim)) throw error
    return ingestAs('rewritten', context, file, place, progress, log)
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
  log: StageLog,
): Promise<IngestedText[]> {
  const kept = new KeptTexts(context, place)
  const texts: IngestedText[] = []
  try {
    const upload = uploadedBytes(context, file, place, progress)
    const passedOver = await eachText(upload, context.settings.archive, async text => {
      const name = memberName(file, text.path)
      const verbatim = form === 'as it is' && text.path === null && text.layers.length === 0
      const read = await ingestText(text, kept, verbatim, () => progress.add(0, name))
      const one = { fileId: file.id, upload: place, name, path: text.path, size: text.size, ...read }
      texts.push(one)
      log.file(ingested(one))
      warn(log, one)
    })
    await kept.end()
    tellPassedOver(log, file, passedOver)
  } catch (error) {
    await kept.abort(error)
    throw error
  }
  return texts
}

/** @param onPiece called for each piece, so that a stage that only unpacks is seen to live, and can be stopped. */
async function ingestText(
  { layers, bytes, outcome }: PackedText,
  kept: KeptTexts,
  asItIs: boolean,
  onPiece: () => void,
): Promise<Omit<IngestedText, 'fileId' | 'upload' | 'name' | 'path' | 'size'>> {
  const content = await decoded(bytes, () => outcome.truncated)
  const verbatim = asItIs && !content.marked
  const splitter = new LineSplitter()
  const records = new EntryIndexWriter()
  const counter = new EntryCounter(records)
  const [textAt, indexAt] = [kept.text.size, kept.index.size]
  let textSize = 0
  for await (const piece of content.pieces) {
    onPiece()
    if (verbatim && !piece.verbatim) throw new NotVerbatim()
    textSize += piece.bytes.length
    const written = verbatim ? null : kept.text.write(piece.bytes)
    for (const line of splitter.push(piece.text)) counter.line(line)
    await written
    for (const block of records.take()) await kept.index.write(block)
  }
  for (const line of splitter.end()) counter.line(line)
  counter.end()
  for (const block of records.take(true)) await kept.index.write(block)
  return {
    textAt,
    indexAt,
    textSize,
    encoding: content.encoding,
    compression: layers.length === 0 ? null : layers.join('+'),
    truncated: outcome.truncated,
    verbatim,
    ...counter.summary(),
  }
}

function uploadedBytes(
  context: StageContext,
  file: InputFile,
  place: number,
  progress: ByteProgress,
): UploadedBytes {
  const onBytes = (bytes: number) => progress.add(bytes, file.name)
  let spooled = 0
  return {
    size: file.size,
    async *whole() {
      yield* passing(await context.open(file), onBytes)
    },
    open: async range => passing(await context.open(file, range), onBytes),
    async spool(bytes) {
      const name = spoolName(place, ++spooled)
      let size = 0
      const source = passing(bytes, count => {
        size += count
        onBytes(0)
      })
      await context.writeIntermediate(name, source)
      return { size, open: range => context.openIntermediate(name, range) }
    },
  }
}

function memberName(file: InputFile, path: string | null): string {
  return path === null ? file.name : `${file.name}/${path}`
}

const PASSED_OVER: Readonly<Record<keyof PassedOver, string>> = {
  link: 'links',
  device: 'devices',
  macOS: "files of macOS's own",
  unknown: 'entries of an unknown kind',
}

function tellPassedOver(log: StageLog, file: InputFile, passedOver: PassedOver): void {
  const list = Object.entries(passedOver).map(
    ([kind, count]) => `${PASSED_OVER[kind as keyof PassedOver]} (${count})`,
  )
  if (list.length > 0) log.warn(`In "${file.name}" were passed over: ${list.join(', ')}.`)
}

const LIMIT_SETTINGS = {
  size: 'SLUICE_ARCHIVE_SIZE',
  ratio: 'SLUICE_ARCHIVE_RATIO',
  depth: 'SLUICE_ARCHIVE_DEPTH',
  members: 'SLUICE_ARCHIVE_MEMBERS',
} as const

function explained(error: unknown, file: InputFile): unknown {
  if (!(error instanceof AtMember)) return error
  const { path, after, cause } = error
  const name = `"${memberName(file, path)}"`
  const behind = after === null ? '' : `, behind its member "${memberName(file, after)}"`
  const options = { fileId: file.id, cause: error }
  if (cause instanceof LimitExceeded) {
    const message = `${name} ${overLimit(cause, file, path)}${behind}; ${LIMIT_SETTINGS[cause.limit]} sets that limit.`
    return new StageError('archive-limit', message, options)
  }
  const message =
    cause instanceof Damaged
      ? `${name} cannot be unpacked: it ${cause.message}${behind}.`
      : `${name} is not a text log, plain or in gzip, zstd, zip or tar: it ${cause.message}.`
  return new StageError('unsupported-content', message, options)
}

function overLimit({ limit, most, of }: LimitExceeded, file: InputFile, path: string | null): string {
  const unpacks =
    of === path ? 'unpacks to more than' : `brings what "${memberName(file, of)}" unpacks to above`
  switch (limit) {
    case 'size':
      return `${unpacks} ${most} bytes`
    case 'ratio':
      return `${unpacks} ${most} times its size`
    case 'depth':
      return `is packed more than ${most} times over`
    case 'members':
      return `is one more than the ${most} members that an archive may have`
  }
}
