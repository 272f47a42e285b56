/** The janitor where storage is a bucket: as safe as on a disk, and it also ends what is only parts yet. */
import { randomBytes, randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { S3Place } from '../../src/config.ts'
import { checkInstallation } from '../../src/jobs/installation.ts'
import { createLeases, LEASE_MS } from '../../src/jobs/leases.ts'
import { createLog } from '../../src/log.ts'
import { createJanitor } from '../../src/workers/janitor.ts'
import { records } from '../support/records.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { startS3Proxy } from '../support/s3-proxy.ts'
import { leaveParts, makeBucket, type S3Server, s3Storage } from '../support/s3-server.ts'
import { storedKeys } from '../support/stored-keys.ts'
import { findSwift, startSwift, swiftParts } from '../support/swift.ts'
import { createUploader, type Uploader } from '../support/uploader.ts'

const MiB = 2 ** 20
const log = createLog({ level: 'silent', format: 'json', role: 'test' })
const swift = await findSwift()

describe.skipIf(!swift)('I4 on S3: unfinished leaves nothing', () => {
  let redis: TestRedis
  let s3: S3Server
  let place: S3Place
  let up: Uploader
  let storage: ReturnType<typeof s3Storage>

  beforeAll(async () => {
    redis = await startTestRedis()
    s3 = await startSwift(swift!)
  })
  beforeEach(async () => {
    place = await makeBucket(s3)
    storage = s3Storage(place)
    up = await createUploader(redis.url, place)
    await redis.flush()
    // As long after now as it takes an upload that has died to count as one.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * LEASE_MS })
  })
  afterEach(async () => {
    vi.useRealTimers()
    await up.close()
    await storage.close()
  })
  afterAll(async () => {
    await redis.stop()
    await s3.stop()
  })

  const janitor = () => createJanitor({ ...up, log, retention: 3_600_000, draftTtl: 3_600_000 })
  const unfinished = async () => {
    const found: string[] = []
    for await (const { key } of storage.listUnfinished()) found.push(key)
    return found.sort()
  }
  const stored = () => storedKeys(storage)

  test('parts of an upload that was cut are removed, once its lease has run out and not before', async () => {
    const id = randomUUID()
    const lease = await createLeases(up.redis).take(id, 'new')
    await leaveParts(storage, `${id}/f-1`)
    expect(await janitor().sweep()).toMatchObject({ unfinished: 0 })
    expect(await unfinished()).toEqual([`${id}/f-1`])
    if ('token' in lease) await lease.release()
    expect(await janitor().sweep()).toMatchObject({ unfinished: 1, objects: 0 })
    expect(await unfinished()).toEqual([])
    expect(await swiftParts(s3, place.bucket)).toEqual([])
  })

  test('parts that were begun a moment ago are nobody’s business yet', async () => {
    vi.setSystemTime(Date.now() - 2 * LEASE_MS)
    await leaveParts(storage, `${randomUUID()}/f-1`)
    expect(await janitor().sweep()).toMatchObject({ unfinished: 0 })
    expect(await unfinished()).toHaveLength(1)
  })

  test('parts of what the record names, and of the worker that holds the job, stay; those of one that lost it go', async () => {
    const id = await up.upload()
    await up.transitions.attached({ id, flow: 1, fileId: 'f1', type: 'text/plain' })
    const [zombie, holder] = [randomUUID(), randomUUID()]
    const jobs = records(up.redis)
    await jobs.start(id, { token: zombie })
    await jobs.start(id, { token: holder })
    for (const name of ['f-1', `${zombie}-one-1`, `${holder}-one-1`])
      await leaveParts(storage, `${id}/${name}`)
    expect(await janitor().sweep()).toMatchObject({ unfinished: 1 })
    expect(await unfinished()).toEqual([`${id}/f-1`, `${id}/${holder}-one-1`].sort())
  })

  test('it takes nothing that is being uploaded, small or in parts, though it runs without pause', async () => {
    const sweep = janitor().sweep
    let sweeping = true
    const sweeper = (async () => {
      let [removed, sweeps] = [0, 0]
      for (; sweeping; sweeps++) {
        const { objects, unfinished: parts } = (await sweep())!
        removed += objects + parts
      }
      return { removed, sweeps }
    })()
    const upload = async (size: number) =>
      `${await up.upload({ files: { a: randomBytes(size) }, enqueue: false })}/f-1`
    const uploaded: string[] = []
    for (let round = 0; round < 5; round++)
      uploaded.push(...(await Promise.all([10, 1_000, 6 * MiB, 12 * MiB].map(upload))))
    sweeping = false
    const { removed, sweeps } = await sweeper
    expect(removed).toBe(0)
    expect(sweeps).toBeGreaterThan(1)
    expect(await stored()).toEqual(uploaded.sort())
  })

  test('a pass asks for one listing of everything, whatever the number of jobs', async () => {
    const ids = Array.from({ length: 5 }, () => randomUUID())
    for (const id of ids)
      for (const name of ['f-1', 'f-2']) await storage.put(`${id}/${name}`, Readable.from([Buffer.from('x')]))
    const proxy = await startS3Proxy(s3.endpoint)
    const behind = s3Storage({ ...place, endpoint: proxy.endpoint })
    const sweep = createJanitor({ ...up, storage: behind, log, retention: 1, draftTtl: 1 }).sweep
    expect(await sweep()).toMatchObject({ objects: 10 })
    expect(proxy.passed.filter(line => line.includes('list-type=2'))).toHaveLength(1)
    await behind.close()
    await proxy.close()
  })

  test('one that cannot be ended does not keep the rest', async () => {
    const ids = [randomUUID(), randomUUID()]
    for (const id of ids) await leaveParts(storage, `${id}/f-1`)
    const failing = Object.create(up.storage) as typeof storage
    let failed = 0
    failing.abortUnfinished = async upload => {
      if (failed++ === 0) throw new Error('no')
      await storage.abortUnfinished(upload)
    }
    const sweep = createJanitor({ ...up, storage: failing, log, retention: 1, draftTtl: 1 }).sweep
    expect(await sweep()).toMatchObject({ unfinished: 1 })
    expect(await unfinished()).toHaveLength(1)
  })

  test('an empty Redis makes rubbish of nothing: objects and parts stay', async () => {
    const id = await up.upload()
    await janitor().sweep()
    await leaveParts(storage, `${id}/f-9`)
    await up.redis.flushall()
    expect(await janitor().sweep()).toBeNull()
    expect(await checkInstallation(up.redis, up.storage)).toMatchObject({
      belongs: false,
      why: expect.stringContaining('npm run adopt'),
    })
    expect(await stored()).toEqual([`${id}/f-1`])
    expect(await unfinished()).toEqual([`${id}/f-9`])
  })
})
