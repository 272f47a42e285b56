/** The ways in which logs write a date and a time. */
import { dayStart, halfDay, timeOfDay, zoneOffset } from './clock-time.ts'
import type { Clock } from './format.ts'
import { type Cursor, four, isDigit, oneOrTwo, skipDigits, skipSpaces, two } from './scan.ts'

export interface Timestamp {
  readonly name: string
  /** What it can begin with. */
  readonly begins: string
  readonly yearless?: true
  /** Reads what stands at the cursor, which then stands behind it and has the time. @returns false where it is none. */
  read(line: string, cursor: Cursor, clock: Clock): boolean
}

const DIGITS = '0123456789'

/** `2024-03-07T10:00:01.250+02:00` and its relatives: `/` or `.` in the date, a blank, `_` or `-` before the time. */
export const ISO: Timestamp = {
  name: 'iso',
  begins: DIGITS,
  read(line, cursor, clock) {
    const { at } = cursor
    const separator = line.charCodeAt(at + 4)
    if (separator !== 45 && separator !== 47 && separator !== 46) return false
    if (line.charCodeAt(at + 7) !== separator) return false
    const day = dayStart(four(line, at), two(line, at + 5), two(line, at + 8))
    const between = line.charCodeAt(at + 10)
    if (Number.isNaN(day) || !(between === 84 || between === 32 || between === 95 || between === 45))
      return false
    cursor.at = between === 32 ? skipSpaces(line, at + 11) : at + 11
    return completed(line, cursor, clock, day)
  },
}

/** log4j's `yy/MM/dd`; `MM/dd/yy` where only that is a date. */
export const SHORT_YEAR: Timestamp = {
  name: 'short-year',
  begins: DIGITS,
  read(line, cursor, clock) {
    const { at } = cursor
    if (line.charCodeAt(at + 2) !== 47 || line.charCodeAt(at + 5) !== 47) return false
    const between = line.charCodeAt(at + 8)
    if (between !== 32 && between !== 44) return false
    const [first, second, third] = [two(line, at), two(line, at + 3), two(line, at + 6)]
    if (first < 0 || second < 0 || third < 0) return false
    let day = dayStart(2000 + first, second, third)
    if (Number.isNaN(day)) day = dayStart(2000 + third, first, second)
    if (Number.isNaN(day)) return false
    cursor.at = skipSpaces(line, at + 9)
    return completed(line, cursor, clock, day)
  },
}

/** Without separators: HDFS' `081109 203615`, MySQL's `240307  9:00:01`, `20240307T100001`, `20171223-22:15:29:606`. */
export const COMPACT: Timestamp = {
  name: 'compact',
  begins: DIGITS,
  read(line, cursor, clock) {
    const { at } = cursor
    const digits = skipDigits(line, at) - at
    if (digits !== 6 && digits !== 8) return false
    const monthAt = at + digits - 4
    const year = digits === 6 ? 2000 + two(line, at) : four(line, at)
    const day = dayStart(year, two(line, monthAt), two(line, monthAt + 2))
    const between = line.charCodeAt(at + digits)
    if (Number.isNaN(day) || !(between === 32 || between === 45 || between === 84 || between === 95))
      return false
    cursor.at = skipSpaces(line, at + digits + 1)
    return plainTime(line, cursor, clock, day) || colonTime(line, cursor, clock, day)
  },
}

/** `203615`, with a blank or the end of a field behind it. */
function plainTime(line: string, cursor: Cursor, clock: Clock, day: number): boolean {
  const { at } = cursor
  const digits = skipDigits(line, at) - at
  const [hour, minute, second] = [two(line, at), two(line, at + 2), two(line, at + 4)]
  if (digits !== 6 || hour > 23 || minute > 59 || second > 60) return false
  cursor.at = at + 6
  const next = line.charCodeAt(cursor.at)
  if (next === 46 || next === 44) cursor.at = skipDigits(line, cursor.at + 1)
  return found(cursor, clock, day + ((hour * 60 + minute) * 60 + second) * 1_000 - zoneOffset(line, cursor))
}

/** HealthApp's time has a colon before its milliseconds, and no zeros in front: `0:7:20:444`. */
const COLONS = /(\d{1,2}):(\d{1,2}):(\d{1,2}):(\d{1,3})(?=\|)/y

function colonTime(line: string, cursor: Cursor, clock: Clock, day: number): boolean {
  COLONS.lastIndex = cursor.at
  const match = COLONS.exec(line)
  if (!match) return completed(line, cursor, clock, day)
  cursor.at = COLONS.lastIndex
  const [hour, minute, second, ms] = match.slice(1).map(Number) as [number, number, number, number]
  return found(cursor, clock, day + ((hour * 60 + minute) * 60 + second) * 1_000 + ms)
}

