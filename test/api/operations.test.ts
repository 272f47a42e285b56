/** What an operator looks at: figures over time, and workers with what they do. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { readHistory } from '../../src/jobs/history.ts'
import { keys } from '../../src/jobs/keys.ts'
import { readScript } from '../../src/jobs/script.ts'
import { memberOf, sayAlive, sayGone } from '../../src/jobs/workers.ts'
import { draft, startApi, type TestApi, upload } from '../support/api.ts'
import { attemptAnswered } from '../support/attempts.ts'
import { complete, fail, start } from './stand-in.ts'

let api: TestApi
beforeAll(async () => {
  api = await startApi({ config: { webhookAllow: [{ cidr: '127.0.0.1/32', port: null }] } })
})
afterEach(() => api.client.flushall())
afterAll(() => api.stop())

const get = async <T>(path: string): Promise<T> => (await (await fetch(`${api.url}${path}`)).json()) as T
type History = Awaited<ReturnType<typeof readHistory>>
const history = (minutes = 60) => get<History>(`/api/stats/history?minutes=${minutes}`)
const cancel = (id: string) => fetch(`${api.url}/api/jobs/${id}/cancel`, { method: 'POST' })
const none = { count: 0, totalMs: 0, p50Ms: null, p95Ms: null }

/** Minutes since 1970, by Redis's clock. */
const minuteNow = async () => Math.floor(Number((await api.client.time())[0]) / 60)

describe('the history', () => {
  test('counts each job by what became of it, its wait and its stages, and failures by their cause', async () => {
    await draft(api)
    await complete(api, await upload(api))
    await fail(api, await upload(api))
    await cancel((await upload(api)).id)

    const { total, points, bucketSeconds } = await history()
    expect(total).toMatchObject({
      submitted: 3,
      completed: 1,
      failed: 1,
      cancelled: 1,
      wait: { count: 1 },
      stages: { inspection: { count: 1, totalMs: 1 } },
      failures: { 'storage-unavailable': 1 },
      deliveries: { delivered: 0, failedAttempts: 0 },
    })
    expect(total.stages.inspection!.p95Ms).toBeLessThanOrEqual(10)
    expect(bucketSeconds).toBe(60)
    expect(points).toHaveLength(60)
    expect(points.reduce((sum, { submitted }) => sum + submitted, 0)).toBe(3)
    expect(points[0]).toMatchObject({ submitted: 0, wait: none, stages: {}, failures: {} })
  })

  test('counts attempts at deliveries, also those that are followed by another', async () => {
    const job = await upload(api, { callbackUrl: 'http://127.0.0.1:7250/' })
    await cancel(job.id)
    const attempt = attemptAnswered(500, { error: 'No.' })
    const attempted = { id: `msg_${job.id}_r1`, round: 1, attempt }
    await api.services.deliveries.attempted({ ...attempted, token: 'a', verdict: 'retry', delayMs: 1_000 })
    await api.services.deliveries.attempted({ ...attempted, token: 'b', verdict: 'delivered' })
    await api.services.deliveries.attempted({ ...attempted, token: 'b', verdict: 'delivered' })
    expect((await history()).total.deliveries).toEqual({ delivered: 1, failedAttempts: 1 })
  })

  test('a transition that is sent twice is counted once, one that is refused not at all', async () => {
    const job = await upload(api)
    const holder = await start(api, job)
    const checkpoint = {
      stage: 'inspection',
      index: 1,
      durationMs: 7,
      output: { artifacts: [], intermediates: [] },
    }
    await api.services.transitions.checkpoint({ ...holder, seq: 1, checkpoint })
    await api.services.transitions.checkpoint({ ...holder, seq: 1, checkpoint })
    await api.services.transitions.checkpoint({ ...holder, token: 'another', seq: 2, checkpoint })
    await cancel(job.id)
    await cancel(job.id)
    expect((await history()).total).toMatchObject({
      cancelled: 1,
      stages: { inspection: { count: 1, totalMs: 7 } },
    })
  })

  test('puts minutes together in at most 120 points, which begin at whole multiples of their length', async () => {
    const now = await minuteNow()
    for (const minute of [now, now - 1, now - 700])
      await api.client.hset(keys.history(minute), 'completed', 1)
    const { points, total, bucketSeconds } = await history(1_440)
    expect([points.length, bucketSeconds, total.completed]).toEqual([120, 720, 3])
    for (const { at } of points) expect((Date.parse(at) / 1_000) % bucketSeconds).toBe(0)
    expect((await history(60)).total.completed).toBe(2)
  })

  test('tells how long most took, from the bounds that durations are counted under', async () => {
    const fields = { 'wait:100': 90, 'wait:1000': 9, 'wait:more': 1, 'wait:ms': 12_000 }
    await api.client.hset(keys.history(await minuteNow()), fields)
    const { wait } = (await history()).total
    expect(wait).toEqual({ count: 100, totalMs: 12_000, p50Ms: 78, p95Ms: 778 })
    expect(
      new Set(
        readScript('history')
          .match(/BOUNDS = \{ ([^}]*) \}/)![1]!
          .split(', ')
          .map(Number),
      ),
    ).toEqual(
      new Set([10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 1_800_000]),
    )
  })

  test('is gone after a day', async () => {
    await complete(api, await upload(api))
    const kept = await api.client.keys('{sluice}:history:*')
    expect(kept).not.toEqual([])
    for (const key of kept) {
      expect(await api.client.ttl(key)).toBeGreaterThan(86_400)
      expect(await api.client.ttl(key)).toBeLessThanOrEqual(90_000)
    }
  })

  test('refuses more than a day, and what is no number', async () => {
    for (const query of ['minutes=0', 'minutes=1441', 'minutes=x', 'hours=1'])
      expect((await fetch(`${api.url}/api/stats/history?${query}`)).status, query).toBe(400)
  })
})

