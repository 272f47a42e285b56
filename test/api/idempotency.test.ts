/** I2: one upload, one job, however often and concurrently it is sent with its key, and whatever dies in between. */
import { connect, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createIdempotency, RESERVATION_MS } from '../../src/jobs/idempotency.ts'
import type { Job } from '../../src/jobs/job.ts'
import { keys } from '../../src/jobs/keys.ts'
import { draft, form, removeAll, startApi, type TestApi } from '../support/api.ts'
import { API, type RunningProcess, startProcess } from '../support/processes.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { callsScript, startRedisProxy } from '../support/redis-proxy.ts'
import { storedKeys } from '../support/stored-keys.ts'
import { createUploader, type Uploader } from '../support/uploader.ts'

let redis: TestRedis
let api: TestApi
/** Another process of the same service, as far as Redis can tell. */
let other: TestApi

beforeAll(async () => {
  redis = await startTestRedis()
  api = await startApi({ redis })
  other = await startApi({ redis })
})
afterEach(async () => {
  await removeAll(api)
  const left = await api.client.keys('{sluice}:idempotency:*')
  if (left.length > 0) await api.client.del(...left)
})
afterAll(async () => {
  await Promise.all([api.stop(), other.stop()])
  await redis.stop()
})

const FILES = { 'a.log': 'hello\n', 'b.log': 'world\n' }

function upload(
  key: string,
  fields: Readonly<Record<string, string | readonly string[]>> = {},
  files: Readonly<Record<string, string>> = FILES,
  at: Pick<TestApi, 'url'> = api,
): Promise<Response> {
  return fetch(`${at.url}/api/jobs`, {
    method: 'POST',
    body: form(files, { pipeline: 'inspect', ...fields }),
    headers: { 'idempotency-key': key },
  })
}

/** One file, of which the end comes when it is told to. */
function beginUpload(key: string, at: Pick<TestApi, 'url'> = api) {
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>()
  const body = new ReadableStream({
    async start(controller) {
      controller.enqueue(
        Buffer.from('--b\r\nContent-Disposition: form-data; name="files"; filename="a.log"\r\n\r\nhello'),
      )
      await finished
      controller.enqueue(Buffer.from('\r\n--b--\r\n'))
      controller.close()
    },
  })
  const answer = fetch(`${at.url}/api/jobs`, {
    method: 'POST',
    body,
    duplex: 'half',
    headers: { 'content-type': 'multipart/form-data; boundary=b', 'idempotency-key': key },
  } as RequestInit)
  return { answer, finish }
}

const openDraft = (key: string, body: object) =>
  fetch(`${api.url}/api/jobs`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
  })
const addFiles = (id: string, key: string, files: Readonly<Record<string, string>> = FILES, at = api) =>
  fetch(`${at.url}/api/jobs/${id}/files`, {
    method: 'POST',
    body: form(files),
    headers: { 'idempotency-key': key },
  })
const submit = (id: string, key: string, at = api) =>
  fetch(`${at.url}/api/jobs/${id}/submit`, { method: 'POST', headers: { 'idempotency-key': key } })
const job = async (answer: Response) => (await answer.json()) as Job
const jobCount = () => api.client.zcard(keys.jobs)
const keyCount = async () => (await api.client.keys('{sluice}:idempotency:*')).length

async function expectProblem(answer: Response, status: number, code: string): Promise<void> {
  expect(await answer.json()).toMatchObject({ status, code })
}