/** Android's logcat, `03-17 16:13:38.811`; with a point, Proxifier's. */
export const LOGCAT: Timestamp = {
  name: 'logcat',
  begins: '01',
  yearless: true,
  read(line, cursor, clock) {
    const { at } = cursor
    const separator = line.charCodeAt(at + 2)
    if ((separator !== 45 && separator !== 46) || line.charCodeAt(at + 5) !== 32) return false
    const month = two(line, at)
    const day = two(line, at + 3)
    if (Number.isNaN(dayStart(2000, month, day))) return false
    cursor.at = at + 6
    return completed(line, cursor, clock, dayStart(clock.yearOf(month, day), month, day))
  },
}

/** The numbers in the order of a country: `3/7/2024, 10:00:01 AM`, `07.03.2024 10:00:01`, `07-03-2024 10:00:01`. */
export const LOCAL: Timestamp = {
  name: 'local',
  begins: DIGITS,
  read(line, cursor, clock) {
    const start = cursor.at
    const first = oneOrTwo(line, cursor)
    const separator = line.charCodeAt(cursor.at)
    if (first < 0 || (separator !== 47 && separator !== 46 && separator !== 45)) return false
    cursor.at++
    const second = oneOrTwo(line, cursor)
    const yearAt = cursor.at + 1
    const year = four(line, yearAt)
    if (
      second < 0 ||
      line.charCodeAt(cursor.at) !== separator ||
      year < 0 ||
      isDigit(line.charCodeAt(yearAt + 4))
    ) {
      cursor.at = start
      return false
    }
    cursor.at = yearAt + 4
    if (line.charCodeAt(cursor.at) === 44) cursor.at++
    if (line.charCodeAt(cursor.at) === 84) cursor.at++
    cursor.at = skipSpaces(line, cursor.at)
    let time = timeOfDay(line, cursor)
    if (time < 0) return false
    const half = halfDay(line, cursor, time)
    time += half ?? 0
    const dayFirst = first > 12 || (second <= 12 && (separator !== 47 || (half === null && clock.dayFirst)))
    const day = dayFirst ? dayStart(year, second, first) : dayStart(year, first, second)
    return !Number.isNaN(day) && found(cursor, clock, day + time - zoneOffset(line, cursor))
  },
}

/** `10/Oct/2000:13:55:36 -0700` (Common Log Format), Tomcat's `07-Mar-2024 10:00:01.250`, Redis' `07 Mar 2024 10:00:01`. */
export const DAY_MONTH: Timestamp = {
  name: 'day-month',
  begins: DIGITS,
  read(line, cursor, clock) {
    const start = cursor.at
    const dayOfMonth = oneOrTwo(line, cursor)
    const separator = line.charCodeAt(cursor.at)
    const month = monthAt(line, cursor.at + 1)
    let at = cursor.at + 5
    cursor.at = start
    if (dayOfMonth < 0 || month === 0 || line.charCodeAt(at - 1) !== separator) return false
    const year = four(line, at) >= 0 ? four(line, at) : 2000 + two(line, at)
    at = skipDigits(line, at)
    const day = dayStart(year, month, dayOfMonth)
    const between = line.charCodeAt(at)
    if (Number.isNaN(day) || !(between === 32 || between === 58 || between === 84)) return false
    cursor.at = at + 1
    return completed(line, cursor, clock, day)
  },
}

/** RFC 3164's `Jun  9 06:06:01`, and with a year behind the day, as Cisco's devices write it. */
export const SYSLOG: Timestamp = {
  name: 'syslog',
  begins: 'JFMASOND',
  yearless: true,
  read(line, cursor, clock) {
    const { at } = cursor
    const month = monthAt(line, at)
    if (month === 0 || line.charCodeAt(at + 3) !== 32) return false
    cursor.at = skipSpaces(line, at + 4)
    const dayOfMonth = oneOrTwo(line, cursor)
    if (Number.isNaN(dayStart(2000, month, dayOfMonth)) || line.charCodeAt(cursor.at) !== 32) return false
    cursor.at++
    const year = four(line, cursor.at)
    if (year > 0) cursor.at += 5
    return completed(
      line,
      cursor,
      clock,
      dayStart(year > 0 ? year : clock.yearOf(month, dayOfMonth), month, dayOfMonth),
    )
  },
}

