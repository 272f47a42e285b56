import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createThrottle } from '../../src/pipelines/throttle.ts'

const told: [number, string | undefined][] = []
const tell = (percent: number, message?: string) => void told.push([percent, message])

beforeEach(() => {
  told.length = 0
  vi.useFakeTimers()
})
afterEach(() => void vi.useRealTimers())

test('the first progress is told at once, and then at most two a second, the newest of them', () => {
  const throttle = createThrottle(tell)
  for (const percent of [1, 2, 3]) throttle.offer(percent)
  expect(told).toEqual([[1, undefined]])

  vi.advanceTimersByTime(500)
  expect(told).toEqual([
    [1, undefined],
    [3, undefined],
  ])
})

test('the end of a stage whose completion follows at once is not told twice', () => {
  const throttle = createThrottle(tell)
  throttle.offer(100, 'last.log')
  throttle.stop()
  vi.advanceTimersByTime(1_000)
  expect(told).toEqual([])
})

test('a stage that stays at its end for a while says so', () => {
  const throttle = createThrottle(tell)
  throttle.offer(100)
  vi.advanceTimersByTime(500)
  expect(told).toEqual([[100, undefined]])
})

test('percents only grow, and the same percent with the same message is told once', () => {
  const throttle = createThrottle(tell)
  for (const percent of [40, 30, 40]) {
    throttle.offer(percent)
    vi.advanceTimersByTime(500)
  }
  expect(told).toEqual([[40, undefined]])
})

test('a stage tells its progress no more than 200 times, whatever it does', () => {
  const throttle = createThrottle(tell)
  for (let call = 0; call < 1_000; call++) {
    throttle.offer(call / 10, `file ${call}`)
    vi.advanceTimersByTime(500)
  }
  expect(told.length).toBeLessThanOrEqual(200)
})
