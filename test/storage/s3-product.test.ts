/** The product on S3, end to end: an API and workers as processes, and a server that goes away under them. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { S3Place } from '../../src/config.ts'
import { checkInstallation } from '../../src/jobs/installation.ts'
import type { Job } from '../../src/jobs/job.ts'
import { LEASE_MS } from '../../src/jobs/leases.ts'
import { artifactsOf } from '../../src/jobs/record.ts'
import { createLog } from '../../src/log.ts'
import { keysOf, RECORD_BYTES } from '../../src/pipelines/stored-artifact.ts'
import { createJanitor } from '../../src/workers/janitor.ts'
import { form } from '../support/api.ts'
import { eventually } from '../support/eventually.ts'
import { API, type RunningProcess, startProcess, WORKER } from '../support/processes.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { type MortalS3Server, makeBucket, s3Storage } from '../support/s3-server.ts'
import { findSwift, startSwift, swiftParts } from '../support/swift.ts'
import { createUploader, type Uploader } from '../support/uploader.ts'

const MiB = 2 ** 20
/** Knows the pipeline that does what the names of its files say. */
const TEST_WORKER = new URL('../support/worker.ts', import.meta.url).pathname
const OPERATOR = new URL('../../src/operator.ts', import.meta.url).pathname
const log = createLog({ level: 'silent', format: 'json', role: 'test' })
const swift = await findSwift()

