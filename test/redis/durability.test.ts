import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkDurability } from '../../src/redis/durability.ts'
import { askOnce } from '../../src/redis/server.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'

let redis: TestRedis
beforeAll(async () => {
  redis = await startTestRedis()
})
afterAll(() => redis.stop())

const configured = (...settings: [string, string][]) =>
  askOnce(redis, async client => {
    for (const [name, value] of settings) await client.config('SET', name, value)
    return checkDurability(client)
  })

test('a Redis with our own settings gives no cause for a warning', async () => {
  expect(await askOnce(redis, checkDurability)).toEqual({
    appendonly: 'yes',
    appendfsync: 'always',
    maxmemoryPolicy: 'noeviction',
    warnings: [],
  })
})

test.each([
  ['appendonly', 'no', 'yes', '"appendonly no"'],
  ['appendfsync', 'everysec', 'always', '"appendfsync everysec"'],
  ['maxmemory-policy', 'allkeys-lru', 'noeviction', '"maxmemory-policy allkeys-lru"'],
])('a weaker %s is warned about', async (name, weak, right, named) => {
  const { warnings } = await configured([name, weak])
  await configured([name, right])
  expect(warnings).toEqual([expect.stringContaining(named)])
})

test('where the settings are hidden, that is said, and what INFO tells is still checked', async () => {
  const report = await askOnce(redis, async client => {
    await client.call('ACL', 'SETUSER', 'tenant', 'on', '>secret', '+@all', '-config', '~*')
    await client.auth('tenant', 'secret')
    return checkDurability(client)
  })
  expect(report).toMatchObject({ appendonly: 'yes', appendfsync: null, maxmemoryPolicy: 'noeviction' })
  expect(report.warnings).toEqual([expect.stringContaining('could not be checked')])
})
