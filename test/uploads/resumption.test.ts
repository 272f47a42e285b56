/** Resumable uploads by the protocol's own client, through everything that may die on the way. */
import { createHash, randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Job } from '../../src/jobs/job.ts'
import { keys } from '../../src/jobs/keys.ts'
import { createLog } from '../../src/log.ts'
import { createJanitor } from '../../src/workers/janitor.ts'
import { eventually } from '../support/eventually.ts'
import { API, type RunningProcess, startProcess, WORKER } from '../support/processes.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { callsScript, type RedisProxy, startRedisProxy } from '../support/redis-proxy.ts'
import { resumable } from '../support/resumable.ts'
import { storedKeys } from '../support/stored-keys.ts'
import { createTus } from '../support/tus.ts'
import { createUploader, type Uploader } from '../support/uploader.ts'

const MiB = 2 ** 20
const BYTES = randomBytes(8 * MiB + 17)
const SHA256 = createHash('sha256').update(BYTES).digest('hex')
const COMPLETE = callsScript('history', 'prelude', 'audit', 'draft', 'complete-upload')
const log = createLog({ level: 'silent', format: 'json', role: 'test' })

let redis: TestRedis
let jobs: Uploader
let proxy: RedisProxy
const running = new Set<RunningProcess>()

beforeAll(async () => {
  redis = await startTestRedis()
})
beforeEach(async () => {
  jobs = await createUploader(redis.url)
  await redis.flush()
  proxy = await startRedisProxy(redis.port)
})
afterEach(async () => {
  await Promise.all([...running].map(each => each.kill('SIGKILL')))
  running.clear()
  await proxy.close()
  await jobs.close()
})
afterAll(() => redis.stop())

async function start(entry: string, env: Readonly<Record<string, string>> = {}): Promise<RunningProcess> {
  const started = await startProcess(entry, { ...jobs.env, REDIS_URL: redis.url, ...env })
  running.add(started)
  return started
}
const janitor = (overrides: { draftTtl?: number } = {}) =>
  createJanitor({ ...jobs, log, retention: 3_600_000, draftTtl: 3_600_000, ...overrides })
const METADATA = { filename: 'big.bin', pipeline: 'inspect' }
const SUBMITS = { ...METADATA, submit: '' }
const jobOf = (path: string) => path.split('/').at(-1)!.split('_')[0]!

/** I2 and I4: one job, one file, its bytes, and nothing beside. */
async function expectWhole(path: string, status: Job['status'] | RegExp = 'draft'): Promise<void> {
  const record = await jobs.record(jobOf(path))
  expect(record?.status).toMatch(status)
  expect(record?.files).toMatchObject([{ id: 'f1', name: 'big.bin', size: BYTES.length, sha256: SHA256 }])
  expect(record?.uploads).toEqual([])
  expect(await jobs.redis.zcard(keys.jobs)).toBe(1)
  const stored = await storedKeys(jobs.storage)
  expect(stored.filter(key => key.includes('/f-'))).toEqual([record!.files[0]!.key])
  const story = (await jobs.story(record!.id)).map(event => event.type)
  expect(story.filter(type => type === 'file.uploaded')).toHaveLength(1)
  expect(story.filter(type => type === 'job.submitted').length).toBeLessThanOrEqual(1)
}

/** Kills the API that takes an upload in when all is there, right before or after the record says so. */
async function killAtItsEnd(api: RunningProcess, moment: 'before' | 'after'): Promise<string> {
  const stopped = proxy.stopAt(command => (COMPLETE(command) ? moment : 'pass'))
  const client = resumable(api.url, BYTES, { metadata: SUBMITS })
  const path = await client.made
  await stopped
  await api.kill('SIGKILL')
  await expect(client.done).rejects.toThrow()
  return path
}

/** A client that pauses behind the first 3 MiB: what follows is sent by whoever resumes. */
async function beginAt(api: RunningProcess, metadata: Record<string, string> = METADATA): Promise<string> {
  const client = resumable(api.url, BYTES, { metadata })
  await client.acknowledged(3 * MiB)
  await client.abort()
  const path = await client.made
  // Whoever asks waits until the request that was cut has let go.
  await createTus(api.url).head(path)
  return path
}

