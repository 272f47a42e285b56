import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RunningProcess, startProcess, WORKER } from '../support/processes.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { createUploader, type Uploader } from '../support/uploader.ts'

const ENTRY = new URL('../support/worker.ts', import.meta.url).pathname
let redis: TestRedis
let jobs: Uploader
let worker: RunningProcess | undefined

beforeEach(async () => {
  redis = await startTestRedis()
  jobs = await createUploader(redis.url)
})
afterEach(async () => {
  await worker?.kill('SIGKILL')
  await jobs.close()
  await redis.stop()
})

describe('a worker whose Redis goes away', () => {
  test('goes on by itself when it is back: jobs under way complete, and new ones are taken at once', async () => {
    worker = await startProcess(ENTRY, { REDIS_URL: redis.url, ...jobs.env })
    const before = await Promise.all(
      Array.from({ length: 30 }, (_, at) => jobs.upload({ files: { [`${at}.log`]: '' } })),
    )
    await redis.kill()
    await worker.printed(/lost/)
    await redis.restart()
    const back = Date.now()
    const after = await jobs.upload()
    for (const id of before) expect(await jobs.ended(id)).toMatchObject({ status: 'completed', attempt: 1 })
    const record = await jobs.ended(after)
    expect(record.status).toBe('completed')
    expect(record.startedAt! - back, 'milliseconds from its return to the start of a new job').toBeLessThan(
      15_000,
    )
  })

  test('stops when it is told to, though Redis stays away', async () => {
    worker = await startProcess(ENTRY, { REDIS_URL: redis.url, ...jobs.env })
    await redis.kill()
    await worker.printed(/lost/)
    await worker.kill('SIGTERM')
    expect((await worker.gone).code).not.toBeNull()
  })
})

describe('a worker that cannot start', () => {
  test('says in one sentence that REDIS_URL is missing', async () => {
    await expect(startProcess(WORKER, {})).rejects.toThrow(/REDIS_URL is not set/)
  })
})
