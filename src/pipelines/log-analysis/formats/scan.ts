/**
 * Reading a header by hand. A file of gigabytes has tens of millions of headers, and a pattern with a dozen groups takes
 * ten times as long as looking at the characters.
 */

/** Where reading has got to, and the time that it found. One is used again and again. */
export class Cursor {
  at = 0
  /** Ms since 1970; NaN where the header tells no time that a log could have. */
  time = Number.NaN
}

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

/** Two digits as a number; -1 where there are none. */
export function two(line: string, at: number): number {
  const tens = line.charCodeAt(at) - 48
  const ones = line.charCodeAt(at + 1) - 48
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1
}

/** Four digits as a number; -1 where there are none. */
export function four(line: string, at: number): number {
  const high = two(line, at)
  const low = two(line, at + 2)
  return high < 0 || low < 0 ? -1 : high * 100 + low
}

/** One digit or two, behind which the cursor then stands; -1 where there is none. */
export function oneOrTwo(line: string, cursor: Cursor): number {
  const first = line.charCodeAt(cursor.at) - 48
  if (!(first >= 0 && first <= 9)) return -1
  const second = line.charCodeAt(cursor.at + 1) - 48
  const both = second >= 0 && second <= 9
  cursor.at += both ? 2 : 1
  return both ? first * 10 + second : first
}

export function skipSpaces(line: string, at: number): number {
  let end = at
  while (line.charCodeAt(end) === 32) end++
  return end
}

/** Behind the digits from `at` on. */
export function skipDigits(line: string, at: number): number {
  let end = at
  while (isDigit(line.charCodeAt(end))) end++
  return end
}

/** Where a sticky pattern that matches at `at` ends; `at` where it does not. */
export function skip(pattern: RegExp, line: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(line) ? pattern.lastIndex : at
}

/** Colours and the like (ECMA-48, control sequences), which loggers put around times and levels on a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they begin with one
const CONTROL_SEQUENCE = /\u001b\[[0-?]{0,16}[ -/]{0,2}[@-~]/g

export function withoutColours(text: string): string {
  return text.replace(CONTROL_SEQUENCE, '')
}