/** With the day of the week: C's `Sun Dec 04 04:47:44 2005`, e-mail's `Thu, 07 Mar 2024 …`, systemd's `Thu 2024-03-07 …`. */
export const WEEKDAY: Timestamp = {
  name: 'weekday',
  begins: 'MTWFS',
  read(line, cursor, clock) {
    const { at } = cursor
    if (!WEEKDAYS.has(line.slice(at, at + 3))) return false
    cursor.at = skipSpaces(line, at + (line.charCodeAt(at + 3) === 44 ? 4 : 3))
    if (isDigit(line.charCodeAt(cursor.at)))
      return ISO.read(line, cursor, clock) || DAY_MONTH.read(line, cursor, clock)
    const month = monthAt(line, cursor.at)
    if (month === 0) return false
    cursor.at = skipSpaces(line, cursor.at + 3)
    const dayOfMonth = oneOrTwo(line, cursor)
    cursor.at = skipSpaces(line, cursor.at)
    const time = timeOfDay(line, cursor)
    const zone = zoneOffset(line, cursor)
    const year = four(line, cursor.at + 1)
    const day = dayStart(year, month, dayOfMonth)
    if (time < 0 || year < 0 || Number.isNaN(day)) return false
    cursor.at += 5
    return found(cursor, clock, day + time - zone)
  },
}

/** Java's own logging, and what English people write: `Mar 07, 2024 10:00:01 AM`. */
export const MONTH_FIRST: Timestamp = {
  name: 'month-first',
  begins: 'JFMASOND',
  read(line, cursor, clock) {
    const month = monthAt(line, cursor.at)
    if (month === 0 || line.charCodeAt(cursor.at + 3) !== 32) return false
    cursor.at = skipSpaces(line, cursor.at + 4)
    const dayOfMonth = oneOrTwo(line, cursor)
    if (line.charCodeAt(cursor.at) !== 44) return false
    const year = four(line, cursor.at + 2)
    const day = dayStart(year, month, dayOfMonth)
    if (year < 0 || Number.isNaN(day)) return false
    cursor.at += 6
    if (line.charCodeAt(cursor.at) === 44) cursor.at++
    cursor.at = skipSpaces(line, cursor.at)
    const time = timeOfDay(line, cursor)
    if (time < 0) return false
    return found(cursor, clock, day + time + (halfDay(line, cursor, time) ?? 0) - zoneOffset(line, cursor))
  },
}

/** Seconds, with or without a fraction, ms, µs or ns since 1970. */
export const EPOCH: Timestamp = {
  name: 'epoch',
  begins: '123456789',
  read(line, cursor, clock) {
    const { at } = cursor
    let end = skipDigits(line, at)
    const digits = end - at
    if (digits !== 10 && digits !== 13 && digits !== 16 && digits !== 19) return false
    if (digits === 10 && line.charCodeAt(end) === 46 && isDigit(line.charCodeAt(end + 1))) {
      end = skipDigits(line, end + 1)
    }
    const next = line.charCodeAt(end)
    if (!(next === 32 || next === 9 || next === 93 || next === 124 || next === 44)) return false
    const time = timeOfNumber(Number(line.slice(at, end)))
    if (!isPlausible(time, clock)) return false
    cursor.at = end
    cursor.time = time
    return true
  },
}

/** @param value since 1970, in the unit that makes it a time between 1973 and 5138. @returns ms */
export function timeOfNumber(value: number): number {
  // Numbers of this size are 256 apart: just below a millisecond is that millisecond.
  if (value > 1e17) return Math.floor((value + 256) / 1e6)
  if (value > 1e14) return Math.floor(value / 1e3)
  return Math.floor(value > 1e11 ? value : value * 1e3)
}

/** Reads the time of day and the zone behind a date. */
function completed(line: string, cursor: Cursor, clock: Clock, day: number): boolean {
  const time = timeOfDay(line, cursor)
  return time >= 0 && found(cursor, clock, day + time - zoneOffset(line, cursor))
}

/** A log says when a thing happened; a year of another age would stretch the timeline beyond reading. */
function found(cursor: Cursor, clock: Clock, time: number): boolean {
  cursor.time = isPlausible(time, clock) ? time : Number.NaN
  return true
}

const EARLIEST = Date.UTC(1971, 0, 1)
export const isPlausible = (time: number, clock: Clock): boolean => time >= EARLIEST && time < clock.latest

const WEEKDAYS: ReadonlySet<string> = new Set(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'])
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec'

/** From 1; 0 where no month's name stands there. */
function monthAt(line: string, at: number): number {
  const code = line.charCodeAt(at)
  if (!(code >= 65 && code <= 83)) return 0
  const place = MONTHS.indexOf(line.slice(at, at + 3))
  return place >= 0 && place % 3 === 0 && at + 3 < line.length ? place / 3 + 1 : 0
}
