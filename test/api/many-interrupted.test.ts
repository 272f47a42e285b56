/** What is done to many jobs, or with a job's files, and does not come to its end. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readRecord } from '../../src/jobs/record.ts'
import { draft, startApi, type TestApi, upload } from '../support/api.ts'
import { API, startProcess } from '../support/processes.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { callsScript, type RedisProxy, startRedisProxy } from '../support/redis-proxy.ts'

const DELETE = callsScript('history', 'prelude', 'audit', 'draft', 'delete')
const CREATE = callsScript('history', 'prelude', 'audit', 'draft', 'idempotency', 'create')
const JOBS = 60

let redis: TestRedis
let proxy: RedisProxy
let api: TestApi
beforeAll(async () => {
  redis = await startTestRedis()
  proxy = await startRedisProxy(redis.port)
  api = await startApi({ redis, redisUrl: proxy.url })
})
afterAll(async () => {
  await api.stop()
  await proxy.close()
  await redis.stop()
})

async function post(url: string, body: object) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

describe('many at once', () => {
  test('whose Redis dies in the middle are answered 503 with what was done, and the repeat does what is left', async () => {
    for (let made = 0; made < JOBS; made++) await draft(api)
    const request = { action: 'delete', filter: { status: 'draft' } }
    let seen = 0
    const reached = proxy.stopAt(command => (DELETE(command) && ++seen === 20 ? 'before' : 'pass'))
    const answered = post(`${api.url}/api/jobs/bulk`, request)
    await reached
    await redis.kill()
    const { status, body } = await answered
    expect([status, body.code]).toEqual([503, 'queue-unavailable'])
    const outcome = body.outcome as { done: number }
    expect(outcome).toEqual({
      matched: JOBS,
      done: expect.any(Number),
      refused: [],
      more: true,
      nextCursor: null,
    })
    await redis.restart()

    await expect.poll(async () => (await fetch(`${api.url}/readyz`)).status, { timeout: 20_000 }).toBe(200)
    const left = await api.client.zcard('{sluice}:jobs')
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThan(JOBS)
    // The twentieth began when four had ended. What was under way may have been done besides.
    expect(outcome.done).toBeGreaterThanOrEqual(4)
    expect(outcome.done).toBeLessThanOrEqual(JOBS - left)
    expect(await post(`${api.url}/api/jobs/bulk`, request)).toEqual({
      status: 200,
      body: { matched: left, done: left, refused: [], more: false, nextCursor: null },
    })
    expect(await api.client.keys('{sluice}:jobs*')).toEqual([])
  })
})

describe('a rerun whose API is killed', () => {
  test.each([
    ['before', 'its job is made, makes none', 0],
    ['after', 'its job is made, has made one', 1],
  ] as const)('right %s %s; the bytes of both stay apart', async (when, _, made) => {
    const original = await upload(api)
    const before = await api.client.zcard('{sluice}:jobs')
    const other = await startRedisProxy(redis.port)
    const victim = await startProcess(API, {
      REDIS_URL: other.url,
      SLUICE_DATA_DIR: api.services.config.dataDir,
      PORT: '0',
    })
    const reached = other.stopAt(command => (CREATE(command) ? when : 'pass'))
    const lost = post(`${victim.url}/api/jobs/${original.id}/rerun`, {}).catch(() => 'lost')
    await reached
    await victim.kill('SIGKILL')
    expect(await lost).toBe('lost')
    await other.close()

    expect(await api.client.zcard('{sluice}:jobs')).toBe(before + made)
    const [newest] = await api.client.zrevrange('{sluice}:jobs', 0, 0)
    const copy = (await readRecord(api.client, newest!))!
    expect(copy.id === original.id).toBe(made === 0)
    const content = await fetch(`${api.url}/api/jobs/${copy.id}/files/f1/content`)
    expect(await content.text()).toBe('hello\n')
  })
})
