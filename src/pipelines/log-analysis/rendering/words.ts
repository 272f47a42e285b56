/** Numbers, sizes and times as people read them; the same in both renderings. */
import { span } from '../findings/found.ts'
import { isError, LEVELS } from '../levels.ts'
import type { ReportJson } from '../report-json.ts'

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
  const errors = LEVELS.filter(isError).reduce((sum, level) => sum + totals.levels[level], 0)
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
