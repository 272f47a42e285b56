/** Storage that cannot be reached while files are attached: here its folder has become a link to itself (ELOOP). */
import { readdir, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type RunningProcess, startProcess } from '../support/processes.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { createUploader, type Uploader } from '../support/uploader.ts'

const ENTRY = new URL('../support/worker.ts', import.meta.url).pathname

let redis: TestRedis
let jobs: Uploader
let worker: RunningProcess | undefined

beforeAll(async () => {
  redis = await startTestRedis()
})
beforeEach(async () => {
  jobs = await createUploader(redis.url)
  await redis.flush()
})
afterEach(async () => {
  await worker?.kill('SIGKILL')
  await jobs.close()
})
afterAll(() => redis.stop())

async function startWorker(attachTimeout: string): Promise<void> {
  worker = await startProcess(ENTRY, {
    REDIS_URL: redis.url,
    ...jobs.env,
    SLUICE_ATTACH_TIMEOUT: attachTimeout,
  })
}

/** @returns what brings it back. */
async function takeStorageAway(): Promise<() => Promise<void>> {
  const objects = join(jobs.dataDir, 'storage/objects')
  const shards = await readdir(objects)
  for (const shard of shards) {
    await rename(join(objects, shard), join(jobs.dataDir, `away-${shard}`))
    await symlink(shard, join(objects, shard))
  }
  return async () => {
    for (const shard of shards) {
      await unlink(join(objects, shard))
      await rename(join(jobs.dataDir, `away-${shard}`), join(objects, shard))
    }
  }
}

describe('while storage cannot be reached', () => {
  test.each([
    ['its folder is a file', 'objects'],
    ['it is a mount that is gone', ''],
  ])('a job waits though its bytes seem to be missing: %s', async (_, gone) => {
    // A worker that has lived here: Redis knows its storage.
    await startWorker('1h')
    expect(await jobs.ended(await jobs.upload())).toMatchObject({ status: 'completed' })
    await worker!.kill('SIGTERM')
    const id = await jobs.upload()
    const folder = join(jobs.dataDir, 'storage', gone)
    const away = join(jobs.dataDir, 'away')
    await rename(folder, away)
    if (gone !== '') await writeFile(folder, '')

    await startWorker('1h')
    await jobs.putOff(1)
    expect((await jobs.record(id))!.status).toBe('attaching')
    await rm(folder, { recursive: true, force: true })
    await rename(away, folder)
    await jobs.attachAgain()
    expect(await jobs.ended(id)).toMatchObject({ status: 'completed' })
  })

  test('a job waits, attaching, and completes once storage is back', async () => {
    const id = await jobs.upload({ files: { 'a.log': 'a', 'b.log': 'b' } })
    const bringBack = await takeStorageAway()
    await startWorker('1h')
    await jobs.putOff(2)
    expect(await jobs.record(id)).toMatchObject({ status: 'attaching', error: null })
    await bringBack()
    await jobs.attachAgain()
    expect(await jobs.ended(id)).toMatchObject({ status: 'completed', attempt: 1 })
  })

  test('for longer than SLUICE_ATTACH_TIMEOUT, the job fails as storage-unavailable; a retry finds its files', async () => {
    const id = await jobs.upload({ files: { 'a.log': 'a' } })
    const bringBack = await takeStorageAway()
    await startWorker('1s')
    expect(await jobs.ended(id)).toMatchObject({
      status: 'failed',
      error: { code: 'storage-unavailable', fileId: 'f1', attempts: 0 },
    })
    await bringBack()
    await jobs.transitions.retry(id, 'by hand')
    await jobs.enqueuer.addFlow((await jobs.record(id))!)
    expect(await jobs.ended(id)).toMatchObject({ status: 'completed', run: 2 })
  })
})
