/** Open uploads: files of a draft that are still to come. */
import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readLog } from '../../src/jobs/events.ts'
import type { TusUpload } from '../../src/jobs/job.ts'
import { keys } from '../../src/jobs/keys.ts'
import { createLeases, type Lease } from '../../src/jobs/leases.ts'
import { formatUploadId, parseUploadId, readUpload } from '../../src/jobs/open-uploads.ts'
import { readRecord } from '../../src/jobs/record.ts'
import { createTransitions, isRefused, type Transitions } from '../../src/jobs/transitions.ts'
import { createUploadLocks } from '../../src/jobs/upload-lock.ts'
import { request, uploaded } from '../support/records.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'

let server: TestRedis
let redis: Redis
let transitions: Transitions

beforeAll(async () => {
  server = await startTestRedis()
  redis = new Redis(server.url)
  transitions = createTransitions(redis)
})
beforeEach(() => redis.flushall())
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})

const HOUR = 3_600_000
const upload = (id: string, overrides: Partial<TusUpload> = {}): TusUpload => ({
  kind: 'tus',
  name: 'a.log',
  size: 3,
  type: 'text/plain',
  key: `${id}/f-1`,
  submit: false,
  metadata: 'filename YS5sb2c=',
  ...overrides,
})
const draft = async () => {
  const wanted = request()
  await transitions.create(wanted, randomUUID(), { lease: null, files: [], submit: false })
  return wanted.id
}
const open = async (
  id: string,
  overrides: Partial<TusUpload> = {},
  lives = HOUR,
  token: string = randomUUID(),
) => {
  const opened = await transitions.openUpload({
    id,
    token,
    maxFiles: 3,
    upload: upload(id, overrides),
    lives,
  })
  if (isRefused(opened)) throw new Error(opened.refused)
  return opened.fileId
}
const lease = async (id: string): Promise<Lease> => {
  const taken = await createLeases(redis).take(id, 'draft')
  if ('refused' in taken) throw new Error(taken.refused)
  return taken
}
const file = { ...uploaded('a.log'), metadata: 'filename YS5sb2c=' }
const complete = async (id: string, fileId: string) =>
  transitions.completeUpload({ id, fileId, lease: (await lease(id)).token, file })
const story = async (id: string) => (await readLog(redis, id, null, 100)).map(event => event.type)
const status = async (id: string) => (await readRecord(redis, id))?.status

describe('an open upload', () => {
  test('is made with its draft, in one', async () => {
    const wanted = request()
    const open = { upload: upload(wanted.id), lives: HOUR }
    const make = () => transitions.create(wanted, 'token', { lease: null, files: [], submit: false, open })
    const made = await make()
    expect(isRefused(made) ? null : made.record.uploads).toEqual([open.upload])
    // The client sends its script again when the reply was lost.
    await make()
    expect(await redis.zrange(keys.uploads, '0', '-1')).toEqual([`${wanted.id}_f1`])
    expect(await story(wanted.id)).toEqual(['job.created'])
  })

  test('is opened once, however often its script is sent', async () => {
    const id = await draft()
    const token = randomUUID()
    expect(await open(id, {}, HOUR, token)).toBe('f1')
    expect(await open(id, {}, HOUR, token)).toBe('f1')
    expect(await redis.zcard(keys.uploads)).toBe(1)
    expect((await readRecord(redis, id))?.uploads).toHaveLength(1)
  })

  test('counts as a file: neither another one nor an added file gets its place', async () => {
    const id = await draft()
    const opened = [await open(id), await open(id), await open(id)]
    expect(opened).toEqual(['f1', 'f2', 'f3'])
    await expect(open(id)).rejects.toThrow('too-many-files')
    const add = async () =>
      transitions.addFiles({
        id,
        token: randomUUID(),
        lease: (await lease(id)).token,
        maxFiles: 3,
        files: [uploaded('b.log')],
      })
    expect(await add()).toEqual({ refused: 'too-many-files' })
    await transitions.dropUpload({ id, fileId: 'f2' })
    expect(await add()).toEqual({ added: ['f4'] })
    expect(await complete(id, 'f3')).toEqual({ submitted: false })
    expect((await readRecord(redis, id))?.files.map(each => each.id)).toEqual(['f4', 'f3'])
  })

  test('is opened in a draft only', async () => {
    await expect(open('none')).rejects.toThrow('gone')
    const id = await draft()
    await transitions.cancel(id)
    await expect(open(id)).rejects.toThrow('job-not-draft')
  })

  test('lives on, and its draft with it, while bytes come', async () => {
    const id = await draft()
    const fileId = await open(id, {}, 1_000)
    await redis.zadd(keys.drafts, 1, id)
    const answer = await transitions.continueUpload({ id, fileId, lives: HOUR })
    const state = await readUpload(redis, { jobId: id, fileId })
    expect(answer).toEqual({ expiresAt: state?.expiresAt })
    expect(state?.expiresAt).toBeGreaterThan(Date.now() + HOUR / 2)
    expect(Number(await redis.zscore(keys.drafts, id))).toBeGreaterThan(1)
  })

  test('remembers from where on its bytes are still to be checked', async () => {
    const id = await draft()
    const fileId = await open(id)
    const unchecked = async () => (await readUpload(redis, { jobId: id, fileId }))?.uncheckedFrom
    await transitions.continueUpload({ id, fileId, lives: HOUR, unchecked: 2 })
    expect(await unchecked()).toBe(2)
    await transitions.continueUpload({ id, fileId, lives: HOUR })
    expect(await unchecked()).toBe(2)
    await transitions.continueUpload({ id, fileId, lives: HOUR, checked: true })
    expect(await unchecked()).toBeNull()
  })
})