/** 3 MiB, answered: no request of it is on its way any more that could touch it once more. */
async function pausedAt(api: RunningProcess): Promise<string> {
  const tus = createTus(api.url)
  const { location } = await tus.begin(BYTES.length, METADATA)
  expect((await tus.patch(location, 0, BYTES.subarray(0, 3 * MiB))).status).toBe(204)
  return location
}

describe('an upload is resumed', () => {
  test('on another API process, when its client has died', async () => {
    const [one, another] = [await start(API), await start(API)]
    const path = await beginAt(one)
    const resumed = resumable(another.url, BYTES, {}, path)
    await resumed.done
    await expectWhole(path)
  })

  test('I3: on another API process, when the first was killed: what was acknowledged is kept', async () => {
    const [one, another] = [await start(API), await start(API)]
    const client = resumable(one.url, BYTES, { metadata: METADATA })
    const path = await client.made
    await client.acknowledged(3 * MiB)
    await one.kill('SIGKILL')
    await expect(client.done).rejects.toThrow()
    const asked = await createTus(another.url).head(path)
    expect(Number(asked.headers.get('upload-offset'))).toBeGreaterThanOrEqual(3 * MiB)
    await resumable(another.url, BYTES, {}, path).done
    await expectWhole(path)
  })

  test('I3: by a client that goes on by itself, when Redis was killed under it', async () => {
    const api = await start(API)
    const client = resumable(api.url, BYTES, {
      metadata: METADATA,
      retryDelays: [100, 200, 400, 800, 1_600, 3_200],
      onShouldRetry: () => true,
    })
    const path = await client.made
    await client.acknowledged(2 * MiB)
    await redis.restart()
    await client.done
    await expectWhole(path)
  })

  test('by two clients that fight for it on two API processes: both see it complete, and it is whole', async () => {
    const [one, another] = [await start(API), await start(API)]
    const path = await beginAt(one)
    const insist = {
      retryDelays: Array.from({ length: 100 }, () => 50),
      chunkSize: 300_000,
      onShouldRetry: () => true,
    }
    const clients = [one, another, one, another].map(api => resumable(api.url, BYTES, insist, path))
    await Promise.all(clients.map(client => client.done))
    await expectWhole(path)
  })

  test('while the connection that its dead client left is still open', async () => {
    const [one, another] = [await start(API), await start(API)]
    const { location } = await createTus(one.url).begin(BYTES.length, METADATA)
    const stale = new AbortController()
    const body = new ReadableStream<Uint8Array>({
      start: controller => controller.enqueue(BYTES.subarray(0, MiB)),
    })
    const hanging = fetch(new URL(location, one.url), {
      method: 'PATCH',
      headers: {
        'tus-resumable': '1.0.0',
        'upload-offset': '0',
        'content-type': 'application/offset+octet-stream',
      },
      body,
      duplex: 'half',
      signal: stale.signal,
    })
    hanging.catch(() => undefined)
    await eventually(
      () => jobs.redis.exists(keys.uploadLock(location.split('/').at(-1)!)),
      held => held === 1,
    )
    await resumable(another.url, BYTES, {}, location).done
    stale.abort()
    await expectWhole(location)
  })
})

