/**
 * The year of times that tell none. While a file is read it follows the file's own order from a first guess; only at its
 * end is it known how many years the file goes on for. Where that ends in the future, all of them were that much earlier.
 */
import { formats } from './registry.ts'

const DAY_MS = 86_400_000

/** The span of an entry's times. */
export class Span {
  first = Number.POSITIVE_INFINITY
  last = Number.NEGATIVE_INFINITY

  /** NaN is no time, and changes nothing. */
  add(time: number): void {
    if (time < this.first) this.first = time
    if (time > this.last) this.last = time
  }

  get empty(): boolean {
    return this.first > this.last
  }
}

export function isYearless(format: number): boolean {
  return formats[format]?.yearless === true
}

/** @param last the latest of a file's times without a year, ms, as first guessed. */
export function yearsBack(last: number, now: number): number {
  let years = 0
  while (earlier(last, years) > now + DAY_MS) years++
  return years
}

/** The same day, `years` before. @param time ms; NaN stays NaN. */
export function earlier(time: number, years: number): number {
  if (years === 0 || !Number.isFinite(time)) return time
  const date = new Date(time)
  return date.setUTCFullYear(date.getUTCFullYear() - years)
}
