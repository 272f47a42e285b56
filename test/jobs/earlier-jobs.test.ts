/** Jobs of a version that knew no labels. */
import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { labelEarlierJobs } from '../../src/jobs/earlier-jobs.ts'
import { keys } from '../../src/jobs/keys.ts'
import { type JobFilter, listJobs } from '../../src/jobs/listing.ts'
import { records } from '../support/records.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'

let server: TestRedis
let redis: Redis
beforeAll(async () => {
  server = await startTestRedis()
  redis = new Redis(server.url)
})
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})
beforeEach(() => server.flush())

/** As an earlier version left it: in no index but those of the time and the status. */
async function makeEarlier(id: string): Promise<string> {
  await redis.hdel(keys.job(id), 'labels')
  for (const index of await redis.keys('{sluice}:jobs:*:*')) await redis.zrem(index, id)
  return id
}

async function found(filter: Partial<JobFilter>): Promise<string[]> {
  const page = await listJobs(redis, { statuses: [], ...filter, limit: 200, cursor: null })
  return page.items.map(({ id }) => id)
}

describe('a job that was made before there were labels', () => {
  test('is found by its owner and its metadata, where it belongs among the others, and leaves nothing when deleted', async () => {
    const { submitted, transitions } = records(redis)
    const metadata = { ticket: 'INC-1' }
    const earlier = await makeEarlier(await submitted(1, { owner: 'bob', metadata }))
    const later = await submitted(1, { owner: 'bob', metadata })
    expect(await found({ owner: 'bob' })).toEqual([later])

    expect(await labelEarlierJobs(redis)).toBe(1)
    expect(await found({ owner: 'bob' })).toEqual([later, earlier])
    expect(await found({ metadata: [['ticket', 'INC-1']] })).toEqual([later, earlier])
    expect(await labelEarlierJobs(redis)).toBe(0)

    for (const id of [earlier, later]) {
      await transitions.cancel(id)
      await transitions.delete({ id, token: randomUUID() })
    }
    expect(await redis.keys('{sluice}:jobs*')).toEqual([])
  })

  test('that is deleted meanwhile stays deleted', async () => {
    const { submitted } = records(redis)
    const id = await submitted()
    await redis.del(keys.job(id))
    expect(await labelEarlierJobs(redis)).toBe(0)
    expect(await redis.keys('{sluice}:job:*')).toEqual([`${keys.log(id)}`])
  })

  test('is found, too, where there are thousands', async () => {
    const { submitted } = records(redis)
    for (let made = 0; made < 2_500; made += 250) {
      await Promise.all(Array.from({ length: 250 }, () => submitted(1, { owner: 'bob' })))
    }
    await redis.eval(
      `for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do redis.call('HDEL', '{sluice}:job:' .. id, 'labels') end
       redis.call('DEL', '{sluice}:jobs:of:bob')`,
      1,
      keys.jobs,
    )
    expect(await labelEarlierJobs(redis)).toBe(2_500)
    expect(await redis.zcard(keys.jobsLabelled('of:bob'))).toBe(2_500)
  })
})
