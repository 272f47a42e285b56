/** When a delivery is tried again. */

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** The schedule that the Standard Webhooks specification recommends, one step longer: about three days in all. */
const DELAYS: readonly number[] = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
]
const JITTER = 0.2

/** A receiver may ask for patience, but not park a delivery for longer than the schedule itself ever waits. */
export const MAX_RETRY_AFTER_MS = 24 * HOUR

/**
 * How long to wait after a failed attempt.
 *
 * @param attempt the number of the attempt that failed, from 1.
 * @param random gives 0…1: spreads the attempts of receivers that failed together.
 * @returns milliseconds; null after the last attempt.
 */
export function delayBefore(attempt: number, random: () => number = Math.random): number | null {
  if (!Number.isInteger(attempt) || attempt < 1) throw new RangeError(`there is no attempt ${attempt}`)
  const delay = DELAYS[attempt - 1]
  return delay === undefined ? null : Math.round(delay * (1 - JITTER + 2 * JITTER * random()))
}

/**
 * Reads a `Retry-After` header (RFC 9110, 10.2.3): whole seconds, or a date.
 *
 * @param now milliseconds since 1970.
 * @returns milliseconds from now, 0…24 h; null where there is none, or it is neither.
 */
export function parseRetryAfter(value: string | undefined, now: number = Date.now()): number | null {
  const text = value?.trim() ?? ''
  const isDate = /^[A-Za-z]{3,9},? /.test(text)
  const delay = /^\d+$/.test(text) ? Number(text) * SECOND : isDate ? Date.parse(text) - now : Number.NaN
  return Number.isNaN(delay) ? null : Math.min(Math.max(delay, 0), MAX_RETRY_AFTER_MS)
}
