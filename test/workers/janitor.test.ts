import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import { basename } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { adoptInstallation, checkInstallation } from '../../src/jobs/installation.ts'
import { keys } from '../../src/jobs/keys.ts'
import { createLeases } from '../../src/jobs/leases.ts'
import { createStored } from '../../src/jobs/stored.ts'
import { readSweeps } from '../../src/jobs/sweep-totals.ts'
import { createLog } from '../../src/log.ts'
import { createJanitor } from '../../src/workers/janitor.ts'
import { attemptAnswered } from '../support/attempts.ts'
import { payloadOf } from '../support/payload.ts'
import { output, records, request } from '../support/records.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { storedKeys } from '../support/stored-keys.ts'
import { createUploader, type Uploader } from '../support/uploader.ts'

const log = createLog({ level: 'silent', format: 'json', role: 'test' })
let server: TestRedis
let up: Uploader

beforeAll(async () => {
  server = await startTestRedis()
})
beforeEach(async () => {
  up = await createUploader(server.url)
  await server.flush()
})
afterEach(() => up.close())
afterAll(() => server.stop())

const janitor = (overrides: { retention?: number; draftTtl?: number } = {}) =>
  createJanitor({ ...up, log, retention: 3_600_000, draftTtl: 3_600_000, ...overrides })
const put = (key: string) =>
  up.storage.put(
    key,
    (async function* () {
      yield Buffer.from('bytes')
    })(),
  )
const stored = () => storedKeys(up.storage)

