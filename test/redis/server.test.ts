import { afterAll, beforeAll, expect, test } from 'vitest'
import { askOnce } from '../../src/redis/server.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'

let redis: TestRedis
beforeAll(async () => {
  redis = await startTestRedis()
})
afterAll(() => redis.stop())

test('what was acknowledged is there after a kill', async () => {
  await askOnce(redis, client => client.set('promise', 'kept'))
  const { pid } = redis
  await redis.restart()
  expect(redis.pid).not.toBe(pid)
  expect(await askOnce(redis, client => client.get('promise'))).toBe('kept')
  await redis.flush()
  expect(await askOnce(redis, client => client.dbsize())).toBe(0)
})