describe('its completion', () => {
  test('names the file, under the id that it was promised, and tells of it once', async () => {
    const id = await draft()
    const fileId = await open(id)
    const { token } = await lease(id)
    const again = () => transitions.completeUpload({ id, fileId, lease: token, file })
    expect(await again()).toEqual({ submitted: false })
    expect(await again()).toEqual({ submitted: false })
    expect(await story(id)).toEqual(['job.created', 'file.uploaded'])
    const record = await readRecord(redis, id)
    expect(record).toMatchObject({ status: 'draft', uploads: [], files: [{ id: 'f1', status: 'uploaded' }] })
    expect(await redis.zcard(keys.uploads)).toBe(0)
    expect(await redis.zcard(keys.leases(id))).toBe(0)
  })

  test('submits the job where that was asked for: one script, one flow', async () => {
    const id = await draft()
    const fileId = await open(id, { submit: true })
    expect(await complete(id, fileId)).toEqual({ submitted: true })
    expect(await status(id)).toBe('attaching')
    expect(await redis.zrange(keys.outbox, '0', '-1')).toEqual([`flow:${id}:1`])
    expect(await story(id)).toEqual(['job.created', 'file.uploaded', 'job.submitted'])
    expect(await transitions.completeUpload({ id, fileId, lease: 'any', file })).toEqual({ submitted: false })
    expect(await redis.zcard(keys.outbox)).toBe(1)
  })

  test('I1: does not submit beneath another upload, and then changes nothing', async () => {
    const id = await draft()
    const fileId = await open(id, { submit: true })
    const other = await lease(id)
    expect(await complete(id, fileId)).toEqual({ refused: 'uploads-in-progress' })
    expect(await readRecord(redis, id)).toMatchObject({ status: 'draft', files: [], uploads: [{ size: 3 }] })
    await other.release()
    await redis.del(keys.leases(id))
    expect(await complete(id, fileId)).toEqual({ submitted: true })
  })

  test('is refused without a lease, after a submit, and where the upload was given up', async () => {
    const id = await draft()
    const fileId = await open(id)
    expect(await transitions.completeUpload({ id, fileId, lease: 'none', file })).toEqual({
      refused: 'lease-lost',
    })
    const { token } = await lease(id)
    await redis.zadd(keys.leases(id), 1, token)
    expect(await transitions.completeUpload({ id, fileId, lease: token, file })).toEqual({
      refused: 'lease-lost',
    })
    await transitions.dropUpload({ id, fileId })
    expect(await complete(id, fileId)).toEqual({ refused: 'no-such-upload' })

    const late = await open(id)
    const held = await lease(id)
    await transitions.cancel(id)
    expect(await transitions.completeUpload({ id, fileId: late, lease: held.token, file })).toEqual({
      refused: 'job-not-draft',
    })
    expect(await transitions.continueUpload({ id, fileId: late, lives: HOUR })).toEqual({
      refused: 'job-not-draft',
    })
    expect((await readRecord(redis, id))?.files).toEqual([])
  })
})

