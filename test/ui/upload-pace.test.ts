/** How fast an upload is said to go. */
import { describe, expect, test } from 'vitest'
import { pace, type Sample, sampled } from '../../src/ui/app/pages/upload/pace.ts'

const MB = 1_000_000
const measured = (...samples: readonly Sample[]) => samples.reduce<readonly Sample[]>(sampled, [])

describe('the pace of an upload', () => {
  test('is told with the time left', () => {
    expect(pace(measured([0, 0], [5_000, 10 * MB]), 60 * MB)).toBe('2.0 MB/s · 30 s left')
    expect(pace(measured([0, 0], [5_000, 10 * MB]), 600 * MB)).toBe('2.0 MB/s · 5 min 0 s left')
  })

  test('is not told before it can be', () => {
    expect(pace(measured(), MB)).toBe('')
    expect(pace(measured([0, 0]), MB)).toBe('')
    expect(pace(measured([0, 0], [400, MB]), MB)).toBe('')
    expect(pace(measured([0, 0], [5_000, 0]), MB)).toBe('')
  })

  test('follows a line that becomes slower, and forgets what was long ago', () => {
    const samples = measured([0, 0], [10_000, 100 * MB], [20_000, 101 * MB], [30_000, 102 * MB])
    expect(pace(samples, MB)).toBe('100 kB/s · 10 s left')
  })

  test('begins anew where less has arrived than was sent', () => {
    expect(pace(measured([0, 0], [10_000, 100 * MB], [11_000, 50 * MB]), MB)).toBe('')
  })
})
