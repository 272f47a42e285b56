/** What one service takes: uploads at once, bytes a second, bytes in all. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Job } from '../../src/jobs/job.ts'
import { keys } from '../../src/jobs/keys.ts'
import { draft, form, removeAll, startApi, type TestApi, upload } from '../support/api.ts'
import { bytes, connectRaw, END, file, INSPECT, uploadHead } from '../support/raw-request.ts'

const MIB = 2 ** 20
let redis: TestApi
beforeAll(async () => {
  redis = await startApi()
})
afterAll(() => redis.stop())

describe('SLUICE_MAX_UPLOADS', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startApi({ redis: redis.redis, config: { maxUploads: 1 } })
  })
  afterEach(() => removeAll(api))
  afterAll(() => api.stop())

  const body = bytes(INSPECT, file('a.log', 'hello'), END)
  /** Takes the one place, and answers who gives it back. */
  async function takePlace() {
    const connection = connectRaw(api.url)
    await connection.say(uploadHead('/api/jobs', `Content-Length: ${body.length}`))
    await connection.say(body.subarray(0, 100))
    await expect.poll(() => api.services.uploads.count()).toBe(1)
    return {
      async finish() {
        await connection.say(body.subarray(100))
        expect((await connection.answer()).status).toBe(202)
        connection.socket.destroy()
      },
      hangUp: () => connection.socket.destroy(),
    }
  }
  const large = () => {
    const data = new FormData()
    data.append('files', new Blob([new Uint8Array(20 * MIB)]), 'large.log')
    return data
  }

  test('one above is refused before anything is read or leased, and hears it though it sends much', async () => {
    const { id } = await draft(api)
    const first = await takePlace()
    const leases = (await api.jobKeys()).length
    for (const path of ['/api/jobs', `/api/jobs/${id}/files`]) {
      const response = await fetch(`${api.url}${path}`, { method: 'POST', body: large() })
      expect(await response.json()).toMatchObject({
        status: 429,
        code: 'too-many-uploads',
        detail: expect.stringContaining('SLUICE_MAX_UPLOADS'),
      })
      expect(response.headers.get('retry-after')).toMatch(/^\d+$/)
      expect(await api.jobKeys()).toHaveLength(leases)
    }
    await first.finish()
    expect((await fetch(`${api.url}/api/jobs/${id}/files`, { method: 'POST', body: large() })).status).toBe(
      201,
    )
  })

  test('a place is free again when its upload was answered, refused, or hung up', async () => {
    await (await takePlace()).finish()
    ;(await takePlace()).hangUp()
    await expect.poll(() => api.services.uploads.count()).toBe(0)
    expect((await fetch(`${api.url}/api/jobs`, { method: 'POST', body: new FormData() })).status).toBe(422)
    await upload(api)
  })

  test('everything that is no upload goes on', async () => {
    const first = await takePlace()
    expect((await fetch(`${api.url}/api/jobs`)).status).toBe(200)
    await draft(api)
    await first.finish()
  })
})

describe('SLUICE_MIN_UPLOAD_RATE', () => {
  const RATE = 64 * 1_024
  let api: TestApi
  beforeAll(async () => {
    api = await startApi({
      redis: redis.redis,
      config: { minUploadRate: RATE },
      pace: { windowMs: 600 },
    })
  })
  afterEach(() => removeAll(api))
  afterAll(() => api.stop())

  /** An upload that brings `bytes` each 20 ms until it is answered. */
  async function trickle(path: string, bytesEach: number, length = 8 * MIB) {
    const connection = connectRaw(api.url)
    await connection.say(
      uploadHead(path, `Content-Length: ${length}`),
      `${bytes(file('a.log', ''))}`.trimEnd(),
      '\r\n\r\n',
    )
    const timer = setInterval(() => connection.socket.write('x'.repeat(bytesEach)), 20)
    const answer = await connection.answer()
    clearInterval(timer)
    connection.socket.destroy()
    return answer
  }

  test('one that only looks as if it came is ended, is told why, and leaves nothing', async () => {
    const answer = await trickle('/api/jobs', 1)
    expect(answer.json()).toMatchObject({
      status: 408,
      code: 'upload-timeout',
      detail: expect.stringContaining('SLUICE_MIN_UPLOAD_RATE'),
    })
    expect(await api.jobKeys()).toEqual([])
    expect(await api.objects()).toEqual([])
    await upload(api)
  })

  test('a draft is what it was before', async () => {
    const { id } = await draft(api)
    expect((await trickle(`/api/jobs/${id}/files`, 1)).status).toBe(408)
    const response = await fetch(`${api.url}/api/jobs/${id}`)
    expect(await response.json()).toMatchObject({ status: 'draft', files: [] })
    expect(await api.objects()).toEqual([])
  })
})

