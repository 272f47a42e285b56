/** Times and levels that stand in a field of their own, as in JSON lines and logfmt. */
import { type Level, levelOfNumber, levelOfWord } from '../levels.ts'
import type { Clock } from './format.ts'
import { Cursor } from './scan.ts'
import {
  DAY_MONTH,
  ISO,
  isPlausible,
  LOCAL,
  MONTH_FIRST,
  type Timestamp,
  timeOfNumber,
  WEEKDAY,
} from './timestamps.ts'

const STAMPS: readonly Timestamp[] = [ISO, DAY_MONTH, WEEKDAY, LOCAL, MONTH_FIRST]
const NUMBER = /^\d{10,19}(?:\.\d{1,9})?$/
const LONGEST = 64
const cursor = new Cursor()

/** Ms; NaN where the value is no time. Numbers may be in s, ms, µs or ns. */
export function timeOfValue(value: unknown, clock: Clock): number {
  if (typeof value === 'number') {
    const time = timeOfNumber(value)
    return isPlausible(time, clock) ? time : Number.NaN
  }
  if (typeof value === 'object' && value !== null && '$date' in value) return timeOfValue(value.$date, clock)
  if (typeof value !== 'string' || value.length > LONGEST) return Number.NaN
  for (const stamp of STAMPS) {
    if (!stamp.begins.includes(value.charAt(0))) continue
    cursor.at = 0
    if (stamp.read(value, cursor, clock)) return cursor.time
  }
  return NUMBER.test(value) ? timeOfValue(Number(value), clock) : Number.NaN
}

/** A word, a number as pino or syslog write it, or an object that holds one. */
export function levelOfValue(value: unknown): Level {
  if (typeof value === 'number') return levelOfNumber(value)
  if (typeof value === 'object' && value !== null && 'level' in value) return levelOfValue(value.level)
  if (typeof value !== 'string') return 'unknown'
  return levelOfWord(value) ?? (/^\d{1,2}$/.test(value) ? levelOfNumber(Number(value)) : 'unknown')
}

/** Of what serves requests: the status says what a level would. */
export function levelOfStatus(status: number): Level {
  if (!(status >= 100 && status < 600)) return 'unknown'
  if (status >= 500) return 'error'
  return status >= 400 ? 'warn' : 'info'
}

export function firstLine(message: string): string {
  const end = message.indexOf('\n')
  return end < 0 ? message : message.slice(0, end)
}
