import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { API, startProcess } from '../support/processes.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { createUploader, type Uploader } from '../support/uploader.ts'

let redis: TestRedis
let jobs: Uploader

beforeEach(async () => {
  redis = await startTestRedis()
  jobs = await createUploader(redis.url)
})
afterEach(async () => {
  await jobs.close()
  await redis.stop()
})

describe('an API process', () => {
  test('stops when it is told to, though Redis stays away', async () => {
    const api = await startProcess(API, { REDIS_URL: redis.url, ...jobs.env })
    await redis.kill()
    await api.printed(/lost/)
    await api.kill('SIGTERM')
    expect(await api.gone).toEqual({ code: 0, signal: null })
  })

  test('warns at its start of a Redis that may lose what was acknowledged', async () => {
    await jobs.redis.config('SET', 'appendfsync', 'everysec')
    const api = await startProcess(API, { REDIS_URL: redis.url, ...jobs.env })
    await api.printed(/appendfsync/)
    await api.kill('SIGTERM')
  })
})
