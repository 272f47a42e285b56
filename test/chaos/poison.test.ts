import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Fleet, startFleet } from '../support/fleet.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { type RedisProxy, startRedisProxy } from '../support/redis-proxy.ts'
import { createUploader, type Uploader } from '../support/uploader.ts'

const ENTRY = new URL('../support/worker.ts', import.meta.url).pathname
let redis: TestRedis
let jobs: Uploader
let workers: Fleet | undefined
const proxies: RedisProxy[] = []

beforeEach(async () => {
  redis = await startTestRedis()
  jobs = await createUploader(redis.url)
})
afterEach(async () => {
  await workers?.stop()
  await Promise.all(proxies.splice(0).map(proxy => proxy.close()))
  await jobs.close()
  await redis.stop()
})

describe('a job that kills every worker that takes it', () => {
  test('it alone fails, as worker-lost; those that were lost along with it complete', {
    timeout: 300_000,
  }, async () => {
    const innocents = await Promise.all(
      Array.from({ length: 40 }, (_, at) => jobs.upload({ files: { [`${at}.log`]: '' } })),
    )
    const poison = await jobs.upload({ files: { 'kill-two': '' } })
    const more = await Promise.all(
      Array.from({ length: 40 }, (_, at) => jobs.upload({ files: { [`${at}.log`]: '' } })),
    )
    workers = await startFleet(ENTRY, 1, () => ({ REDIS_URL: redis.url, ...jobs.env }))
    expect(await jobs.ended(poison)).toMatchObject({
      status: 'failed',
      attempt: 1,
      error: { code: 'worker-lost' },
    })
    const ended = await Promise.all([...innocents, ...more].map(id => jobs.ended(id)))
    expect(ended.filter(record => record.status !== 'completed')).toEqual([])
    const completed = (await jobs.story(poison))
      .filter(event => event.type === 'stage.completed')
      .map(event => event.data.stage)
    expect(completed, 'its first stage is not run again').toEqual(['one'])
  })

  test('a file that kills whoever attaches it fails its job alone', { timeout: 300_000 }, async () => {
    let poison = ''
    workers = await startFleet(ENTRY, 1, async () => {
      const proxy = await startRedisProxy(redis.port)
      proxies.push(proxy)
      // Whoever is about to say that the poisonous file is attached dies of it.
      void proxy
        .stopAt(([name, ...words]) =>
          /^eval/.test(name!) &&
          words.some(word => word.includes(poison) && word.includes('"fileId":"f1","type"'))
            ? 'before'
            : 'pass',
        )
        .then(() => workers?.strike('SIGKILL'))
      return { REDIS_URL: proxy.url, ...jobs.env }
    })
    poison = await jobs.upload({ files: { 'poison.log': '' } })
    const innocents = await Promise.all(
      Array.from({ length: 20 }, (_, at) => jobs.upload({ files: { [`${at}.log`]: '' } })),
    )
    expect(await jobs.ended(poison)).toMatchObject({
      status: 'failed',
      error: { code: 'worker-lost', fileId: 'f1' },
    })
    for (const id of innocents) expect(await jobs.ended(id)).toMatchObject({ status: 'completed' })
  })
})