describe.skipIf(!swift)('Sluice on S3', () => {
  let redis: TestRedis
  let s3: MortalS3Server
  let place: S3Place
  let storage: ReturnType<typeof s3Storage>
  let up: Uploader
  let dataDir: string
  const running = new Set<RunningProcess>()

  beforeAll(async () => {
    redis = await startTestRedis()
    s3 = await startSwift(swift!)
  })
  beforeEach(async () => {
    place = await makeBucket(s3)
    storage = s3Storage(place)
    up = await createUploader(redis.url, place)
    dataDir = await mkdtemp(join(tmpdir(), 'sluice-data-'))
    await redis.flush()
  })
  afterEach(async () => {
    vi.useRealTimers()
    await Promise.all([...running].map(each => each.kill('SIGKILL')))
    running.clear()
    await up.close()
    await storage.close()
    await rm(dataDir, { recursive: true })
  })
  afterAll(async () => {
    await redis.stop()
    await s3.stop()
  })

  const start = async (entry: string, environment: Record<string, string> = {}) => {
    const process = await startProcess(entry, {
      ...up.env,
      SLUICE_DATA_DIR: dataDir,
      REDIS_URL: redis.url,
      ...environment,
    })
    running.add(process)
    return process
  }
  const jobs = async (): Promise<string[]> =>
    (await Array.fromAsync(storage.listByJob())).map(({ jobId }) => jobId)
  const nothingIsLeft = async () => {
    expect(await jobs()).toEqual([])
    expect(await swiftParts(s3, place.bucket)).toEqual([])
  }
  /** As a janitor does, once an upload that has died counts as one. */
  const sweepLater = async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * LEASE_MS })
    return await createJanitor({ ...up, log, retention: 3_600_000, draftTtl: 3_600_000 }).sweep()
  }

  test('a log is uploaded, analysed, downloaded by ranges and deleted, and nothing of it is left', async () => {
    const api = await start(API)
    await start(WORKER)
    // Larger than a part, on the way in and out.
    const line = '2026-11-02T10:00:00.000Z INFO  checkout: order 4711 of jane@example.com was placed\n'
    const text = line.repeat(Math.ceil((6 * MiB) / line.length))
    const response = await fetch(`${api.url}/api/jobs`, {
      method: 'POST',
      body: form({ 'app.log': text }),
      headers: { prefer: 'wait=60' },
    })
    expect(response.status).toBe(202)
    const { id } = (await response.json()) as Job
    const job = (await eventually(
      async () => (await (await fetch(`${api.url}/api/jobs/${id}`)).json()) as Job,
      ({ status }) => status === 'completed' || status === 'failed',
    )) as Job
    expect(job).toMatchObject({ status: 'completed', error: null })

    const artifact = (name: string, headers = {}) =>
      fetch(`${api.url}/api/jobs/${id}/artifacts/${name}`, { headers })
    const report = (await (await artifact('report.json')).json()) as { totals: { lines: number } }
    expect(report.totals.lines).toBe(text.split('\n').length - 1)
    const redacted = line.replace('jane@example.com', '[REDACTED:email]')
    const from = redacted.length * 10
    const range = await artifact('redacted/app.log', { range: `bytes=${from}-${from + redacted.length - 1}` })
    expect(range.status).toBe(206)
    expect(await range.text()).toBe(redacted)
    const uploaded = await fetch(`${api.url}/api/jobs/${id}/files/f1/content`)
    expect((await uploaded.text()) === text).toBe(true)

    expect(await jobs()).toEqual([id])
    expect((await fetch(`${api.url}/api/jobs/${id}`, { method: 'DELETE' })).status).toBe(204)
    await nothingIsLeft()
  })

  test('an upload during which S3 goes away is answered 503, and leaves nothing once it is back', async () => {
    const api = await start(API)
    const head = Buffer.from(
      '--b\r\ncontent-disposition: form-data; name="pipeline"\r\n\r\ninspect\r\n' +
        '--b\r\ncontent-disposition: form-data; name="files"; filename="a.log"\r\n\r\n',
    )
    const upload = request(`${api.url}/api/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=b', 'content-length': 100 * MiB },
    })
    upload.on('error', () => {})
    const answered = new Promise<{ status: number; body: string }>(resolve =>
      upload.on('response', async answer => {
        const body = (await answer.setEncoding('utf8').toArray()).join('')
        resolve({ status: answer.statusCode!, body })
      }),
    )
    upload.write(head)
    upload.write(Buffer.alloc(6 * MiB))
    await eventually(
      () => swiftParts(s3, place.bucket),
      parts => parts.length > 1,
    )
    await s3.kill()
    upload.write(Buffer.alloc(12 * MiB))
    const { status, body } = await answered
    expect(status).toBe(503)
    expect(JSON.parse(body)).toMatchObject({ code: 'storage-unavailable' })
    upload.destroy()
    expect((await fetch(`${api.url}/readyz`)).status).toBe(503)

    await s3.restart()
    await eventually(
      async () => (await fetch(`${api.url}/readyz`)).status,
      ready => ready === 200,
    )
    const again = await fetch(`${api.url}/api/jobs`, {
      method: 'POST',
      body: form({ 'app.log': 'hello\n' }, { pipeline: 'inspect' }),
    })
    expect(again.status).toBe(202)
    const { id } = (await again.json()) as Job
    expect(await sweepLater()).toMatchObject({ unfinished: 1, objects: 0 })
    expect(await jobs()).toEqual([id])
    expect(await swiftParts(s3, place.bucket)).toEqual([])
    expect(api.output()).not.toContain(place.credentials!.secretAccessKey)
  })

  test('files wait to be attached while S3 is away, and are attached once it is back', async () => {
    const id = await up.upload({ files: { 'a.log': 'a', 'b.log': 'b' } })
    await s3.kill()
    await start(TEST_WORKER)
    await up.putOff(2)
    expect(await up.record(id)).toMatchObject({ status: 'attaching', error: null })
    await s3.restart()
    await up.attachAgain()
    expect(await up.ended(id)).toMatchObject({ status: 'completed', attempt: 1 })
  })

  test('a bucket that is gone has lost no file: the job waits until it is there again', async () => {
    // A worker that has lived here: Redis knows its storage.
    const first = await start(TEST_WORKER)
    expect(await up.ended(await up.upload())).toMatchObject({ status: 'completed' })
    await first.kill('SIGTERM')
    const id = await up.upload()
    const elsewhere = await start(TEST_WORKER, { SLUICE_STORAGE: 's3://nobody-made-this' })
    await up.putOff(1)
    expect(await up.record(id)).toMatchObject({ status: 'attaching' })
    await elsewhere.kill('SIGKILL')
    await start(TEST_WORKER)
    await up.attachAgain()
    expect(await up.ended(id)).toMatchObject({ status: 'completed' })
  })

  test('a worker killed in a stage: the job completes elsewhere, and what the dead one wrote goes', async () => {
    const victim = await start(TEST_WORKER)
    const id = await up.upload({ files: { 'linger-two': '' } })
    // By this file the stage knows that it has lingered once.
    const lingers = join(up.dataDir, id)
    await eventually(() => existsSync(lingers), Boolean)
    await victim.kill('SIGKILL')
    await start(TEST_WORKER)
    expect(await up.ended(id)).toMatchObject({ status: 'completed', attempt: 1 })

    await sweepLater()
    const record = (await up.record(id))!
    const named = new Set([...record.files.map(file => file.key), ...keysOf(artifactsOf(record))])
    const kept: string[] = []
    for await (const object of storage.list(id)) kept.push(object.key)
    expect(new Set(kept)).toEqual(named)
  })

  test('npm run adopt makes a bucket and an emptied Redis belong together again', async () => {
    const adopt = async () =>
      (
        await promisify(execFile)(process.execPath, [OPERATOR, 'adopt'], {
          env: { ...up.env, REDIS_URL: redis.url },
        })
      ).stdout
    expect(await checkInstallation(up.redis, storage)).toMatchObject({ belongs: true })
    expect(await adopt()).toContain('already')
    await redis.flush()
    expect(await checkInstallation(up.redis, storage)).toMatchObject({ belongs: false })
    expect(await adopt()).toContain('from now on')
    expect(await checkInstallation(up.redis, storage)).toMatchObject({ belongs: true })
  })

  test('a stage that runs in a thread reads and writes S3, too', async () => {
    await start(TEST_WORKER)
    const id = await up.upload({
      pipeline: 'misbehaving-in-thread',
      stages: [{ name: 'one', weight: 1 }],
    })
    const record = await up.ended(id)
    expect(record.status).toBe('completed')
    expect(await storage.stat(keysOf(artifactsOf(record))[0]!)).toMatchObject({ size: RECORD_BYTES + 1 })
  })
})
