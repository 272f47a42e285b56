/** `SLUICE_CLAMD`: no file is attached, or read by anybody, before a real clamd has found it clean. */
import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { keys } from '../../src/jobs/keys.ts'
import { EICAR, SIGNATURE, type StandIn, startClamd, startStandIn, type TestClamd } from '../support/clamd.ts'
import { findClamd } from '../support/clamd-binary.ts'
import { eventually } from '../support/eventually.ts'
import { API, type RunningProcess, startProcess, WORKER } from '../support/processes.ts'
import { startReceiver } from '../support/receiver.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { createUploader, type Uploader, type UploadOptions } from '../support/uploader.ts'

const installed = await findClamd()
const INSPECTED = { pipeline: 'inspect', stages: [{ name: 'inspection', weight: 1 }] }

describe.skipIf(installed === null)('with a virus scanner', () => {
  let redis: TestRedis
  let clamd: TestClamd
  let jobs: Uploader
  const started: { kill(signal: 'SIGKILL'): Promise<void> }[] = []
  const standIns: StandIn[] = []

  beforeAll(async () => {
    redis = await startTestRedis()
    clamd = await startClamd(installed!, { settings: { AlertExceedsMax: 'yes' } })
  })
  beforeEach(async () => {
    await redis.flush()
    jobs = await createUploader(redis.url)
    await clamd.restart()
  })
  afterEach(async () => {
    for (const each of started.splice(0)) await each.kill('SIGKILL')
    for (const each of standIns.splice(0)) await each.close()
    await jobs.close()
  })
  afterAll(async () => {
    await clamd?.stop()
    await redis.stop()
  })

  async function start(
    entry: string,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<RunningProcess> {
    const env = { REDIS_URL: redis.url, ...jobs.env, SLUICE_CLAMD: clamd.address, ...settings }
    const running = await startProcess(entry, env)
    started.push(running)
    return running
  }

  /** Takes connections and bytes, and says nothing. */
  async function startSilent() {
    const scanning = Promise.withResolvers<Socket>()
    const standIn = await startStandIn(socket => socket.once('data', () => scanning.resolve(socket)).resume())
    standIns.push(standIn)
    return { ...standIn, scanning: scanning.promise }
  }

  const upload = (files: NonNullable<UploadOptions['files']>, more: UploadOptions = {}) =>
    jobs.upload({ ...INSPECTED, files, ...more })
  const stored = async (id: string) => {
    const found: string[] = []
    for await (const { key } of jobs.storage.list(id)) found.push(key)
    return found.sort()
  }
  const content = (api: RunningProcess, id: string, fileId: string) =>
    fetch(`${api.url}/api/jobs/${id}/files/${fileId}/content`)

  test('clean files are attached, the empty and the large ones too, and may then be read', async () => {
    const [api] = await Promise.all([start(API), start(WORKER)])
    const id = await upload({ 'a.log': 'hello\n', empty: '', large: Buffer.alloc(8 * 1024 * 1024, 'x') })
    expect(await jobs.ended(id)).toMatchObject({ status: 'completed' })
    expect(await (await content(api, id, 'f1')).text()).toBe('hello\n')
  })

  test('an infected file fails its job: its bytes are gone, nobody could read them, and it cannot be retried', async () => {
    const receiver = await startReceiver()
    const api = await start(API)
    const id = await upload({ 'a.log': 'hello\n', 'b.com': EICAR }, { callbackUrl: receiver.url })
    for (const fileId of ['f1', 'f2']) {
      const early = await content(api, id, fileId)
      expect(early.status).toBe(404)
      expect(await early.json()).toMatchObject({
        code: 'not-found',
        detail: 'The file has not been scanned for viruses, so nobody may read it.',
      })
    }
    // Somebody else is the janitor, who would remove the bytes, too.
    await jobs.redis.set(keys.alone('janitor'), 'somebody else')
    await start(WORKER)

    const error = {
      code: 'file-infected',
      fileId: 'f2',
      message: `"b.com" is infected (${SIGNATURE}). Its bytes were removed.`,
      attempts: 0,
    }
    const callback = JSON.parse((await receiver.received(1)).body.toString())
    expect(callback).toMatchObject({ type: 'job.failed', data: { job: { status: 'failed', error } } })
    await eventually(
      () => stored(id),
      keys => !keys.includes(`${id}/f-2`),
    )
    const answer = await content(api, id, 'f2')
    expect(answer.status).toBe(404)
    expect(await answer.json()).toMatchObject({ detail: 'The file is infected; its bytes were removed.' })
    const record = (await jobs.record(id))!
    expect(record.files[1]).toMatchObject({ name: 'b.com', size: EICAR.length, status: 'failed' })
    const types = (await jobs.story(id)).map(({ type }) => type)
    expect(types.slice(-2)).toEqual(['file.failed', 'job.failed'])
    expect(types).not.toContain('job.started')

    const retried = await fetch(`${api.url}/api/jobs/${id}/retry`, { method: 'POST' })
    expect(retried.status).toBe(409)
    expect(await retried.json()).toMatchObject({ code: 'job-not-retryable' })
    await receiver.close()
  })

  test('a virus is found inside what is compressed', async () => {
    await start(WORKER)
    const id = await upload({ 'a.log.gz': gzipSync(`hello\n${EICAR}`) })
    expect(await jobs.ended(id)).toMatchObject({ status: 'failed', error: { code: 'file-infected' } })
  })

  test('a scanner that is away is waited for, and told of once; the job goes on when it is back', async () => {
    await clamd.kill()
    const [api, worker] = await Promise.all([start(API), start(WORKER)])
    const id = await upload({ 'a.log': 'hello\n', 'b.log': 'world\n' })
    await jobs.putOff(2)
    expect(await jobs.record(id)).toMatchObject({ status: 'attaching', error: null })
    const readiness = () => fetch(`${api.url}/readyz`).then(answer => answer.json())
    const metrics = () => fetch(`${api.url}/metrics`).then(answer => answer.text())
    expect(await readiness()).toMatchObject({
      status: 'ok',
      checks: {
        scanner: {
          status: 'warning',
          messages: [
            'The virus scanner does not answer: files wait until it is back, and their jobs stay attaching.',
          ],
        },
      },
    })
    expect(await metrics()).toContain('\nsluice_scanner_up 0\n')

    await clamd.restart()
    await jobs.attachAgain()
    expect(await jobs.ended(id)).toMatchObject({ status: 'completed' })
    expect(await readiness()).toMatchObject({ checks: { scanner: { status: 'ok', messages: [] } } })
    expect(await metrics()).toContain('\nsluice_scanner_up 1\n')
    await worker.printed(/the virus scanner is back/)
    expect(worker.output().match(/is away/g)).toHaveLength(1)
  })

  test('a scanner that stays away fails the job as storage-unavailable; a retry finds its files', async () => {
    await clamd.kill()
    await start(WORKER, { SLUICE_ATTACH_TIMEOUT: '1s' })
    const id = await upload({ 'a.log': 'hello\n' })
    expect(await jobs.ended(id)).toMatchObject({
      status: 'failed',
      error: {
        code: 'storage-unavailable',
        message:
          'The virus scanner could not be reached for "a.log", for too long. Retry the job once it is back.',
      },
    })
    await clamd.restart()
    await jobs.transitions.retry(id, 'by hand')
    await jobs.enqueuer.addFlow((await jobs.record(id))!)
    expect(await jobs.ended(id)).toMatchObject({ status: 'completed', run: 2 })
  })

  test('a scanner that is killed in the middle of a scan has given no verdict', async () => {
    clamd.freeze()
    const worker = await start(WORKER)
    const id = await upload({ 'b.com': EICAR })
    await jobs.happened(id, 'job.submitted')
    await clamd.kill()
    await worker.printed(/is away/)
    await jobs.putOff(1)
    await clamd.restart()
    await jobs.attachAgain()
    expect(await jobs.ended(id)).toMatchObject({ status: 'failed', error: { code: 'file-infected' } })
  })

  test('a scanner that says nothing is away after SLUICE_ATTACH_TIMEOUT', async () => {
    const silent = await startSilent()
    await start(WORKER, { SLUICE_CLAMD: silent.address, SLUICE_ATTACH_TIMEOUT: '500ms' })
    const id = await upload({ 'a.log': 'hello\n' })
    expect(await jobs.ended(id)).toMatchObject({ status: 'failed', error: { code: 'storage-unavailable' } })
  })

  test('a file beyond the scanner’s limits is not passed: its job waits, and then fails with the limit’s name', async () => {
    await clamd.restart({ StreamMaxLength: '1M', AlertExceedsMax: 'yes' })
    const worker = await start(WORKER, { SLUICE_ATTACH_TIMEOUT: '1s' })
    const id = await upload({ 'big.log': Buffer.alloc(4 * 1024 * 1024, 'x') })
    await worker.printed(/does not look beyond its StreamMaxLength: raise it in clamd.conf/)
    expect(await jobs.ended(id)).toMatchObject({
      status: 'failed',
      error: {
        code: 'storage-unavailable',
        message:
          '"big.log" goes beyond what the virus scanner looks at. Raise StreamMaxLength in clamd.conf, then retry the job.',
      },
    })
  })

  test('a scanner that passes what it has not looked at is warned of, in the log and in /readyz', async () => {
    await clamd.restart({})
    const [api, worker] = await Promise.all([start(API), start(WORKER)])
    expect(await jobs.ended(await upload({ 'a.log': 'hello\n' }))).toMatchObject({ status: 'completed' })
    await worker.printed(/calls clean what is beyond its limits: set AlertExceedsMax in clamd.conf/)
    const readiness = await fetch(`${api.url}/readyz`).then(answer => answer.json())
    expect(readiness).toMatchObject({
      status: 'ok',
      checks: { scanner: { status: 'warning', messages: [expect.stringContaining('AlertExceedsMax')] } },
    })
  })

  test('a worker killed in the middle of a scan: the file is scanned by another', async () => {
    const silent = await startSilent()
    const victim = await start(WORKER, { SLUICE_CLAMD: silent.address })
    const id = await upload({ 'b.com': EICAR })
    await silent.scanning
    await victim.kill('SIGKILL')
    await start(WORKER)
    expect(await jobs.ended(id)).toMatchObject({ status: 'failed', error: { code: 'file-infected' } })
  })

  test('a worker that is stopped in the middle of a scan breaks it off and hands the file to another', async () => {
    const silent = await startSilent()
    const worker = await start(WORKER, { SLUICE_CLAMD: silent.address })
    const id = await upload({ 'a.log': 'hello\n' })
    await silent.scanning
    await worker.kill('SIGTERM')
    expect(await worker.gone).toEqual({ code: 0, signal: null })
    expect(worker.output()).not.toContain('stopped waiting')
    await start(WORKER)
    expect(await jobs.ended(id)).toMatchObject({ status: 'completed' })
  })

  test('a job that is cancelled in the middle of a scan: the scan is broken off', async () => {
    const silent = await startSilent()
    await start(WORKER, { SLUICE_CLAMD: silent.address })
    const id = await upload({ 'a.log': 'hello\n' })
    const socket = await silent.scanning
    const hungUp = new Promise(resolve => socket.once('close', resolve))
    await jobs.transitions.cancel(id)
    await hungUp
    expect(await jobs.record(id)).toMatchObject({ status: 'cancelled' })
  })
})
