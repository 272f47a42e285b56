/** The list, while the jobs on it move. */
import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { listJobs } from '../../src/jobs/listing.ts'
import type { Cursor, Page } from '../../src/jobs/paging.ts'
import type { JobRecord } from '../../src/jobs/record.ts'
import { createTransitions } from '../../src/jobs/transitions.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { type RedisProxy, startRedisProxy } from '../support/redis-proxy.ts'

let server: TestRedis
let proxy: RedisProxy
let redis: Redis
let through: Redis
let transitions: ReturnType<typeof createTransitions>
beforeAll(async () => {
  server = await startTestRedis()
  proxy = await startRedisProxy(server.port)
  redis = new Redis(server.url)
  through = new Redis(proxy.url)
  transitions = createTransitions(redis)
})
afterAll(async () => {
  redis.disconnect()
  through.disconnect()
  await proxy.close()
  await server.stop()
})
beforeEach(() => server.flush())

async function draft(id: string): Promise<void> {
  await transitions.create(
    {
      id,
      owner: 'ada',
      pipeline: 'inspect',
      stages: [{ name: 'inspection', weight: 1 }],
      priority: 0,
      metadata: {},
      callbackUrl: null,
      maxAttempts: 3,
    },
    randomUUID(),
    { lease: null, files: [], submit: false },
  )
}

const query = { limit: 50, cursor: null }

test.each([['draft', 'cancelled'] as const, ['cancelled', 'draft'] as const])(
  'a job that moves from one asked-for status to another while the page is read is on it: %s, %s',
  async (...statuses) => {
    await draft('moves')
    await draft('stays')
    let reads = 0
    const { reached, release } = proxy.holdAt(([name]) => name === 'zrange' && ++reads === 2)
    const page = listJobs(through, { ...query, statuses })
    await reached
    await transitions.cancel('moves')
    release()
    const { items, next } = await page
    expect(items.map(({ id }) => id)).toEqual(['stays', 'moves'])
    expect(next).toBe(null)
  },
)

test('jobs of one millisecond are all on the pages, once, however many they are', async () => {
  const ids = Array.from({ length: 60 }, (_, index) => `job-${String(index).padStart(2, '0')}`)
  for (const id of ids) await draft(id)
  for (const index of ['{sluice}:jobs', '{sluice}:jobs:draft', '{sluice}:jobs:cancelled']) {
    for (const id of await redis.zrange(index, '0', '-1')) await redis.zadd(index, '1000', id)
  }
  for (const statuses of [[], ['draft', 'cancelled']] as const) {
    const listed: string[] = []
    for (let cursor: Cursor | null = null; ; ) {
      const page: Page<JobRecord> = await listJobs(redis, {
        ...query,
        limit: 7,
        cursor,
        statuses,
      })
      listed.push(...page.items.map(({ id }) => id))
      if (page.next === null) break
      cursor = page.next
    }
    expect(listed).toEqual([...ids].reverse())
  }
})