describe('SLUICE_STORAGE_QUOTA', () => {
  const KIB = 1_024
  const QUOTA = 3 * MIB
  let api: TestApi
  beforeAll(async () => {
    api = await startApi({ redis: redis.redis, config: { storageQuota: QUOTA } })
  })
  beforeEach(() => api.client.del(keys.stored))
  afterEach(() => removeAll(api))
  afterAll(() => api.stop())

  const send = (bytes: number, path = '/api/jobs') =>
    fetch(`${api.url}${path}`, {
      method: 'POST',
      body: form({ 'a.log': new Uint8Array(bytes) }, path === '/api/jobs' ? { pipeline: 'inspect' } : {}),
    })
  const expectFull = async (answer: Promise<Response>) =>
    expect(await (await answer).json()).toMatchObject({
      status: 507,
      code: 'storage-full',
      detail: expect.stringContaining('SLUICE_STORAGE_QUOTA'),
    })

  test('an upload that fits is taken, the next that does not is refused and leaves nothing; deleting makes room', async () => {
    const { id } = (await (await send(QUOTA - 600 * KIB)).json()) as Job
    await expectFull(send(900 * KIB))
    expect(await api.objects()).toHaveLength(1)
    expect(await api.jobKeys()).toEqual([expect.stringContaining(id), expect.stringContaining(id)])
    await fetch(`${api.url}/api/jobs/${id}/cancel`, { method: 'POST' })
    await fetch(`${api.url}/api/jobs/${id}`, { method: 'DELETE' })
    expect((await send(900 * KIB)).status).toBe(202)
  })

  test('a draft keeps what it had, and a file that is taken out of it makes room', async () => {
    const { id } = await draft(api)
    const path = `/api/jobs/${id}/files`
    expect((await send(QUOTA - 600 * KIB, path)).status).toBe(201)
    await expectFull(send(900 * KIB, path))
    const job = (await (await fetch(`${api.url}/api/jobs/${id}`)).json()) as Job
    expect(job).toMatchObject({ status: 'draft', files: [{ id: 'f1' }] })
    await fetch(`${api.url}${path}/f1`, { method: 'DELETE' })
    expect((await send(900 * KIB, path)).status).toBe(201)
  })

  test('one whose length tells that it cannot fit, or that comes when all is used, is not even read', async () => {
    await api.client.hset(keys.stored, 'measured', QUOTA - 2 * MIB)
    const put = vi.spyOn(api.services.storage, 'put')
    await expectFull(send(5 * MIB))
    await api.client.hset(keys.stored, 'measured', QUOTA)
    const connection = connectRaw(api.url)
    await connection.say(uploadHead('/api/jobs', 'Transfer-Encoding: chunked'))
    expect((await connection.answer()).status).toBe(507)
    connection.socket.destroy()
    expect(put).not.toHaveBeenCalled()
    put.mockRestore()
  })

  test('uploads at once never get more together, and every byte of the others is gone', async () => {
    const size = 400 * KIB
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(size)))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter(status => status === 202)).toHaveLength(Math.floor(QUOTA / size))
    expect(new Set(statuses)).toEqual(new Set([202, 507]))
    expect(await api.objects()).toHaveLength(Math.floor(QUOTA / size))
    const metrics = await (await fetch(`${api.url}/metrics`)).text()
    expect(metrics).toContain(`sluice_stored_bytes ${Math.floor(QUOTA / size) * size}`)
  })
})

describe('a body longer than all files that a request may bring', () => {
  const MAX_FILE_SIZE = 32 * MIB
  let api: TestApi
  beforeAll(async () => {
    api = await startApi({ redis: redis.redis, config: { maxFileSize: MAX_FILE_SIZE, maxFiles: 2 } })
  })
  afterEach(() => removeAll(api))
  afterAll(() => api.stop())

  /** Says only how much would come. */
  async function announce(path: string, length: number) {
    const connection = connectRaw(api.url)
    await connection.say(uploadHead(path, `Content-Length: ${length}`))
    const answer = await connection.answer()
    connection.socket.destroy()
    return answer
  }
  const addFile = (id: string) =>
    fetch(`${api.url}/api/jobs/${id}/files`, { method: 'POST', body: form({ 'a.log': 'a' }) })

  test('is refused before it is read, by what there is still room for', async () => {
    const { id } = await draft(api)
    const [path, length] = [`/api/jobs/${id}/files`, 2 * MAX_FILE_SIZE + 2 * MIB]
    expect((await announce('/api/jobs', length)).json()).toMatchObject({
      status: 413,
      code: 'request-too-large',
    })
    expect((await announce(path, length)).json()).toMatchObject({ code: 'request-too-large' })
    await addFile(id)
    expect((await announce(path, length)).json()).toMatchObject({ status: 413, code: 'file-too-large' })
    await addFile(id)
    expect((await announce(path, length)).json()).toMatchObject({ status: 413, code: 'too-many-files' })
    expect(await api.objects()).toHaveLength(2)
  })
})
