import { expect, test } from 'vitest'
import { delayBefore, MAX_RETRY_AFTER_MS, parseRetryAfter } from '../../src/webhooks/schedule.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const SCHEDULE = [
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

test('ten attempts are made: one at once, and one after each delay', () => {
  expect(SCHEDULE.map((_, index) => delayBefore(index + 1, () => 0.5))).toEqual(SCHEDULE)
  expect(delayBefore(10)).toBeNull()
  expect(delayBefore(11)).toBeNull()
})

test('each delay is spread over a fifth to either side', () => {
  expect(SCHEDULE.map((_, index) => delayBefore(index + 1, () => 0))).toEqual(
    SCHEDULE.map(delay => delay * 0.8),
  )
  expect(SCHEDULE.map((_, index) => delayBefore(index + 1, () => 1))).toEqual(
    SCHEDULE.map(delay => delay * 1.2),
  )
  expect(new Set(Array.from({ length: 50 }, () => delayBefore(9))).size).toBeGreaterThan(1)
})

test.each([0, -1, 1.5, Number.NaN])('an attempt that cannot be is a mistake, not an end: %d', attempt => {
  expect(() => delayBefore(attempt)).toThrow(RangeError)
})

const now = Date.UTC(2026, 0, 15, 12)

test.each([
  ['0', 0],
  ['120', 120 * SECOND],
  [' 7 ', 7 * SECOND],
  ['Thu, 15 Jan 2026 12:01:00 GMT', MINUTE],
  ['Thursday, 15-Jan-26 12:01:00 GMT', MINUTE],
  ['Thu, 15 Jan 2026 11:00:00 GMT', 0],
  ['86401', MAX_RETRY_AFTER_MS],
  ['9'.repeat(400), MAX_RETRY_AFTER_MS],
  ['Fri, 31 Dec 9999 23:59:59 GMT', MAX_RETRY_AFTER_MS],
])('Retry-After "%s" is honoured, within a day', (value, milliseconds) => {
  expect(parseRetryAfter(value, now)).toBe(milliseconds)
})

test.each([undefined, '', 'soon', 'Thu, soon', '-5', '1.5', '5s', '2026-01-15T12:01:00Z'])(
  'a Retry-After that is neither seconds nor a date asks for nothing: %s',
  value => {
    expect(parseRetryAfter(value, now)).toBeNull()
  },
)
