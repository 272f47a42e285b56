import { describe, expect, test } from 'vitest'
import { TimelineCounter } from '../../src/pipelines/log-analysis/findings/timeline.ts'
import { Sink } from '../../src/pipelines/log-analysis/input/sink.ts'

describe('the timeline', () => {
  const place = { text: 0, file: 'a.log', line: 1, template: 0 }

  function counted(times: readonly number[]) {
    const counter = new TimelineCounter()
    for (const time of times) counter.add({ ...place, time: time * 1e3, level: 'error' })
    return counter.finish().timeline
  }

  test.for([
    ['a minute', 60, 1],
    ['an hour', 3_600, 60],
    ['a day', 86_400, 900],
    ['fifty days', 50 * 86_400, 43_200],
    ['fifty years', 50 * 365 * 86_400, 31_536_000],
  ] as const)('of %s has a bucket that suits it', ([, seconds, bucketSeconds]) => {
    const times = Array.from({ length: 1_000 }, (_, n) => 1.7e9 - seconds + (n / 999) * seconds)
    const timeline = counted(times)
    expect(timeline.bucketSeconds).toBe(bucketSeconds)
    expect(timeline.buckets.length).toBeLessThanOrEqual(121)
    expect(timeline.buckets.reduce((sum, bucket) => sum + bucket.errors, 0)).toBe(1_000)
  })

  test('has no gaps, whatever the order', () => {
    const { bucketSeconds, buckets } = counted([1_700_000_100, 1_700_000_000, 1_700_000_050])
    for (const [at, bucket] of buckets.entries()) {
      expect(Date.parse(bucket.at)).toBe(Date.parse(buckets[0]!.at) + at * bucketSeconds * 1e3)
    }
    expect(buckets.at(-1)).toMatchObject({ at: '2023-11-14T22:15:00.000Z', entries: 1 })
  })

  test('of entries without a time is empty', () => {
    expect(counted([Number.NaN]).buckets).toEqual([])
  })
})

describe('a sink', () => {
  test('hands on everything in order, and waits for its reader', async () => {
    const seen: number[] = []
    const sink = new Sink<number>(async source => {
      for await (const value of source) seen.push(value)
    })
    for (let value = 0; value < 100; value++) await sink.write(value)
    await sink.end()
    expect(seen).toEqual(Array.from({ length: 100 }, (_, value) => value))
  })

  test("its reader's failure is the next write's, or the end's", async () => {
    const failing = () =>
      new Sink<number>(async source => {
        for await (const _ of source) throw new Error('disk full')
      })
    const writing = failing()
    await expect(
      (async () => {
        for (;;) await writing.write(1)
      })(),
    ).rejects.toThrow('disk full')
    const ending = new Sink<number>(async () => {
      throw new Error('disk full')
    })
    await expect(ending.end()).rejects.toThrow('disk full')
  })

  test('when it is aborted its reader fails', async () => {
    let failure: unknown = null
    const sink = new Sink<number>(async source => {
      try {
        for await (const _ of source);
      } catch (error) {
        failure = error
        throw error
      }
    })
    await sink.write(1)
    await sink.abort(new Error('cancelled'))
    expect(failure).toMatchObject({ message: 'cancelled' })
  })
})
