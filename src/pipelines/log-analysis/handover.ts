/**
 * What each stage leaves for the next, and under which names. Names here are those of intermediates: never listed or
 * served, gone when the job ends.
 *
 * - ingestion: for each upload the raw lines of its texts as UTF-8, where it is not that already, and their entry
 *   indexes, one text after another; what archives within archives came to; `ingestion.json`; the key of pseudonyms.
 * - redaction: the redacted texts (artifacts) and `redaction.json`. From here on nothing is read that was not redacted.
 * - analysis: `analysis.json`, of which the report is written.
 */
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { ByteRange } from '../../storage/storage.ts'
import type { StageContext } from '../pipeline.ts'
import { whole } from '../whole.ts'
import { RECORD } from './entry-index.ts'
import type { Encoding } from './input/encoding.ts'
import type { LevelCounts } from './levels.ts'
import type { Finding, Template, Timeline } from './report-json.ts'

/** One text of the job: a file, or a member of an archive. Times are ms. */
export interface IngestedText {
  readonly fileId: string
  /** Place of its file among the job's. */
  readonly upload: number
  /** The file's; of a member, that and behind it the path within, `bundle.zip/logs/app.log`. */
  readonly name: string
  /** The path within; null where the file is the text. */
  readonly path: string | null
  /** Bytes as uploaded; of a member, as it was put into its archive. */
  readonly size: number
  /** Where the raw text and the entry index begin in what is kept of the upload's. */
  readonly textAt: number
  readonly indexAt: number
  /** Bytes as UTF-8, unpacked. */
  readonly textSize: number
  readonly lines: number
  readonly entries: number
  /** Entries that tell no time. */
  readonly untimed: number
  readonly encoding: Encoding
  /** From the outermost layer in: `gzip`, `zstd`, `gzip+gzip`; null where it was plain. Archives are no part of it. */
  readonly compression: string | null
  readonly truncated: boolean
  /** The upload is its text, byte for byte: nothing else is kept of it. */
  readonly verbatim: boolean
  readonly firstTime: number | null
  readonly lastTime: number | null
  /** To be taken off the times of formats that tell no year, as they are in the index; see `years.ts`. */
  readonly yearsBack: number
  readonly levels: LevelCounts
}

/** What was redacted in a text; in the order of the ingested texts. */
export interface RedactedText {
  readonly artifact: string
  /** How many were replaced, by kind and by rule. */
  readonly kinds: Record<string, number>
  readonly rules: Record<string, number>
  /** The line of the first of each kind; lines count from 1. */
  readonly firstLines: Record<string, number>
}

export interface Analysis {
  readonly templates: readonly Template[]
  readonly timeline: Timeline
  readonly findings: readonly Finding[]
  /** The place of each finding's text: file names may be the same. */
  readonly findingTexts: readonly number[]
}

/** @param upload place of the file among the job's. */
export const rawTextsName = (upload: number): string => `text-${upload + 1}`
export const entryIndexesName = (upload: number): string => `entries-${upload + 1}`
/** @param nth of those that this upload has, from 1. */
export const spoolName = (upload: number, nth: number): string => `archive-${upload + 1}-${nth}`
export const PSEUDONYM_KEY = 'pseudonym-key'

interface Handover {
  'ingestion.json': readonly IngestedText[]
  'redaction.json': readonly RedactedText[]
  'analysis.json': Analysis
}

/** A text as ingestion left it: raw, UTF-8. */
export async function openRawText(context: StageContext, text: IngestedText): Promise<Readable> {
  if (text.verbatim) return context.open(context.files[text.upload]!)
  return openPart(context, rawTextsName(text.upload), text.textAt, text.textSize)
}

export async function openEntryIndex(context: StageContext, text: IngestedText): Promise<Readable> {
  return openPart(context, entryIndexesName(text.upload), text.indexAt, text.entries * RECORD)
}

async function openPart(context: StageContext, name: string, start: number, size: number): Promise<Readable> {
  // Nothing was written for an empty one, and no range is empty.
  if (size === 0) return Readable.from([])
  const range: ByteRange = { start, end: start + size - 1 }
  return context.openIntermediate(name, range)
}

export async function leave<Name extends keyof Handover>(
  context: StageContext,
  name: Name,
  value: Handover[Name],
): Promise<void> {
  await context.writeIntermediate(name, whole(JSON.stringify(value)))
}

export async function take<Name extends keyof Handover>(
  context: StageContext,
  name: Name,
): Promise<Handover[Name]> {
  return JSON.parse(await text(await context.openIntermediate(name)))
}