describe('an upload that submits', () => {
  test('I5: becomes a job that completes', async () => {
    const api = await start(API)
    await start(WORKER)
    const client = resumable(api.url, BYTES, { metadata: SUBMITS })
    const path = await client.made
    await client.done
    expect(await jobs.ended(jobOf(path))).toMatchObject({
      status: 'completed',
      result: { files: 1, bytes: BYTES.length },
    })
    await expectWhole(path, 'completed')
  })

  test('whose API process was killed right behind the last byte: the janitor completes it', async () => {
    const api = await start(API, { REDIS_URL: proxy.url })
    const path = await killAtItsEnd(api, 'before')
    expect(await jobs.record(jobOf(path))).toMatchObject({ status: 'draft', files: [] })

    // Its lock and its lease are those of a dead process, and run out.
    await jobs.redis.del(keys.uploadLock(path.split('/').at(-1)!), keys.leases(jobOf(path)))
    expect(await janitor().sweep()).toMatchObject({ completed: 1, uploads: 0, objects: 0 })
    await expectWhole(path, 'attaching')
    expect(await janitor().sweep()).toMatchObject({ completed: 0, objects: 0 })
    await start(WORKER)
    expect(await jobs.ended(jobOf(path))).toMatchObject({ status: 'completed' })
  })

  test('the same, where storage has become full meanwhile: the janitor names no more than a request would', async () => {
    const api = await start(API, { REDIS_URL: proxy.url })
    const path = await killAtItsEnd(api, 'before')
    await jobs.redis.del(keys.uploadLock(path.split('/').at(-1)!), keys.leases(jobOf(path)))
    await start(WORKER, { SLUICE_STORAGE_QUOTA: '1MiB' })
    await eventually(
      () => jobs.redis.hget(keys.sweeps, 'sweptAt'),
      sweptAt => sweptAt !== null,
    )
    expect(await jobs.record(jobOf(path))).toMatchObject({ status: 'draft', files: [] })
  })

  test('the same, and its client comes back before the janitor does: nothing is sent twice', async () => {
    const [api, another] = [await start(API, { REDIS_URL: proxy.url }), await start(API)]
    const path = await killAtItsEnd(api, 'before')
    await jobs.redis.del(keys.uploadLock(path.split('/').at(-1)!), keys.leases(jobOf(path)))
    await resumable(another.url, BYTES, {}, path).done
    await expectWhole(path, 'attaching')
  })

  test('I2: whose answer was lost: the client hears that it is complete, and there is one job', async () => {
    const [api, another] = [await start(API, { REDIS_URL: proxy.url }), await start(API)]
    const path = await killAtItsEnd(api, 'after')
    await resumable(another.url, BYTES, {}, path).done
    await expectWhole(path, 'attaching')
    await start(WORKER)
    expect(await jobs.ended(jobOf(path))).toMatchObject({ status: 'completed' })
  })
})

describe('I4: the janitor', () => {
  test('leaves an unfinished upload alone until it has expired; then record and bytes go', async () => {
    const api = await start(API)
    const path = await pausedAt(api)
    const id = jobOf(path)
    expect(await janitor().sweep()).toMatchObject({ objects: 0, uploads: 0 })
    const asked = await createTus(api.url).head(path)
    expect(Number(asked.headers.get('upload-offset'))).toBeGreaterThanOrEqual(3 * MiB)

    await jobs.redis.zadd(keys.uploads, 1, `${id}_f1`)
    expect(await janitor().sweep()).toMatchObject({ uploads: 1 })
    expect((await jobs.record(id))?.uploads).toEqual([])
    expect(await jobs.redis.zcard(keys.uploads)).toBe(0)
    expect(await storedKeys(jobs.storage)).toEqual([])
  })

  test('takes the bytes of one whose job was submitted or cancelled without it', async () => {
    const api = await start(API)
    const id = jobOf(await pausedAt(api))
    await jobs.transitions.cancel(id)
    expect(await janitor().sweep()).toMatchObject({ uploads: 1 })
    expect(await storedKeys(jobs.storage)).toEqual([])
  })

  test('takes them with a draft past its time', async () => {
    const api = await start(API)
    const path = await pausedAt(api)
    await jobs.redis.zadd(keys.drafts, 1, jobOf(path))
    expect(await janitor().sweep()).toMatchObject({ jobs: 1 })
    expect((await createTus(api.url).head(path)).status).toBe(404)
    expect(await jobs.redis.zcard(keys.uploads)).toBe(0)
    expect(await storedKeys(jobs.storage)).toEqual([])
  })

  test('lets a request complete by itself what it has just brought', async () => {
    const api = await start(API, { REDIS_URL: proxy.url })
    const held = proxy.holdAt(COMPLETE)
    const client = resumable(api.url, BYTES, { metadata: METADATA })
    const path = await client.made
    await held.reached
    expect(await janitor().sweep()).toMatchObject({ completed: 0, uploads: 0, objects: 0 })
    held.release()
    await client.done
    await expectWhole(path)
  })
})