describe('I4: unfinished leaves nothing', () => {
  test('bytes of an upload that was cut are removed, once its lease has run out and not before', async () => {
    const id = randomUUID()
    const lease = await createLeases(up.redis).take(id, 'new')
    await put(`${id}/f-1`)
    await janitor().sweep()
    expect(await stored()).toEqual([`${id}/f-1`])
    if ('token' in lease) await lease.release()
    expect(await janitor().sweep()).toMatchObject({ objects: 1 })
    expect(await stored()).toEqual([])
  })

  test('a pass has an end: bytes of jobs that are made meanwhile are the next one’s', async () => {
    const storage = Object.create(up.storage) as typeof up.storage
    let later = ''
    storage.listByJob = async function* () {
      yield* up.storage.listByJob()
      const begun = Date.now()
      await expect.poll(() => Date.now()).toBeGreaterThan(begun)
      const time = Date.now().toString(16).padStart(12, '0')
      later = `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`
      await put(`${later}/f-1`)
      yield { jobId: later, objects: await Array.fromAsync(up.storage.list(later)) }
    }
    await put(`${randomUUID()}/f-1`)
    const sweeping = createJanitor({ ...up, storage, log, retention: 3_600_000, draftTtl: 3_600_000 })
    expect(await sweeping.sweep()).toMatchObject({ objects: 1 })
    expect(await stored()).toEqual([`${later}/f-1`])
    // They may have been named before the pass began, where the clock of an API is ahead: they count.
    expect(await createStored(up.redis).bytes()).toBe('bytes'.length)
    expect(await janitor().sweep()).toMatchObject({ objects: 1 })
    expect(await stored()).toEqual([])
  })

  test('a pass reads each folder of storage once, whatever the number of jobs', async () => {
    for (let job = 0; job < 20; job++)
      for (const name of ['f-1', 'f-2'])
        await put(`${randomUUID().slice(0, -2)}${job % 2 ? 'aa' : 'bb'}/${name}`)
    const open = vi.spyOn(fs.promises, 'opendir')
    try {
      expect(await janitor().sweep()).toMatchObject({ objects: 40 })
      const opened = open.mock.calls.map(([folder]) => basename(String(folder)))
      expect(opened.sort()).toEqual(['aa', 'bb', 'objects'])
    } finally {
      open.mockRestore()
    }
  })

  test('what a record names stays, what it does not name goes', async () => {
    const id = await up.upload()
    await put(`${id}/f-9`)
    await janitor().sweep()
    expect(await stored()).toEqual([`${id}/f-1`])
  })

  test('an infected file whose worker died before it had removed it goes; its job’s other files stay', async () => {
    const id = await up.upload({
      files: { 'a.log': 'clean', 'b.com': 'infected', 'c.log': 'not yet scanned' },
    })
    const error = { code: 'file-infected', fileId: 'f2', message: 'Infected.' } as const
    await up.transitions.attachFailed({ id, flow: 1, fileId: 'f2', error })
    await janitor().sweep()
    expect(await stored()).toEqual([`${id}/f-1`, `${id}/f-3`])
  })

  test('a file that failed for any other reason stays as long as its job', async () => {
    const id = await up.upload()
    const error = { code: 'storage-unavailable', fileId: 'f1', message: 'Away.' } as const
    await up.transitions.attachFailed({ id, flow: 1, fileId: 'f1', error })
    await janitor().sweep()
    expect(await stored()).toEqual([`${id}/f-1`])
  })

  test('artifacts of the worker that holds the job stay, those of one that lost it go', async () => {
    const jobs = records(up.redis)
    const id = await up.upload()
    await up.transitions.attached({ id, flow: 1, fileId: 'f1', type: 'text/plain' })
    const [zombie, holder] = [randomUUID(), randomUUID()]
    await jobs.start(id, { token: zombie })
    await jobs.start(id, { token: holder })
    await Promise.all([zombie, holder].map(token => put(`${id}/${token}-one-1`)))
    await janitor().sweep()
    expect(await stored()).toEqual([`${id}/${holder}-one-1`, `${id}/f-1`].sort())
  })

  test('what a checkpoint published stays; its intermediates only until the job is completed', async () => {
    const jobs = records(up.redis)
    const id = await up.upload()
    await up.transitions.attached({ id, flow: 1, fileId: 'f1', type: 'text/plain' })
    await jobs.start(id, { token: 't' })
    await put(`${id}/artifact`)
    await put(`${id}/intermediate`)
    const left = {
      artifacts: [
        { ...output('a').artifacts[0]!, key: `${id}/artifact` },
        { name: 'in the record', size: 1, type: 'text/plain', stage: 'one', content: 'YQ==' },
      ],
      intermediates: [{ name: 'i', key: `${id}/intermediate` }],
    }
    await up.transitions.checkpoint({
      id,
      token: 't',
      seq: 1,
      checkpoint: { stage: 'one', index: 1, durationMs: 1, output: left },
    })
    await janitor().sweep()
    expect(await stored()).toEqual([`${id}/artifact`, `${id}/f-1`, `${id}/intermediate`])
    await up.transitions.finish({
      id,
      token: 't',
      checkpoint: { stage: 'two', index: 2, durationMs: 1, output: output() },
      result: {},
    })
    await janitor().sweep()
    expect(await stored()).toEqual([`${id}/artifact`, `${id}/f-1`])
  })

  test('it measures what is stored: what records name and workers write, not what is under way or was removed', async () => {
    const stored = createStored(up.redis)
    const id = await up.upload()
    await put(`${id}/f-9`)
    await janitor().sweep()
    expect(await stored.bytes()).toBe('hello\n'.length)

    const [uploading, token] = [randomUUID(), randomUUID()]
    await createLeases(up.redis).take(uploading, 'new')
    await put(`${uploading}/f-1`)
    await up.transitions.attached({ id, flow: 1, fileId: 'f1', type: 'text/plain' })
    await records(up.redis).start(id, { token })
    await put(`${id}/${token}-one-1`)
    await janitor().sweep()
    expect(await stored.bytes()).toBe('hello\nbytes'.length)
  })

  test('it takes nothing that is being uploaded, though it runs without pause', async () => {
    const sweep = janitor().sweep
    let sweeping = true
    const sweeper = (async () => {
      let objects = 0
      while (sweeping) objects += (await sweep())!.objects
      return objects
    })()
    const upload = async () => `${await up.upload({ enqueue: false })}/f-1`
    const uploaded: string[] = []
    for (let round = 0; round < 20; round++)
      uploaded.push(...(await Promise.all(Array.from({ length: 20 }, upload))))
    sweeping = false
    expect(await sweeper).toBe(0)
    expect(await stored()).toEqual(uploaded.sort())
  })
})

