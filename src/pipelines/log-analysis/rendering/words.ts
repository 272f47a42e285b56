/** Numbers, sizes and times as people read them; the same in both renderings and in the job's log. */
import { span } from '../findings/found.ts'
import { isError, LEVELS, type LevelCounts } from '../levels.ts'
import type { FileSummary, ReportJson } from '../report-json.ts'

const GROUPED = new Intl.NumberFormat('en-US')

export function number(value: number): string {
  return GROUPED.format(value)
}

/** `1 line`, `2 lines`. */
export function counted(value: number, noun: string): string {
  const plural = noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`
  return `${number(value)} ${value === 1 ? noun : plural}`
}

export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const unit = Math.min(units.length - 1, value < 1 ? 0 : Math.floor(Math.log2(value) / 10))
  const scaled = value / 1024 ** unit
  return `${unit === 0 || scaled >= 100 ? Math.round(scaled) : scaled.toFixed(1)} ${units[unit]}`
}

/** To the second, in UTC: `2024-03-07 14:02:11`. */
export function time(iso: string | null): string {
  return iso === null ? '–' : iso.slice(0, 19).replace('T', ' ')
}

export function share(part: number, whole: number): string {
  const percent = whole === 0 ? 0 : (part / whole) * 100
  return percent > 0 && percent < 0.1 ? '< 0.1 %' : `${percent.toFixed(1)} %`
}

/** `[kind, count]`, the most frequent first. */
export function ranked(counts: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(counts).sort(([, a], [, b]) => b - a)
}

export function kindName(kind: string): string {
  return kind.replaceAll('_', ' ')
}

/** Levels that occur, the gravest first. */
export function levels(report: ReportJson): [string, number][] {
  return LEVELS.map((level): [string, number] => [level, report.totals.levels[level]]).filter(
    ([, count]) => count > 0,
  )
}

/**
 * Of more files than a person reads, those with the most errors, then warnings, then entries; in the order of all.
 *
 * @returns also a sentence on those left out; null where there are none.
 */
export function worstFiles(
  files: readonly FileSummary[],
  most: number,
): { shown: readonly FileSummary[]; rest: string | null } {
  if (files.length <= most) return { shown: files, rest: null }
  const grave = files
    .map((file, place) => ({ file, place, errors: errorsIn(file.levels), warnings: file.levels.warn }))
    .sort(
      (a, b) =>
        b.errors - a.errors ||
        b.warnings - a.warnings ||
        b.file.entries - a.file.entries ||
        a.place - b.place,
    )
    .slice(0, most)
    .sort((a, b) => a.place - b.place)
  return {
    shown: grave.map(({ file }) => file),
    rest: `These are the ${number(most)} with the most errors; ${counted(files.length - most, 'more file')} in `,
  }
}

export function errorsIn(levels: LevelCounts): number {
  return LEVELS.filter(isError).reduce((sum, level) => sum + levels[level], 0)
}

/**
 * The name of the first upload, and how many more there are. Members of an archive begin with its name, which has no
 * slash of its own.
 */
export function titleOf({ files }: ReportJson): string {
  const uploads = new Map(files.map(({ id, name }) => [id, name.split('/', 1)[0]!]))
  const [first = 'no files'] = uploads.values()
  return uploads.size > 1 ? `${first} and ${counted(uploads.size - 1, 'more file')}` : first
}

export interface Overview {
  readonly errors: number
  readonly warnings: number
  readonly redactions: number
  readonly from: string | null
  readonly to: string | null
  /** What, how long, how bad: one sentence or two. */
  readonly sentence: string
}

export function overview(report: ReportJson): Overview {
  const { totals, files } = report
  const errors = errorsIn(totals.levels)
  const warnings = totals.levels.warn
  const redactions = Object.values(totals.redactions).reduce((sum, count) => sum + count, 0)
  const from = extreme(
    files.map(file => file.firstTimestamp),
    (a, b) => a < b,
  )
  const to = extreme(
    files.map(file => file.lastTimestamp),
    (a, b) => a > b,
  )
  const over = from && to ? ` over ${span((Date.parse(to) - Date.parse(from)) / 1e3)}` : ''
  const sentence =
    `${counted(totals.files, 'file')} with ${counted(totals.entries, 'entry')}${over}: ` +
    `${counted(errors, 'error')}, ${counted(warnings, 'warning')}. ` +
    `All of it comes down to ${counted(totals.templates, 'template')}; ` +
    (redactions === 0
      ? 'nothing had to be redacted.'
      : `${counted(redactions, 'private detail')} ${redactions === 1 ? 'was' : 'were'} redacted.`)
  return { errors, warnings, redactions, from, to, sentence }
}

function extreme(
  times: readonly (string | null)[],
  before: (a: string, b: string) => boolean,
): string | null {
  let found: string | null = null
  for (const each of times) if (each !== null && (found === null || before(each, found))) found = each
  return found
}
