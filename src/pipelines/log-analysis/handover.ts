/**
 * What each stage leaves for the next, and under which names. Names here are those of intermediates: never listed or
 * served, gone when the job ends.
 *
 * - ingestion: for each text its raw lines as UTF-8, where the upload is not that already, and its entry index; `ingestion.json`; the key of pseudonyms.
 * - redaction: the redacted texts (artifacts) and `redaction.json`. From here on nothing is read that was not redacted.
 * - analysis: `analysis.json`, of which the report is written.
 */
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { StageContext } from '../pipeline.ts'
import { whole } from '../whole.ts'
import type { Encoding } from './input/encoding.ts'
import type { LevelCounts } from './levels.ts'
import type { Finding, Template, Timeline } from './report-json.ts'

/** One text of the job: at present one for each file. Times are ms. */
export interface IngestedText {
  readonly fileId: string
  readonly name: string
  /** Bytes as uploaded. */
  readonly size: number
  /** Bytes as UTF-8, unpacked. */
  readonly textSize: number
  readonly lines: number
  readonly entries: number
  readonly encoding: Encoding
  /** From the outermost layer in: `gzip`, `zstd`, `gzip+gzip`; null where it was plain. */
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

export const rawTextName = (place: number): string => `text-${place + 1}`
export const entryIndexName = (place: number): string => `entries-${place + 1}`
export const PSEUDONYM_KEY = 'pseudonym-key'

interface Handover {
  'ingestion.json': readonly IngestedText[]
  'redaction.json': readonly RedactedText[]
  'analysis.json': Analysis
}

/** A text as ingestion left it: raw, UTF-8. */
export async function openRawText(
  context: StageContext,
  text: IngestedText,
  place: number,
): Promise<Readable> {
  if (!text.verbatim) return context.openIntermediate(rawTextName(place))
  return context.open(context.files.find(file => file.id === text.fileId)!)
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
