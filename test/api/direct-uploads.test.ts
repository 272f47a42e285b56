/** Uploads past the API, straight to S3. */
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Job } from '../../src/jobs/job.ts'
import { keys } from '../../src/jobs/keys.ts'
import { isOnS3 } from '../../src/storage/on-s3.ts'
import { createDirectUploads } from '../../src/storage/s3-direct.ts'
import { createJanitor } from '../../src/workers/janitor.ts'
import { draft, silent, startApi, type TestApi } from '../support/api.ts'
import { makeBucket, type S3Server } from '../support/s3-server.ts'
import { findSwift, startSwift } from '../support/swift.ts'
import { createTus } from '../support/tus.ts'

const MiB = 2 ** 20
const BYTES = randomBytes(100_000)
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const swift = await findSwift()

interface Presigned {
  fileId: string
  method: string
  url: string
  expiresAt: string
}

test('where the storage is no S3, there are none', async () => {
  const api = await startApi()
  try {
    const { id } = await draft(api)
    const body = { name: 'a.log', size: 1, sha256: sha256(BYTES) }
    const refused = await post(api, `/api/jobs/${id}/files/presign`, body)
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([
      409,
      'storage-not-s3',
    ])
    expect((await post(api, `/api/jobs/${id}/files/f1/complete`, {})).status).toBe(409)
  } finally {
    await api.stop()
  }
})