describe('an empty or an older Redis', () => {
  test('makes rubbish of nothing: no byte is removed until somebody has adopted it', async () => {
    const id = await up.upload()
    await janitor().sweep()
    await up.redis.flushall()
    expect(await janitor().sweep()).toBeNull()
    expect(await stored()).toEqual([`${id}/f-1`])
    expect(await checkInstallation(up.redis, up.storage)).toMatchObject({
      belongs: false,
      why: expect.stringContaining('npm run adopt'),
    })
    await adoptInstallation(up.redis, up.storage)
    expect(await janitor().sweep()).toMatchObject({ objects: 1 })
  })

  test('is noticed when its counter is behind that of storage, or its id is another', async () => {
    await janitor().sweep()
    await up.redis.hset(keys.installation, 'counter', '0')
    expect(await checkInstallation(up.redis, up.storage)).toMatchObject({ belongs: false })
    await adoptInstallation(up.redis, up.storage)
    expect(await checkInstallation(up.redis, up.storage)).toMatchObject({ belongs: true })
    await up.redis.hset(keys.installation, 'id', 'another')
    expect(await checkInstallation(up.redis, up.storage)).toMatchObject({ belongs: false })
  })

  test('is noticed between the look and the removal, too', async () => {
    const id = await up.upload()
    await janitor().sweep()
    const storage = Object.create(up.storage) as typeof up.storage
    // Redis loses everything after the installation was checked and before claims are read.
    storage.listByJob = async function* () {
      await up.redis.flushall()
      yield* up.storage.listByJob()
    }
    await createJanitor({ ...up, storage, log, retention: 1, draftTtl: 1 }).sweep()
    expect(await stored()).toEqual([`${id}/f-1`])
  })
})

describe('retention', () => {
  test('final jobs and drafts go with their bytes and events when their time is up; what is at work stays', async () => {
    const final = await up.upload()
    await up.transitions.cancel(final)
    const draft = request()
    await up.transitions.create(draft, 't', { lease: null, files: [], submit: false })
    const working = await up.upload()
    await janitor().sweep()
    expect(await up.redis.zcard(keys.jobs)).toBe(3)
    await new Promise(resolve => setTimeout(resolve, 5))
    expect(await janitor({ retention: 1, draftTtl: 1 }).sweep()).toMatchObject({ jobs: 2 })
    expect(await up.redis.zrange(keys.jobs, '0', '-1')).toEqual([working])
    expect(await stored()).toEqual([`${working}/f-1`])
    expect(await up.redis.exists(keys.job(final), keys.log(final))).toBe(0)
  })

  test('a delivery goes when its time is up, but one that is still open outlives its job', async () => {
    const [open, closed] = [
      await up.upload({ callbackUrl: 'http://127.0.0.1:1/' }),
      await up.upload({ callbackUrl: 'http://127.0.0.1:1/' }),
    ]
    for (const id of [open, closed]) await up.transitions.cancel(id)
    const attempt = attemptAnswered(200)
    await up.deliveries.attempted({
      id: `msg_${closed}_r1`,
      round: 1,
      token: 't',
      attempt,
      verdict: 'delivered',
    })
    await new Promise(resolve => setTimeout(resolve, 5))
    expect(await janitor({ retention: 1 }).sweep()).toMatchObject({ jobs: 2, deliveries: 1 })
    expect(await up.redis.zrange(keys.deliveries, '0', '-1')).toEqual([`msg_${open}_r1`])
    expect(await payloadOf(up.deliveries, `msg_${open}_r1`)).toMatchObject({
      data: { job: { id: open } },
    })
  })
})

describe('what was removed is reported', () => {
  test('in totals of all passes, and when the last one was', async () => {
    expect(await readSweeps(up.redis)).toEqual({ removed: {}, sweptAt: null })
    const nobodys = randomUUID()
    for (const name of ['f-1', 'f-2']) await put(`${nobodys}/${name}`)
    await janitor().sweep()
    await up.transitions.cancel(await up.upload())
    await put(`${nobodys}/f-3`)
    await new Promise(resolve => setTimeout(resolve, 5))
    const [seconds] = await up.redis.time()
    await janitor({ retention: 1 }).sweep()
    const { removed, sweptAt } = await readSweeps(up.redis)
    expect(removed).toEqual({ jobs: 1, deliveries: 0, unfinished: 0, uploads: 0, objects: 3 })
    expect(sweptAt).toBeGreaterThanOrEqual(Number(seconds) * 1_000)
  })

  test('of a pass that may not remove anything there is nothing to report', async () => {
    await put(`${randomUUID()}/f-1`)
    await janitor().sweep()
    const before = await readSweeps(up.redis)
    await up.redis.del(keys.installation)
    await put(`${randomUUID()}/f-1`)
    expect(await janitor().sweep()).toBeNull()
    expect(await readSweeps(up.redis)).toEqual(before)
  })
})
