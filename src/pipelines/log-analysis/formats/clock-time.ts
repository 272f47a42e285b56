/** Times of day and time zones, as they stand in a header; and days, whose calculation is remembered. */
import { type Cursor, isDigit, oneOrTwo, skipDigits, skipSpaces, two } from './scan.ts'

/**
 * Reads `h:mm`, `hh:mm:ss` and a fraction behind `.` or `,`.
 *
 * @returns ms since midnight, and the cursor stands behind it; -1, and it stands where it stood.
 */
export function timeOfDay(line: string, cursor: Cursor): number {
  const start = cursor.at
  const hour = oneOrTwo(line, cursor)
  const at = cursor.at
  const minute = two(line, at + 1)
  if (hour < 0 || hour > 23 || line.charCodeAt(at) !== 58 || minute < 0 || minute > 59) {
    cursor.at = start
    return -1
  }
  const ms = (hour * 60 + minute) * 60_000
  const second = line.charCodeAt(at + 3) === 58 ? two(line, at + 4) : -1
  // 60 is a leap second.
  if (second < 0 || second > 60) {
    cursor.at = at + 3
    return ms
  }
  cursor.at = at + 6
  return ms + second * 1_000 + fraction(line, cursor)
}

/** Behind a point or a comma, digits to ms, cut, not rounded: what comes before noon stays before it. */
function fraction(line: string, cursor: Cursor): number {
  const separator = line.charCodeAt(cursor.at)
  if ((separator !== 46 && separator !== 44) || !isDigit(line.charCodeAt(cursor.at + 1))) return 0
  const start = cursor.at + 1
  const end = skipDigits(line, start)
  let ms = 0
  for (let place = 0; place < 3; place++) {
    ms = ms * 10 + (start + place < end ? line.charCodeAt(start + place) - 48 : 0)
  }
  cursor.at = end
  return ms
}

/** Minutes east of Greenwich. Of names that several zones share, the one seen most in logs. */
const ZONES: Readonly<Record<string, number>> = {
  Z: 0,
  UTC: 0,
  GMT: 0,
  WET: 0,
  WEST: 60,
  BST: 60,
  CET: 60,
  CEST: 120,
  EET: 120,
  EEST: 180,
  MSK: 180,
  IST: 330,
  SGT: 480,
  HKT: 480,
  JST: 540,
  KST: 540,
  AEST: 600,
  AEDT: 660,
  NZST: 720,
  NZDT: 780,
  EST: -300,
  EDT: -240,
  CST: -360,
  CDT: -300,
  MST: -420,
  MDT: -360,
  PST: -480,
  PDT: -420,
}
const ZONE_NAME = /[A-Z]{1,4}(?![\w.-])/y
const ZONE_OFFSET = /([+-])(\d\d):?(\d\d)(?!\w)/y
/** PostgreSQL leaves the minutes out; only right behind the time, or a negative number would be taken for one. */
const ZONE_HOURS = /([+-])(\d\d)(?![\w:])/y

/** Reads a zone right behind a time or after one space. @returns ms to take off; 0 where none is named. */
export function zoneOffset(line: string, cursor: Cursor): number {
  const spaced = line.charCodeAt(cursor.at) === 32
  const at = spaced ? cursor.at + 1 : cursor.at
  const code = line.charCodeAt(at)
  if (code === 43 || code === 45) {
    const pattern = !spaced && !isOffset(line, at) ? ZONE_HOURS : ZONE_OFFSET
    pattern.lastIndex = at
    const match = pattern.exec(line)
    if (!match) return 0
    cursor.at = pattern.lastIndex
    const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0)
    return (match[1] === '-' ? -minutes : minutes) * 60_000
  }
  if (!mayBeZone(line, at, code)) return 0
  ZONE_NAME.lastIndex = at
  const minutes = ZONES[ZONE_NAME.exec(line)?.[0] ?? '']
  if (minutes === undefined) return 0
  cursor.at = ZONE_NAME.lastIndex
  return minutes * 60_000
}

/** A level stands here in nearly every line. No level has a third letter that a zone has, but for FATAL. */
function mayBeZone(line: string, at: number, first: number): boolean {
  if (first === 90) return true
  const third = line.charCodeAt(at + 2)
  return first >= 65 && first < 90 && (third === 84 || third === 67 || third === 75 || third === 83)
}

function isOffset(line: string, at: number): boolean {
  const next = line.charCodeAt(at + 3)
  return next === 58 || isDigit(next)
}

/** ` AM` or ` PM`. @returns ms to add to a time of day on the clock with twelve hours. */
export function halfDay(line: string, cursor: Cursor, time: number): number | null {
  const at = skipSpaces(line, cursor.at)
  const code = line.charCodeAt(at) & ~32
  if ((code !== 65 && code !== 80) || (line.charCodeAt(at + 1) & ~32) !== 77) return null
  cursor.at = at + 2
  const noon = 12 * 3_600_000
  const isTwelve = time >= noon && time < noon + 3_600_000
  if (code === 65) return isTwelve ? -noon : 0
  return isTwelve ? 0 : noon
}

let rememberedDay = -1
let rememberedMs = Number.NaN

/** Ms of its beginning, in UTC; NaN where there is no such day. Neighbouring entries are nearly always of one day. */
export function dayStart(year: number, month: number, day: number): number {
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= 31)) return Number.NaN
  const key = (year * 16 + month) * 32 + day
  if (key !== rememberedDay) {
    rememberedDay = key
    rememberedMs = Date.UTC(year, month - 1, day)
  }
  return rememberedMs
}