function post(api: TestApi, path: string, body: object): Promise<Response> {
  return fetch(`${api.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

describe.skipIf(!swift)('an upload straight to S3', () => {
  let server: S3Server
  let api: TestApi
  let id: string

  beforeAll(async () => {
    server = await startSwift(swift!)
    api = await startApi({ config: { storage: await makeBucket(server), maxFiles: 3 } })
  })
  afterAll(async () => {
    await api?.stop()
    await server?.stop()
  })
  beforeEach(async () => {
    await janitor().sweep()
    id = (await draft(api)).id
  })

  const janitor = () =>
    createJanitor({ ...api.services, log: silent, retention: 3_600_000, draftTtl: 3_600_000 })
  const presign = async (body: object = {}) => {
    const wanted = {
      name: 'a.bin',
      size: BYTES.length,
      sha256: sha256(BYTES),
      type: 'application/x-a',
      ...body,
    }
    const response = await post(api, `/api/jobs/${id}/files/presign`, wanted)
    expect(response.status).toBe(201)
    return (await response.json()) as Presigned
  }
  const put = async (url: string, bytes: Uint8Array<ArrayBuffer>) => {
    const response = await fetch(url, { method: 'PUT', body: bytes })
    expect(response.status).toBe(200)
    return response.headers.get('etag')!
  }
  const complete = (fileId: string, body: object = {}) =>
    post(api, `/api/jobs/${id}/files/${fileId}/complete`, body)
  const code = async (response: Response) => [
    response.status,
    ((await response.json()) as { code: string }).code,
  ]
  const job = async () => (await (await fetch(`${api.url}/api/jobs/${id}`)).json()) as Job
  const stored = async () => {
    const found: string[] = []
    for await (const { key } of api.services.storage.list(id)) found.push(key)
    return found
  }

  test('is a file once it was looked at, and nothing that is put afterwards changes it', async () => {
    const { fileId, url, method, expiresAt } = await presign()
    expect(method).toBe('PUT')
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now())
    await put(url, BYTES)
    expect((await job()).files).toEqual([])
    const done = await complete(fileId)
    expect(done.status).toBe(201)
    const file = {
      id: fileId,
      name: 'a.bin',
      size: BYTES.length,
      type: 'application/x-a',
      sha256: sha256(BYTES),
      status: 'uploaded',
    }
    expect(await done.json()).toEqual(file)
    expect((await job()).files).toEqual([file])
    // The URL is still good.
    await put(url, randomBytes(BYTES.length))
    const content = await fetch(`${api.url}/api/jobs/${id}/files/${fileId}/content`)
    expect(Buffer.from(await content.arrayBuffer()).equals(BYTES)).toBe(true)
    // Asked again by who did not hear.
    expect((await complete(fileId)).status).toBe(201)
    expect((await job()).files).toHaveLength(1)
    await janitor().sweep()
    expect(await stored()).toHaveLength(1)
  })

  test('of other bytes, or another size, does not count; put right, it does', async () => {
    const { fileId, url } = await presign()
    expect(await code(await complete(fileId))).toEqual([422, 'checksum-mismatch'])
    await put(url, randomBytes(BYTES.length))
    expect(await code(await complete(fileId))).toEqual([422, 'checksum-mismatch'])
    await put(url, BYTES.subarray(1))
    expect(await code(await complete(fileId))).toEqual([422, 'checksum-mismatch'])
    expect((await job()).files).toEqual([])
    expect(await stored()).toHaveLength(1)
    await put(url, BYTES)
    expect((await complete(fileId)).status).toBe(201)
    expect(await stored()).toHaveLength(1)
  })

  test('counts as one of the draft’s files from the beginning', async () => {
    for (const name of ['a', 'b', 'c']) await presign({ name })
    const refused = await post(api, `/api/jobs/${id}/files/presign`, {
      name: 'd',
      size: 1,
      sha256: sha256(BYTES),
    })
    expect(await code(refused)).toEqual([413, 'too-many-files'])
  })

  test('I1: holds no lease: the draft is submitted without it, and its completion comes too late', async () => {
    const first = await presign({ name: 'first' })
    const late = await presign({ name: 'late' })
    await put(first.url, BYTES)
    await put(late.url, BYTES)
    expect((await complete(first.fileId)).status).toBe(201)
    expect((await fetch(`${api.url}/api/jobs/${id}/submit`, { method: 'POST' })).status).toBe(202)
    expect(await code(await complete(late.fileId))).toEqual([409, 'job-not-draft'])
    expect((await job()).files).toHaveLength(1)
    expect(await stored()).toHaveLength(1)
  })

  test('is not found where its draft is deleted while it is looked at', async () => {
    const { fileId, url } = await presign()
    await put(url, BYTES)
    const { storage } = api.services
    const stat = vi.spyOn(storage, 'stat').mockImplementationOnce(async key => {
      stat.mockRestore()
      await fetch(`${api.url}/api/jobs/${id}`, { method: 'DELETE' })
      return storage.stat(key)
    })
    expect(await code(await complete(fileId))).toEqual([404, 'not-found'])
    expect(await stored()).toEqual([])
  })

  test('I4: is the janitor’s once it has expired, and not before', async () => {
    const { fileId, url } = await presign()
    await put(url, BYTES)
    expect(await janitor().sweep()).toMatchObject({ objects: 0, uploads: 0, completed: 0 })
    await api.client.zadd(keys.uploads, 1, `${id}_${fileId}`)
    expect(await code(await complete(fileId))).toEqual([404, 'not-found'])
    expect(await janitor().sweep()).toMatchObject({ uploads: 1 })
    expect(await stored()).toEqual([])
  })

  test('is none of the tus protocol', async () => {
    const { fileId } = await presign()
    const tus = createTus(api.url)
    expect((await tus.head(`/api/uploads/${id}_${fileId}`)).status).toBe(404)
    expect((await tus.patch(`/api/uploads/${id}_${fileId}`, 0, 'a')).status).toBe(404)
  })

  test('refuses what it can refuse at once', async () => {
    const ask = async (body: object) => code(await post(api, `/api/jobs/${id}/files/presign`, body))
    const good = { name: 'a', size: 1, sha256: sha256(BYTES) }
    expect(await ask({ ...good, name: '..' })).toEqual([400, 'invalid-request'])
    expect(await ask({ ...good, sha256: 'x' })).toEqual([400, 'invalid-request'])
    expect(await ask({ ...good, size: 2 ** 50 })).toEqual([413, 'file-too-large'])
    expect(await ask({ ...good, colour: 'red' })).toEqual([400, 'invalid-request'])
    expect((await complete('f9')).status).toBe(404)
  })

  test('of a large file comes in parts, which are joined and looked at', async () => {
    const { storage } = api.services
    if (!isOnS3(storage)) throw new TypeError('no S3')
    const direct = createDirectUploads(storage, { largestPut: 6 * MiB, partSize: 5 * MiB })
    const bytes = randomBytes(11 * MiB)
    const key = `${id}/f-${randomUUID()}`
    const signed = await direct.sign(key, bytes.length, 60_000)
    if (!('parts' in signed)) throw new TypeError('no parts')
    expect(signed.parts.map(({ from, to }) => [from, to])).toEqual([
      [0, 5 * MiB - 1],
      [5 * MiB, 10 * MiB - 1],
      [10 * MiB, 11 * MiB - 1],
    ])
    const sent: { number: number; etag: string }[] = []
    for (const { number, url, from, to } of signed.parts)
      sent.push({ number, etag: await put(url, bytes.subarray(from, to + 1)) })
    const { uploadId } = signed
    const take = (parts: typeof sent) => direct.take(key, key, bytes.length, { uploadId, parts })
    expect(await take(sent.map(part => ({ ...part, etag: 'none' })))).toBeNull()
    expect(await take(sent)).toMatchObject({ key, size: bytes.length, sha256: sha256(bytes) })
    // Nobody heard of it.
    expect(await take(sent)).toMatchObject({ sha256: sha256(bytes) })
    await storage.growing!.discard(key)
  })
})