describe('the workers', () => {
  type Told = Record<'items' | 'lost', { id: string; jobs: object[] }[]>
  const told = () => get<Told>('/api/workers')
  const workers = async () => (await told()).items
  const counted = async () => (await get<{ workers: number }>('/api/stats')).workers
  const startOf = (id: string, startedAt = 1_800_000_000_000) => ({ id, startedAt })
  const alive = (...ids: string[]) => Promise.all(ids.map(id => sayAlive(api.client, startOf(id))))
  /** @param ago ms since its last sign of life */
  const seen = (ago: number, id: string, startedAt?: number) =>
    api.client.zadd(keys.workers, Date.now() - ago, memberOf(startOf(id, startedAt)))

  test('are listed with what they do now, as many as the figures count', async () => {
    expect(await workers()).toEqual([])
    await alive('test:1', 'test:2')
    const { id } = await start(api, await upload(api))
    expect(await workers()).toEqual([
      {
        id: 'test:1',
        host: 'test',
        pid: 1,
        startedAt: '2027-01-15T08:00:00.000Z',
        seenAt: expect.any(String),
        jobs: [{ id, stage: null, percent: 0 }],
      },
      expect.objectContaining({ id: 'test:2', jobs: [] }),
    ])
    expect(await counted()).toBe(2)
    await cancel(id)
    // As where it ends between the reading of the index and of its record.
    await api.client.zadd(keys.jobsIn('processing'), 0, id)
    expect((await workers())[0]).toMatchObject({ jobs: [] })
  })

  test('that were lost are told for an hour, the newest loss first, with what nobody has taken up from them', async () => {
    await alive('test:1', 'test:2', 'test:3', 'test:4')
    const { id } = await start(api, await upload(api))
    await sayGone(api.client, startOf('test:2'))
    await seen(20_000, 'test:1')
    await seen(16_000, 'test:3')
    const job = { id, stage: null, percent: 0 }
    const seenAt = expect.any(String)
    expect(await told()).toMatchObject({
      items: [{ id: 'test:4' }],
      lost: [
        { id: 'test:3', host: 'test', pid: 3, seenAt, jobs: [] },
        { id: 'test:1', host: 'test', pid: 1, seenAt, jobs: [job] },
      ],
    })
    await seen(3_600_001, 'test:1')
    await seen(0, 'test:3')
    expect(await told()).toMatchObject({ items: [{ id: 'test:3' }, { id: 'test:4' }], lost: [] })
    await cancel(id)
  })

  test('that die in a container are told, although they are back under the same name at once', async () => {
    const { id } = await start(api, await upload(api))
    await seen(16_000, 'test:1', 1_000)
    await seen(0, 'test:1', 2_000)
    const job = { id, stage: null, percent: 0 }
    expect(await told()).toMatchObject({
      items: [{ id: 'test:1', startedAt: '1970-01-01T00:00:02.000Z', jobs: [job] }],
      lost: [{ id: 'test:1', startedAt: '1970-01-01T00:00:01.000Z', jobs: [] }],
    })
    await cancel(id)
  })

  test('are gone when they say so, and 15 s after their last sign of life', async () => {
    await alive('test:1', 'test:2', 'test:3')
    await sayGone(api.client, startOf('test:1'))
    await seen(16_000, 'test:2')
    expect((await workers()).map(({ id }) => id)).toEqual(['test:3'])
    expect(await counted()).toBe(1)
  })
})
