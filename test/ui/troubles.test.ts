/** What the page for whoever is on call says is wrong, since when, and what to do. */
import { expect, test } from 'vitest'
import type { History, Stats, Webhook, Workers } from '../../src/ui/app/contract.ts'
import { troublesOf } from '../../src/ui/app/pages/operations/troubles.ts'

const NOW = Date.parse('2026-03-01T03:00:00.000Z')
const at = (minutesAgo: number) => new Date(NOW - minutesAgo * 60_000).toISOString()
const none = { count: 0, totalMs: 0, p50Ms: null, p95Ms: null }
const QUIET = {
  submitted: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  wait: none,
  stages: {},
  failures: {},
  deliveries: { delivered: 0, failedAttempts: 0 },
}

const STATS = {
  jobs: { draft: 0, attaching: 0, pending: 0, processing: 0, completed: 9, failed: 1, cancelled: 0 },
  queues: { process: { waiting: 0, active: 0, delayed: 0, failed: 0, paused: false } },
  workers: 1,
  storage: { freeBytes: 50_000, reserveBytes: 1_000 },
} as unknown as Stats

/** @param points by the minutes since, the oldest first */
function historyOf(points: Record<number, object>): History {
  const told = Object.entries(points)
    .map(([minutes, figures]) => ({ at: at(Number(minutes)), ...QUIET, ...figures }))
    .sort((a, b) => a.at.localeCompare(b.at))
  const failures: Record<string, number> = {}
  for (const each of told) {
    for (const [code, count] of Object.entries(each.failures as Record<string, number>))
      failures[code] = (failures[code] ?? 0) + count
  }
  return { bucketSeconds: 60, points: told, total: { ...QUIET, failures } } as unknown as History
}

function wrong(seen: {
  stats?: object
  points?: Record<number, object>
  webhooks?: object[]
  lost?: object[]
}) {
  return troublesOf({
    stats: { ...STATS, ...seen.stats } as Stats,
    history: historyOf(seen.points ?? {}),
    webhooks: (seen.webhooks ?? []) as Webhook[],
    lost: (seen.lost ?? []) as Workers['lost'],
    now: NOW,
  })
}

test('nothing is wrong where only uploads that nobody can read fail', () => {
  expect(wrong({ points: { 3: { failed: 4, failures: { 'unsupported-content': 4 } } } })).toEqual([])
})

test('without a worker it says what cannot go on, and since when nothing has ended', () => {
  const stats = { workers: 0, jobs: { ...STATS.jobs, pending: 2, processing: 1 } }
  expect(wrong({ stats, points: { 30: { completed: 5 }, 20: { submitted: 3 } } })).toMatchObject([
    { tone: 'bad', what: 'No worker runs: 3 jobs cannot go on', since: at(30) },
  ])
})

test('workers that were lost are named since the first of them, for a quarter of an hour', () => {
  const lost = [
    { id: 'b:2', seenAt: at(1) },
    { id: 'a:1', seenAt: at(14) },
    { id: 'old:3', seenAt: at(16) },
  ]
  expect(wrong({ lost })).toMatchObject([
    { tone: 'warn', what: '2 workers have gone without saying so: b:2, a:1', since: at(14) },
  ])
  expect(wrong({ lost: lost.slice(2) })).toEqual([])
  const many = Array.from({ length: 12 }, (_, number) => ({ id: `a:${number}`, seenAt: at(1) }))
  expect(wrong({ lost: many })).toMatchObject([
    { what: '12 workers have gone without saying so: a:0, a:1, a:2, and 9 more' },
  ])
})

test('a cause that the service is to blame for is told from its first job on, and no more once it is over', () => {
  const lost = { failed: 2, failures: { 'worker-lost': 2 } }
  expect(wrong({ points: { 40: lost, 25: { completed: 3 }, 4: lost } })).toMatchObject([
    {
      tone: 'bad',
      what: 'Workers died under it: 4 jobs failed',
      since: at(40),
      page: { href: '/?status=failed&error=worker-lost' },
    },
  ])
  expect(wrong({ points: { 40: lost, 1: { completed: 3 } } })).toEqual([])
})

test('storage is told before it is full, and that uploads are refused once it is', () => {
  const left = (freeBytes: number | null) => wrong({ stats: { storage: { freeBytes, reserveBytes: 1_000 } } })
  expect(left(2_000)).toEqual([])
  expect(left(null)).toEqual([])
  expect(left(1_500)).toMatchObject([{ tone: 'warn', what: expect.stringContaining('nearly full') }])
  expect(left(900)).toMatchObject([{ tone: 'bad', what: expect.stringContaining('uploads are refused') }])
})

test('a paused queue is told with what waits in it', () => {
  const queues = { process: { ...STATS.queues.process, waiting: 7, paused: true } }
  expect(wrong({ stats: { queues } })).toMatchObject([
    { tone: 'bad', what: 'The queue process is paused: 7 jobs in it are not begun' },
  ])
})

test('a long wait for a worker is told from when it became long', () => {
  const wait = (p95Ms: number) => ({ wait: { count: 5, totalMs: 5 * p95Ms, p50Ms: p95Ms, p95Ms } })
  const points = { 55: wait(50), 50: wait(90_000), 30: wait(50), 20: wait(120_000), 2: wait(300_000) }
  expect(wrong({ points })).toMatchObject([{ tone: 'warn', since: at(20) }])
  expect(wrong({ points: { ...points, 1: wait(50) } })).toEqual([])
})

test('callbacks are told from when most were no longer taken, until some are again', () => {
  const called = (delivered: number, failedAttempts: number) => ({
    deliveries: { delivered, failedAttempts },
  })
  const points = { 40: called(0, 9), 30: called(50, 2), 20: called(1, 7), 5: called(0, 3) }
  expect(wrong({ points })).toMatchObject([
    { tone: 'warn', what: 'Most callbacks are not taken: 10 attempts failed', since: at(20) },
  ])
  expect(wrong({ points: { ...points, 2: called(5, 1) } })).toEqual([])
})

test('endpoints that fail and that were disabled are counted apart; one that somebody disabled is not wrong', () => {
  const webhooks = [
    { enabled: true, disabledReason: null, failingSince: at(10) },
    { enabled: true, disabledReason: null, failingSince: at(90) },
    { enabled: true, disabledReason: null, failingSince: null },
    { enabled: false, disabledReason: 'It answered 410.', failingSince: null },
    { enabled: false, disabledReason: null, failingSince: null },
  ]
  expect(wrong({ webhooks })).toMatchObject([
    { what: '1 endpoint is disabled by itself: nothing more is sent there' },
    { what: 'Every attempt fails at 2 endpoints', since: at(90) },
  ])
})

test('the worst comes first', () => {
  const webhooks = [{ enabled: true, disabledReason: null, failingSince: at(1) }]
  expect(wrong({ stats: { workers: 0 }, webhooks }).map(({ tone }) => tone)).toEqual(['bad', 'warn'])
})
