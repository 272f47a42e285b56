/** What the script counts durations under, and what reads them back. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BOUNDS } from '../../src/jobs/history.ts'
import { keys } from '../../src/jobs/keys.ts'
import { readScript } from '../../src/jobs/script.ts'
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

test('durations are counted under the very bounds by which they are read', async () => {
  const tally = `${readScript('history')}\nfor _, ms in ipairs(ARGV) do tallyDuration(0, 'wait', tonumber(ms)) end`
  const greatest = BOUNDS.at(-1)!
  // On each bound and just above it: a bound more or less on either side would be another field, or none.
  await redis.eval(tally, 0, ...[0, ...BOUNDS.flatMap(bound => [bound, bound + 1]), greatest * 100])
  const { 'wait:ms': _, ...counted } = await redis.hgetall(keys.history(0))
  expect(counted).toEqual({
    ...Object.fromEntries(BOUNDS.map(bound => [`wait:${bound}`, '2'])),
    'wait:more': '2',
  })
})
