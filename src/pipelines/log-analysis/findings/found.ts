/** What the detectors agree on. */
import type { Level } from '../levels.ts'
import type { Finding } from '../report-json.ts'

/** An entry as the detectors see it. */
export interface SeenAt {
  /** Place of its text among the job's; names may be the same. */
  readonly text: number
  readonly file: string
  readonly line: number
  /** Ms; NaN where the entry tells no time. */
  readonly time: number
  readonly level: Level
  /** Place of its template, which may have become part of another since. */
  readonly template: number
}

/** A finding before its template has an id: which templates there are is known only at the end. */
export type Found = Omit<Finding, 'templateId' | 'artifact'> & {
  readonly text: number
  readonly template: number | null
}

/** What is asked of the templates while they are still being learnt. */
export interface Wordings {
  /** As it stands now. */
  wordingOf(template: number): string
  /** The place of the template that it is part of now. */
  current(template: number): number
}

/** The part of a finding that says where it is. */
export function at({
  text,
  file,
  line,
  time,
  template,
}: SeenAt): Pick<Found, 'text' | 'template' | 'file' | 'line' | 'at'> {
  return { text, template, file, line, at: Number.isNaN(time) ? null : new Date(time).toISOString() }
}

const LONGEST_QUOTE = 90

/** A template in the middle of a sentence. */
export function quoted(wording: string): string {
  const short =
    wording.length > LONGEST_QUOTE ? `${wording.slice(0, LONGEST_QUOTE).toWellFormed().trimEnd()} …` : wording
  return `“${short}”`
}

/** `once`, `twice`, `14 times`. */
export function times(count: number): string {
  return count === 1 ? 'once' : count === 2 ? 'twice' : `${count.toLocaleString('en-US')} times`
}

/** `45 seconds`, `1 minute`, `3 hours`, `2 days`. */
export function span(seconds: number): string {
  for (const [unit, length] of [
    ['year', 31_557_600],
    ['day', 86_400],
    ['hour', 3_600],
    ['minute', 60],
  ] as const) {
    if (seconds < length) continue
    const exact = seconds / length
    const count = exact >= 10 ? Math.round(exact) : Math.round(exact * 10) / 10
    return `${count.toLocaleString('en-US')} ${unit}${count === 1 ? '' : 's'}`
  }
  const whole = Math.round(seconds)
  return whole < 1 ? 'less than a second' : `${whole} second${whole === 1 ? '' : 's'}`
}

/** Whether a time of day alone would not say when something was. */
export function spansDays(fromMs: number, toMs: number): boolean {
  return Math.floor(fromMs / 86_400_000) !== Math.floor(toMs / 86_400_000)
}

/** `14:02:11`; with the day where the log is longer than one. */
export function clock(ms: number, withDay: boolean): string {
  const iso = new Date(ms).toISOString()
  return withDay ? iso.slice(0, 19).replace('T', ' ') : iso.slice(11, 19)
}