describe('a repeated upload', () => {
  test('makes no second job, stores nothing, and is answered as the first, with the job as it is now', async () => {
    const first = await upload('k', { metadata: '{"a":1,"b":2}' })
    expect(first.status).toBe(202)
    expect(first.headers.get('idempotent-replayed')).toBeNull()
    const made = await job(first)
    await fetch(`${api.url}/api/jobs/${made.id}/cancel`, { method: 'POST' })
    const stored = await api.objects()

    const repeat = await upload('k', { metadata: '{"a":1,"b":2}' }, FILES, other)
    expect(repeat.status).toBe(202)
    expect(repeat.headers.get('idempotent-replayed')).toBe('true')
    expect(repeat.headers.get('location')).toBe(`/api/jobs/${made.id}`)
    expect(await job(repeat)).toMatchObject({ id: made.id, status: 'cancelled' })
    expect(await jobCount()).toBe(1)
    expect(await api.objects()).toEqual(stored)
    expect(await other.objects()).toEqual([])
  })

  test('is the same with its key quoted, its fields in another order, and its defaults spelt out', async () => {
    const made = await job(await upload('a key', { metadata: '{"a":{"x":1,"y":2}}' }))
    const repeat = await upload('"a key"', { metadata: ' {"a": {"y": 2, "x": 1}}', priority: '0' })
    expect(await job(repeat)).toMatchObject({ id: made.id })
    expect(repeat.headers.get('idempotent-replayed')).toBe('true')
  })

  test.each<[string, Record<string, string>, Record<string, string>]>([
    ['another field', { priority: '1' }, FILES],
    ['other metadata', { metadata: '{"a":2}' }, FILES],
    ['other bytes', {}, { ...FILES, 'b.log': 'WORLD\n' }],
    ['another name', {}, { 'a.log': 'hello\n', 'c.log': 'world\n' }],
    ['another order of files', {}, { 'b.log': 'world\n', 'a.log': 'hello\n' }],
    ['a file less', {}, { 'a.log': 'hello\n' }],
  ])('with %s is refused', async (_, fields, files) => {
    await upload('k')
    await expectProblem(await upload('k', fields, files), 422, 'idempotency-key-reused')
    expect(await jobCount()).toBe(1)
  })

  test('as JSON under the key of a multipart one is other content', async () => {
    await upload('k')
    await expectProblem(await openDraft('k', { pipeline: 'inspect' }), 422, 'idempotency-key-reused')
  })

  test('of a job that was deleted is not found, and told what to do', async () => {
    const { id } = await job(await upload('k'))
    await fetch(`${api.url}/api/jobs/${id}/cancel`, { method: 'POST' })
    await fetch(`${api.url}/api/jobs/${id}`, { method: 'DELETE' })
    const again = await upload('k')
    expect(await again.clone().json()).toMatchObject({ detail: expect.stringContaining('use another key') })
    await expectProblem(again, 404, 'not-found')
    expect(await jobCount()).toBe(0)
  })

  test('sent fifty times at once to two processes makes one job; each is told of it, or that it is under way', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => upload('k', {}, FILES, index % 2 ? api : other)),
    )
    const bodies = await Promise.all(answers.map(each => each.json() as Promise<Job & { code?: string }>))
    const ids = new Set(bodies.filter((_, at) => answers[at]!.status === 202).map(({ id }) => id))
    expect(ids.size).toBe(1)
    for (const [at, { status, headers }] of answers.entries()) {
      if (status === 202) continue
      expect(bodies[at]).toMatchObject({ status: 409, code: 'idempotency-in-progress' })
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    }
    expect(await jobCount()).toBe(1)
    expect([...(await api.objects()), ...(await other.objects())]).toHaveLength(2)
  })

  test('waits for the job as the first would, where it is asked to', async () => {
    const { id } = await job(await upload('k'))
    const waiting = fetch(`${api.url}/api/jobs`, {
      method: 'POST',
      body: form(FILES, { pipeline: 'inspect' }),
      headers: { 'idempotency-key': 'k', prefer: 'wait=60' },
    })
    await expect.poll(() => api.services.feed.clients()).toBeGreaterThan(0)
    await fetch(`${api.url}/api/jobs/${id}/cancel`, { method: 'POST' })
    const answer = await waiting
    expect(answer.headers.get('preference-applied')).toBe('wait=60')
    expect(await job(answer)).toMatchObject({ id, status: 'cancelled' })
  })

  test('is taken to its end by a process that is told to stop, as a first one is', async () => {
    const leaving = await startApi({ redis })
    const first = beginUpload('k')
    first.finish()
    const made = await job(await first.answer)
    const repeat = beginUpload('k', leaving)
    await expect.poll(() => leaving.services.uploads.count()).toBe(1)
    const stopped = leaving.stop(60_000)
    expect(leaving.services.closing.aborted).toBe(true)
    repeat.finish()
    expect(await job(await repeat.answer)).toMatchObject({ id: made.id })
    await stopped
  })

  test('is held to the same limits as the first', async () => {
    const small = await startApi({ redis, config: { maxFileSize: 5 } })
    try {
      const made = await upload('k', {}, { 'a.log': 'hello' }, small)
      expect(made.status).toBe(202)
      await expectProblem(await upload('k', {}, { 'a.log': 'hello!' }, small), 413, 'file-too-large')
    } finally {
      await small.stop()
    }
  })
})