describe('its end without a file', () => {
  test('answers what it was, once', async () => {
    const id = await draft()
    const fileId = await open(id)
    expect(await transitions.dropUpload({ id, fileId })).toEqual({ upload: upload(id) })
    expect(await transitions.dropUpload({ id, fileId })).toEqual({ refused: 'no-such-upload' })
    expect(await readRecord(redis, id)).toMatchObject({ status: 'draft', uploads: [] })
  })

  test('by age: only past its time, and never under a request that is at its draft', async () => {
    const id = await draft()
    const fileId = await open(id)
    const drop = () => transitions.dropUpload({ id, fileId, expired: true })
    expect(await drop()).toEqual({ refused: 'not-expired' })
    await redis.zadd(keys.uploads, 1, `${id}_${fileId}`)
    const held = await lease(id)
    expect(await drop()).toEqual({ refused: 'uploads-in-progress' })
    await held.release()
    expect(await drop()).toHaveProperty('upload')
  })

  test('comes at any time once its job is no draft any more', async () => {
    const id = await draft()
    const fileId = await open(id)
    await transitions.cancel(id)
    expect(await transitions.dropUpload({ id, fileId, expired: true })).toHaveProperty('upload')
  })

  test('comes with the end of its draft, and leaves no trace in the index', async () => {
    const id = await draft()
    const fileId = await open(id)
    await transitions.delete({ id, token: randomUUID() })
    expect(await redis.zcard(keys.uploads)).toBe(0)
    await redis.zadd(keys.uploads, 1, `${id}_${fileId}`)
    expect(await transitions.dropUpload({ id, fileId, expired: true })).toEqual({ refused: 'gone' })
    expect(await redis.zcard(keys.uploads)).toBe(0)
  })
})

test('an id names a job and a file, and nothing else passes for one', () => {
  const id = { jobId: '0198f6c2-0000-7000-8000-000000000000', fileId: 'f12' }
  expect(parseUploadId(formatUploadId(id))).toEqual(id)
  for (const wrong of ['', 'f1', '_f1', 'a_', 'a_f', 'a_x1', 'a:b_f1', 'a_f1_f2', `a_f${'1'.repeat(20)}`]) {
    expect(parseUploadId(wrong), wrong).toBeNull()
  }
})

describe('the lock on an upload', () => {
  const unmoved = () => undefined

  test('is one request’s at a time; who waits is told to its holder, and gets it next', async () => {
    const locks = createUploadLocks(redis)
    const wanted = Promise.withResolvers<void>()
    const first = await locks.take('a_f1', { patience: 0, letGo: wanted.resolve })
    expect(await locks.take('a_f1', { patience: 0, letGo: unmoved })).toBeNull()
    const second = locks.take('a_f1', { patience: 60_000, letGo: unmoved })
    await wanted.promise
    await first!.release()
    expect(await second).not.toBeNull()
    const other = await locks.take('a_f2', { patience: 0, letGo: unmoved })
    expect(other).not.toBeNull()
    await other!.release()
    await (await second)!.release()
  })

  test('that a dead process held runs out', async () => {
    const locks = createUploadLocks(redis)
    await redis.set(keys.uploadLock('a_f1'), 'of a dead process', 'PX', 200)
    const lock = await locks.take('a_f1', { patience: 60_000, letGo: unmoved })
    expect(lock).not.toBeNull()
    await lock!.release()
  })

  test('that was lost is told to who believes to hold it, and is not released under its new holder', async () => {
    const locks = createUploadLocks(redis)
    const lost = Promise.withResolvers<void>()
    const frozen = await locks.take('a_f1', { patience: 0, letGo: lost.resolve })
    await redis.set(keys.uploadLock('a_f1'), 'another')
    await lost.promise
    await frozen!.release()
    expect(await redis.get(keys.uploadLock('a_f1'))).toBe('another')
  })
})