describe('a key', () => {
  test('is free at once after a refusal', async () => {
    await expectProblem(await upload('k', { colour: 'red' }), 400, 'invalid-request')
    expect(await keyCount()).toBe(0)
    expect((await upload('k')).status).toBe(202)
  })

  test('belongs to its path', async () => {
    const [one, two] = [await draft(api), await draft(api)]
    expect((await addFiles(one.id, 'k')).status).toBe(201)
    expect((await addFiles(two.id, 'k', { 'c.log': 'c' })).status).toBe(201)
    expect((await submit(one.id, 'k')).headers.get('idempotent-replayed')).toBeNull()
  })

  test('belongs to its caller', async () => {
    const key = (name: string) => ({ name, role: 'uploader', key: `${name}-secret-0123456789` }) as const
    const guarded = await startApi({ redis, config: { apiKeys: [key('ann'), key('bob')] } })
    try {
      const as = async (name: string) => {
        const answer = await fetch(`${guarded.url}/api/jobs`, {
          method: 'POST',
          body: form(FILES, { pipeline: 'inspect' }),
          headers: { authorization: `Bearer ${name}-secret-0123456789`, 'idempotency-key': 'k' },
        })
        return job(answer)
      }
      const [ann, bob, again] = [await as('ann'), await as('bob'), await as('ann')]
      expect(again.id).toBe(ann.id)
      expect(bob.id).not.toBe(ann.id)
      expect(bob.owner).toBe('bob')
    } finally {
      await guarded.stop()
    }
  })

  test.each([
    ['is empty', ' '],
    ['is an empty string', '""'],
    ['is too long', 'k'.repeat(256)],
    ['holds what cannot be printed', 'k\u00e9'],
  ])('that %s is refused by name', async (_, key) => {
    const answer = await upload(key)
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({
      code: 'invalid-request',
      errors: [{ parameter: 'Idempotency-Key' }],
    })
    expect(await jobCount()).toBe(0)
  })

  test('of 255 characters is taken, and kept as nothing that a client chose', async () => {
    expect((await upload('~'.repeat(255))).status).toBe(202)
    const [name] = await api.client.keys('{sluice}:idempotency:*')
    expect(name).toMatch(/^\{sluice\}:idempotency:[0-9a-f]{64}$/)
    expect(await api.client.pttl(name!)).toBeGreaterThan(23 * 3_600_000)
  })

  test('stays reserved as long as its upload lives, and no longer', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    try {
      const idempotency = createIdempotency(api.client)
      const held = await idempotency.reserve('k')
      if (held === 'in-progress' || 'answer' in held) throw new Error('it is free')
      await api.client.pexpire(keys.idempotency('k'), 10_000)
      await vi.advanceTimersByTimeAsync(RESERVATION_MS / 3)
      await expect.poll(() => api.client.pttl(keys.idempotency('k'))).toBeGreaterThan(20_000)
      expect(await idempotency.reserve('k')).toBe('in-progress')
      await held.free()
      expect(vi.getTimerCount()).toBe(0)
      expect(await keyCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  test('that ran out under its upload makes no job: another may have made it', async () => {
    const slow = beginUpload('k')
    await expect.poll(keyCount).toBe(1)
    const [name] = await api.client.keys('{sluice}:idempotency:*')
    await api.client.del(name!)
    const made = await job(await upload('k'))
    slow.finish()
    await expectProblem(await slow.answer, 409, 'idempotency-in-progress')
    expect(await jobCount()).toBe(1)
    expect(await api.objects()).toHaveLength(2)
    expect(await job(await upload('k'))).toMatchObject({ id: made.id })
  })
})

describe('a draft', () => {
  test('is opened once', async () => {
    const first = await job(await openDraft('k', { pipeline: 'inspect', metadata: { a: 1, b: 2 } }))
    const repeat = await openDraft('k', { metadata: { b: 2, a: 1 }, pipeline: 'inspect' })
    expect(repeat.status).toBe(201)
    expect(repeat.headers.get('idempotent-replayed')).toBe('true')
    expect(repeat.headers.get('location')).toBe(`/api/jobs/${first.id}`)
    expect(await job(repeat)).toMatchObject({ id: first.id })
    await expectProblem(await openDraft('k', { pipeline: 'log-analysis' }), 422, 'idempotency-key-reused')
    expect(await jobCount()).toBe(1)
  })

  test('is given files once, also where it has been submitted meanwhile', async () => {
    const { id } = await draft(api)
    const first = (await (await addFiles(id, 'k')).json()) as Pick<Job, 'files'>
    expect(first.files.map(({ id }) => id)).toEqual(['f1', 'f2'])
    const again = await addFiles(id, 'k', FILES, other)
    expect(again.status).toBe(201)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(await again.json()).toEqual(first)
    await expectProblem(await addFiles(id, 'k', { 'c.log': 'c' }), 422, 'idempotency-key-reused')

    await fetch(`${api.url}/api/jobs/${id}/files/f1`, { method: 'DELETE' })
    await submit(id, 's')
    expect(await (await addFiles(id, 'k')).json()).toMatchObject({ files: [{ id: 'f2' }] })
    expect(await api.objects()).toHaveLength(1)
  })

  test('that is full takes the repeat of what filled it', async () => {
    const tight = await startApi({ redis, config: { maxFiles: 2 } })
    try {
      const { id } = await draft(api)
      expect((await addFiles(id, 'k', FILES, tight)).status).toBe(201)
      expect((await addFiles(id, 'k', FILES, tight)).status).toBe(201)
      await expectProblem(await addFiles(id, 'l', { 'c.log': 'c' }, tight), 413, 'too-many-files')
    } finally {
      await tight.stop()
    }
  })

  test('is submitted once, and a refusal is not kept', async () => {
    const { id } = await draft(api)
    await expectProblem(await submit(id, 'k'), 409, 'no-files')
    await addFiles(id, 'f')
    const [first, repeat] = [await submit(id, 'k'), await submit(id, 'k', other)]
    expect([first.status, repeat.status]).toEqual([202, 202])
    expect(repeat.headers.get('idempotent-replayed')).toBe('true')
    expect(await job(repeat)).toMatchObject({ id, status: 'attaching' })
  })

  test('that is submitted while the repeat comes in is shown to it as submitted', async () => {
    const { id } = await draft(api)
    await addFiles(id, 'f')
    const { idempotency } = api.services
    const reserve = vi.spyOn(idempotency, 'reserve').mockImplementationOnce(async key => {
      await submit(id, 'k', other)
      return idempotency.reserve(key)
    })
    const repeat = await submit(id, 'k')
    reserve.mockRestore()
    expect(repeat.headers.get('idempotent-replayed')).toBe('true')
    expect(await job(repeat)).toMatchObject({ id, status: 'attaching' })
  })
})

describe('a process that dies', () => {
  let jobs: Uploader
  const running: RunningProcess[] = []
  beforeEach(async () => {
    jobs = await createUploader(redis.url)
  })
  afterEach(async () => {
    await Promise.all(running.splice(0).map(each => each.kill('SIGKILL')))
    await jobs.close()
  })
  async function start(redisUrl: string): Promise<RunningProcess> {
    const process = await startProcess(API, { ...jobs.env, REDIS_URL: redisUrl })
    running.push(process)
    return process
  }
  const stored = () => storedKeys(jobs.storage)

  test.each([
    ['before', 'its job is made: the key is taken until it runs out, then the repeat makes the one job', 0],
    ['after', 'its job is made, and before it answers: the repeat is given that job', 1],
  ] as const)('right %s %s', async (when, _, made) => {
    const proxy = await startRedisProxy(redis.port)
    const create = callsScript('history', 'prelude', 'audit', 'draft', 'idempotency', 'create')
    const victim = await start(proxy.url)
    const reached = proxy.stopAt(command => (create(command) ? when : 'pass'))
    const lost = upload('k', {}, FILES, victim).catch(() => 'lost')
    await reached
    await victim.kill('SIGKILL')
    expect(await lost).toBe('lost')
    await proxy.close()

    expect(await jobCount()).toBe(made)
    const survivor = await start(redis.url)
    if (made === 0) {
      await expectProblem(await upload('k', {}, FILES, survivor), 409, 'idempotency-in-progress')
      const [name] = await api.client.keys('{sluice}:idempotency:*')
      const left = await api.client.pttl(name!)
      expect(left).toBeGreaterThan(0)
      expect(left).toBeLessThanOrEqual(RESERVATION_MS)
      // Time passes.
      await api.client.del(name!)
    }
    const repeat = await upload('k', {}, FILES, survivor)
    expect(repeat.status).toBe(202)
    expect(repeat.headers.get('idempotent-replayed')).toBe(made === 1 ? 'true' : null)
    expect(await jobCount()).toBe(1)
    const claimed = (await jobs.record((await job(repeat)).id))!.files.map(({ key }) => key)
    expect(await stored()).toEqual(expect.arrayContaining(claimed))
  })

  test('a client that hangs up in the middle frees its key at once', async () => {
    const socket: Socket = connect(Number(new URL(api.url).port), '127.0.0.1')
    socket.write(
      'POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: k\r\nTransfer-Encoding: chunked\r\n' +
        'Content-Type: multipart/form-data; boundary=b\r\n\r\n',
    )
    await expect.poll(keyCount).toBe(1)
    await expectProblem(await upload('k'), 409, 'idempotency-in-progress')
    socket.destroy()
    await expect.poll(keyCount).toBe(0)
    expect((await upload('k')).status).toBe(202)
  })
})
