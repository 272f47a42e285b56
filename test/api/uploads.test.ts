/** Resumable uploads, request by request; with the protocol's own clients in `test/uploads/`. */
import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { readLog } from '../../src/jobs/events.ts'
import type { Job } from '../../src/jobs/job.ts'
import { keys } from '../../src/jobs/keys.ts'
import { createJanitor } from '../../src/workers/janitor.ts'
import { draft, form, removeAll, silent, startApi, type TestApi } from '../support/api.ts'
import { eventually } from '../support/eventually.ts'
import { createTus, type Tus } from '../support/tus.ts'

const LARGEST = 4 * 2 ** 20
const HOUR = 3_600_000

let api: TestApi
let tus: Tus

beforeAll(async () => {
  api = await startApi({ config: { maxFileSize: LARGEST, maxFiles: 3 } })
  tus = createTus(api.url)
})
afterEach(() => removeAll(api))
afterAll(() => api.stop())

const job = async (id: string): Promise<Job> =>
  (await (await fetch(`${api.url}/api/jobs/${id}`)).json()) as Job
const post = (path: string) => fetch(`${api.url}${path}`, { method: 'POST' })
const code = async (response: Response) => {
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(response.headers.get('tus-resumable')).toBe('1.0.0')
  return [response.status, ((await response.json()) as { code: string }).code]
}
const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const checksum = (algorithm: string, bytes: string) => ({
  'upload-checksum': `${algorithm} ${createHash(algorithm).update(bytes).digest('base64')}`,
})
const offset = async (location: string) => {
  const response = await tus.head(location)
  expect(response.status).toBe(200)
  return Number(response.headers.get('upload-offset'))
}

/** A PATCH whose body does not end by itself. */
async function beginPatch(
  location: string,
  at: number,
  length: number,
  bytes: string | Uint8Array,
  url = api.url,
  headers: Readonly<Record<string, string>> = {},
) {
  const request: ClientRequest = httpRequest(new URL(location, url), {
    method: 'PATCH',
    headers: {
      'tus-resumable': '1.0.0',
      'content-type': 'application/offset+octet-stream',
      'upload-offset': at,
      'content-length': length,
      ...headers,
    },
  })
  request.on('error', () => undefined)
  request.write(bytes)
  const answer = new Promise<IncomingMessage>(resolve => request.once('response', resolve))
  const [jobId] = location.split('/').at(-1)!.split('_') as [string]
  await eventually(
    () => api.client.zcard(keys.leases(jobId)),
    leases => leases > 0,
  )
  return { request, answer }
}

/** Where the bytes of a draft's open uploads are. */
const openKeys = async (jobId: string): Promise<string[]> =>
  Object.values(await api.client.hgetall(keys.job(jobId)))
    .filter(value => value.includes('"kind":"tus"'))
    .map(value => (JSON.parse(value) as { key: string }).key)

describe('a resumable upload', () => {
  test('comes in several goes, and is a file of its draft once its last byte is there', async () => {
    const bytes = randomBytes(300_000)
    const created = await tus.create(bytes.length, {
      filename: '../up/load.bin',
      filetype: 'application/x-thing',
      pipeline: 'inspect',
      priority: '7',
      metadata: '{"ticket": "INC-1"}',
    })
    expect(created.status).toBe(201)
    const location = created.headers.get('location')!
    const id = created.headers.get('sluice-job')!
    expect(location).toBe(`/api/uploads/${id}_f1`)
    expect(Date.parse(created.headers.get('upload-expires')!)).toBeGreaterThan(Date.now() + 23 * 3_600_000)
    expect(await job(id)).toMatchObject({
      status: 'draft',
      priority: 7,
      pipeline: 'inspect',
      metadata: { ticket: 'INC-1' },
      files: [],
    })

    const first = await tus.patch(location, 0, bytes.subarray(0, 100_000))
    expect(first.status).toBe(204)
    expect(first.headers.get('upload-offset')).toBe('100000')
    expect(first.headers.has('upload-expires')).toBe(true)
    expect(await offset(location)).toBe(100_000)
    expect((await job(id)).files).toEqual([])

    const last = await tus.patch(location, 100_000, bytes.subarray(100_000))
    expect(last.headers.get('upload-offset')).toBe('300000')
    expect(last.headers.has('upload-expires')).toBe(false)
    expect((await job(id)).files).toEqual([
      {
        id: 'f1',
        name: 'load.bin',
        size: 300_000,
        type: 'application/x-thing',
        sha256: sha256(bytes),
        status: 'uploaded',
      },
    ])
    const content = await fetch(`${api.url}/api/jobs/${id}/files/f1/content`)
    expect(Buffer.from(await content.arrayBuffer()).equals(bytes)).toBe(true)
    expect((await readLog(api.client, id, null, 10)).map(({ type }) => type)).toEqual([
      'job.created',
      'file.uploaded',
    ])
    expect(await api.client.zcard(keys.uploads)).toBe(0)
  })

  test('goes on being told of when it is complete, also after the job was submitted', async () => {
    const metadata = { filename: 'a.log', pipeline: 'inspect', submit: '' }
    const { location, jobId } = await tus.begin(3, metadata)
    expect((await tus.patch(location, 0, 'abc')).status).toBe(204)
    expect((await job(jobId)).status).toBe('attaching')
    const told = await tus.head(location)
    expect(told.headers.get('upload-offset')).toBe('3')
    expect(told.headers.get('upload-length')).toBe('3')
    expect(told.headers.get('upload-metadata')).toContain(`filename ${btoa('a.log')}`)
    expect(told.headers.get('cache-control')).toBe('no-store')
    // A client whose answer was lost sends nothing twice.
    expect((await tus.patch(location, 3, '')).status).toBe(204)
    expect(await code(await tus.patch(location, 0, 'abc'))).toEqual([409, 'invalid-request'])
    expect((await job(jobId)).files).toHaveLength(1)
  })

  test('of no byte is complete when it is made', async () => {
    const { jobId } = await tus.begin(0, { filename: 'empty.log', pipeline: 'inspect', submit: 'true' })
    expect(await job(jobId)).toMatchObject({
      status: 'attaching',
      files: [{ name: 'empty.log', size: 0, sha256: sha256('') }],
    })
    expect(await api.objects()).toHaveLength(1)
  })

  test('may bring its first bytes, or all, when it is made', async () => {
    const some = await tus.create(6, { filename: 'a.log' }, {}, 'abc')
    expect(some.status).toBe(201)
    expect(some.headers.get('upload-offset')).toBe('3')
    expect((await tus.patch(some.headers.get('location')!, 3, 'def')).status).toBe(204)
    expect((await job(some.headers.get('sluice-job')!)).files[0]).toMatchObject({ sha256: sha256('abcdef') })

    const all = await tus.create(3, { filename: 'a.log' }, {}, 'abc')
    expect(all.headers.has('upload-expires')).toBe(false)
    expect((await job(all.headers.get('sluice-job')!)).files).toHaveLength(1)
  })

  test('may bring metadata of 16 KiB, as a form or JSON may', async () => {
    const metadata = { a: 'x'.repeat(16_384 - '{"a":""}'.length) }
    const { jobId } = await tus.begin(3, { filename: 'x'.repeat(255), metadata: JSON.stringify(metadata) })
    expect((await job(jobId)).metadata).toEqual(metadata)
  })

  test('adds to a draft, in which it counts as a file from the beginning', async () => {
    const { id } = await draft(api)
    const opened = await Promise.all(
      ['a.log', 'b.log', 'c.log'].map(filename => tus.begin(1, { filename, jobId: id })),
    )
    expect(await code(await tus.create(1, { filename: 'd.log', jobId: id }))).toEqual([413, 'too-many-files'])
    const multipart = await fetch(`${api.url}/api/jobs/${id}/files`, {
      method: 'POST',
      body: form({ 'd.log': 'd' }),
    })
    expect(multipart.status).toBe(413)
    for (const { location, jobId } of opened.toReversed()) {
      expect(jobId).toBe(id)
      expect((await tus.patch(location, 0, 'x')).status).toBe(204)
    }
    expect((await job(id)).files.map(file => file.id)).toEqual(['f3', 'f2', 'f1'])
    expect((await post(`/api/jobs/${id}/submit`)).status).toBe(202)
  })

  test('that is begun again under its idempotency key is the same one, as often as that happens', async () => {
    const { id: jobId } = await draft(api)
    const key = { 'idempotency-key': 'a-file' }
    const begin = (size: number, name: string, more = key) =>
      tus.create(size, { jobId, filename: name }, more)
    const first = await begin(5, 'a.log')
    const again = await Promise.all([begin(5, 'a.log'), begin(5, 'a.log')])
    expect([first, ...again].map(({ status }) => status)).toEqual([201, 201, 201])
    expect(new Set([first, ...again].map(({ headers }) => headers.get('location'))).size).toBe(1)
    // One of another file is none.
    expect(await code(await begin(6, 'a.log'))).toEqual([422, 'idempotency-key-reused'])
    expect(await code(await begin(5, 'b.log'))).toEqual([422, 'idempotency-key-reused'])
    // It has been one of three, and an empty one is complete by the first time.
    const empty = { 'idempotency-key': 'an-empty-file' }
    expect((await begin(0, 'empty.log', empty)).status).toBe(201)
    expect((await begin(0, 'empty.log', empty)).status).toBe(201)
    const location = first.headers.get('location')!
    expect((await tus.patch(location, 0, 'hello')).status).toBe(204)
    expect((await begin(5, 'a.log')).headers.get('location')).toBe(location)
    expect((await job(jobId)).files.map(({ name }) => name).sort()).toEqual(['a.log', 'empty.log'])
    // What was ended is not there again.
    expect((await tus.end(location)).status).toBe(204)
    expect(await code(await begin(5, 'a.log'))).toEqual([404, 'not-found'])
  })

  test('that is begun again with its first bytes is told how far it is by then, and they are not taken twice', async () => {
    const { id: jobId } = await draft(api)
    const begin = () =>
      tus.create(6, { jobId, filename: 'a.log' }, { 'idempotency-key': 'first-bytes' }, 'abc')
    const told = (answer: Response) => [answer.status, answer.headers.get('upload-offset')]
    const first = await begin()
    const location = first.headers.get('location')!
    expect([told(first), told(await begin())]).toEqual([
      [201, '3'],
      [201, '3'],
    ])
    expect((await tus.patch(location, 3, 'def')).status).toBe(204)
    const again = await begin()
    expect([told(again), again.headers.get('location')]).toEqual([[201, '6'], location])
    expect((await job(jobId)).files).toMatchObject([{ size: 6, sha256: sha256('abcdef') }])
  })

  test('is counted among the bytes uploaded', async () => {
    const read = async () => {
      const text = await (await fetch(`${api.url}/metrics`)).text()
      return Number(/^sluice_uploaded_bytes_total (\d+)$/m.exec(text)![1])
    }
    const before = await read()
    const { location } = await tus.begin(5, { filename: 'a.log' })
    await tus.patch(location, 0, 'ab')
    expect(await read()).toBe(before)
    await tus.patch(location, 2, 'cde')
    expect(await read()).toBe(before + 5)
    const text = await (await fetch(`${api.url}/metrics`)).text()
    expect(text).toMatch(/method="PATCH",route="\/api\/uploads\/\{id\}",status="204"/)
  })

  test('given up leaves no byte; one that was complete is taken out of its draft', async () => {
    const { location } = await tus.begin(5, { filename: 'a.log' })
    await tus.patch(location, 0, 'ab')
    expect(await api.objects()).toHaveLength(1)
    expect((await tus.end(location)).status).toBe(204)
    expect(await api.objects()).toEqual([])
    expect((await tus.head(location)).status).toBe(404)
    expect(await code(await tus.end(location))).toEqual([404, 'not-found'])

    const whole = await tus.begin(2, { filename: 'a.log' })
    await tus.patch(whole.location, 0, 'ab')
    expect((await tus.end(whole.location)).status).toBe(204)
    expect((await job(whole.jobId)).files).toEqual([])
    expect(await api.objects()).toEqual([])
    expect(await api.client.zcard(keys.uploads)).toBe(0)
  })

  test('says what it speaks, and offers nothing to the pages of other sites', async () => {
    const { headers, status } = await tus.ask('OPTIONS', '/api/uploads', {
      headers: { origin: 'https://elsewhere.example' },
    })
    expect(status).toBe(204)
    expect(headers.get('tus-version')).toBe('1.0.0')
    expect(headers.get('tus-extension')?.split(',').sort()).toEqual([
      'checksum',
      'creation',
      'creation-with-upload',
      'expiration',
      'termination',
    ])
    expect(headers.get('tus-max-size')).toBe(String(LARGEST))
    expect(headers.get('tus-checksum-algorithm')).toBe('sha1,sha256')
    expect([...headers.keys()].filter(name => name.startsWith('access-control'))).toEqual([])
    const { location } = await tus.begin(1, { filename: 'a.log' })
    expect([...(await tus.head(location)).headers.keys()].join()).not.toContain('access-control')
    const foreign = await tus.patch(location, 0, 'a', { 'sec-fetch-site': 'cross-site' })
    expect(await code(foreign)).toEqual([403, 'forbidden'])
    const overridden = await tus.ask('POST', location, { headers: { 'x-http-method-override': 'DELETE' } })
    expect(await code(overridden)).toEqual([405, 'method-not-allowed'])
    expect(await offset(location)).toBe(0)
  })
})

describe('a checksum', () => {
  test.each(['sha1', 'sha256'])(
    'of a request by %s is verified; what is not as promised is not kept',
    async algorithm => {
      const { location, jobId } = await tus.begin(6, { filename: 'a.log' })
      expect((await tus.patch(location, 0, 'abc', checksum(algorithm, 'abc'))).status).toBe(204)
      expect(await code(await tus.patch(location, 3, 'dEf', checksum(algorithm, 'def')))).toEqual([
        460,
        'checksum-mismatch',
      ])
      expect(await offset(location)).toBe(3)
      expect((await tus.patch(location, 3, 'def', checksum(algorithm, 'def'))).status).toBe(204)
      expect((await job(jobId)).files[0]).toMatchObject({ sha256: sha256('abcdef') })
    },
  )

  test('that cannot be read, or by another algorithm, is refused before a byte is taken', async () => {
    const { location } = await tus.begin(3, { filename: 'a.log' })
    for (const wrong of ['md5 AAAA', 'sha1', 'sha1 ???', 'sha256:AAAA']) {
      const refused = await tus.patch(location, 0, 'abc', { 'upload-checksum': wrong })
      expect(await code(refused), wrong).toEqual([400, 'invalid-request'])
    }
    expect(await offset(location)).toBe(0)
  })

  test('of a request that ended in the middle: nothing of it is kept', async () => {
    const { location } = await tus.begin(6, { filename: 'a.log' })
    const request = httpRequest(new URL(location, api.url), {
      method: 'PATCH',
      headers: {
        'tus-resumable': '1.0.0',
        'content-type': 'application/offset+octet-stream',
        'upload-offset': 0,
        'content-length': 6,
        ...checksum('sha1', 'abcdef'),
      },
    })
    request.on('error', () => undefined)
    request.write('abc')
    await eventually(
      () => api.objects(),
      objects => objects.length === 1,
    )
    request.destroy()
    expect(await offset(location)).toBe(0)
    expect((await tus.patch(location, 0, 'ABCDEF')).status).toBe(204)
  })

  test('that was still to be verified when its process died: those bytes do not count', async () => {
    const { location, jobId } = await tus.begin(6, { filename: 'a.log' })
    await tus.patch(location, 0, 'abcdef'.slice(0, 2))
    const [key] = await openKeys(jobId)
    // As a process leaves it that is killed between the last byte and the check.
    await api.services.transitions.continueUpload({ id: jobId, fileId: 'f1', lives: 60_000, unchecked: 2 })
    await api.services.storage.growing!.append(
      key!,
      2,
      (async function* () {
        yield Buffer.from('XXXX')
      })(),
    )
    expect(await offset(location)).toBe(2)
    expect((await job(jobId)).files).toEqual([])
    expect((await tus.patch(location, 2, 'cdef')).status).toBe(204)
    expect((await job(jobId)).files[0]).toMatchObject({ sha256: sha256('abcdef') })
  })
})

describe('a process that stood still, whose upload another has gone on with meanwhile', () => {
  const write = (key: string, at: number, bytes: string) =>
    api.services.storage.growing!.append(
      key,
      at,
      (async function* () {
        yield Buffer.from(bytes)
      })(),
    )

  test.each([
    ['before it wrote', {}],
    ['before it wrote what was to be checked', checksum('sha1', 'abcdef')],
  ])('%s, takes none of its bytes back', async (_, headers) => {
    const { location, jobId } = await tus.begin(6, { filename: 'a.log' })
    const [key] = await openKeys(jobId)
    const { leases } = api.services
    const take = vi.spyOn(leases, 'take').mockImplementationOnce(async (...args) => {
      await write(key!, 0, 'abcd')
      return leases.take(...args)
    })
    const late = await tus.patch(location, 0, 'abcdef', headers)
    take.mockRestore()
    expect(await code(late)).toEqual([409, 'invalid-request'])
    expect(await offset(location)).toBe(4)
    expect((await tus.patch(location, 4, 'ef')).status).toBe(204)
    expect((await job(jobId)).files[0]).toMatchObject({ sha256: sha256('abcdef') })
  })

  test('in the middle of what was to be checked, takes none of its bytes back when it breaks off', async () => {
    const { location, jobId } = await tus.begin(6, { filename: 'a.log' })
    const { request } = await beginPatch(location, 0, 6, 'ab', api.url, checksum('sha1', 'abcdef'))
    await eventually(
      () => api.objects(),
      objects => objects.length === 1,
    )
    const [key] = await openKeys(jobId)
    // The other one holds the lock, has had its bytes checked, and was answered.
    await write(key!, 0, 'abcd')
    await api.services.transitions.continueUpload({ id: jobId, fileId: 'f1', lives: 60_000, checked: true })
    request.destroy()
    await expect.poll(() => api.client.zcard(keys.leases(jobId))).toBe(0)
    expect(await offset(location)).toBe(4)
  })
})

describe('refused', () => {
  const nothingIsLeft = async () => {
    expect(await api.objects()).toEqual([])
    expect(await api.jobKeys()).toEqual([])
    expect(await api.client.zcard(keys.uploads)).toBe(0)
  }

  test.each<[string, Record<string, string>, [number, string]]>([
    ['no file name', { filetype: 'text/plain' }, [400, 'invalid-request']],
    ['a file name of which nothing is left', { filename: '..' }, [400, 'invalid-request']],
    ['an unknown key', { filename: 'a', colour: 'red' }, [400, 'invalid-request']],
    ['a priority out of range', { filename: 'a', priority: '5000' }, [400, 'invalid-request']],
    ['metadata that are no object', { filename: 'a', metadata: '[1]' }, [400, 'invalid-request']],
    [
      'metadata over 16 KiB',
      { filename: 'a', metadata: JSON.stringify({ a: 'x'.repeat(16_384) }) },
      [413, 'field-too-large'],
    ],
    ['a submit that says no', { filename: 'a', submit: 'false' }, [400, 'invalid-request']],
    ['a pipeline that is none', { filename: 'a', pipeline: 'none' }, [422, 'unknown-pipeline']],
    ['a URL that is none', { filename: 'a', callbackUrl: 'x' }, [400, 'invalid-request']],
    ['a private URL', { filename: 'a', callbackUrl: 'http://10.0.0.1/' }, [422, 'callback-url-not-allowed']],
    ['a job that is none', { filename: 'a', jobId: 'none' }, [404, 'not-found']],
    [
      'a job, and what a new one would be',
      { filename: 'a', jobId: 'x', priority: '1' },
      [400, 'invalid-request'],
    ],
  ])('%s', async (_, metadata, expected) => {
    expect(await code(await tus.create(1, metadata))).toEqual(expected)
    await nothingIsLeft()
  })

  test.each<[string, Record<string, string>, [number, string]]>([
    ['another version', { 'tus-resumable': '0.2.2' }, [412, 'invalid-request']],
    ['a length that is none', { 'upload-length': '-1' }, [400, 'invalid-request']],
    ['a length above the largest', { 'upload-length': String(LARGEST + 1) }, [413, 'file-too-large']],
    ['metadata that are none', { 'upload-metadata': 'filename !' }, [400, 'invalid-request']],
    ['a body in gzip', { 'content-encoding': 'gzip' }, [415, 'unsupported-media-type']],
    ['parts of a whole', { 'upload-concat': 'partial' }, [400, 'invalid-request']],
  ])('%s', async (_, headers, expected) => {
    expect(await code(await tus.create(1, { filename: 'a' }, headers))).toEqual(expected)
    await nothingIsLeft()
  })

  test('a length that is not known yet', async () => {
    const refused = await tus.ask('POST', '/api/uploads', {
      headers: { 'upload-defer-length': '1', 'upload-metadata': `filename ${btoa('a')}` },
    })
    expect(await code(refused)).toEqual([400, 'invalid-request'])
    await nothingIsLeft()
  })

  test('more bytes than were announced: none of them is kept where that can be seen at once', async () => {
    const { location } = await tus.begin(3, { filename: 'a.log' })
    expect(await code(await tus.patch(location, 0, 'abcdef'))).toEqual([413, 'request-too-large'])
    expect(await offset(location)).toBe(0)
    const chunked = await fetch(new URL(location, api.url), {
      method: 'PATCH',
      headers: {
        'tus-resumable': '1.0.0',
        'content-type': 'application/offset+octet-stream',
        'upload-offset': '0',
      },
      body: new Blob(['abcdef']).stream(),
      duplex: 'half',
    })
    expect(await code(chunked)).toEqual([413, 'request-too-large'])
    expect(await offset(location)).toBeLessThanOrEqual(3)
  })

  test('a PATCH without an offset, of another type, or in gzip', async () => {
    const { location } = await tus.begin(3, { filename: 'a.log' })
    const type = { 'content-type': 'application/offset+octet-stream' }
    const patch = (headers: Record<string, string>) => tus.ask('PATCH', location, { headers, body: 'abc' })
    expect(await code(await patch(type))).toEqual([400, 'invalid-request'])
    expect(await code(await patch({ ...type, 'upload-offset': 'x' }))).toEqual([400, 'invalid-request'])
    expect(await code(await patch({ 'content-type': 'text/plain', 'upload-offset': '0' }))).toEqual([
      415,
      'unsupported-media-type',
    ])
    expect(await code(await patch({ ...type, 'upload-offset': '0', 'content-encoding': 'gzip' }))).toEqual([
      415,
      'unsupported-media-type',
    ])
    expect(await offset(location)).toBe(0)
  })

  test.each(['none', `${'0'.repeat(36)}_f1`, 'x_f1', '..%2f..', '%00'])(
    'an id that is none: %s',
    async id => {
      expect(await code(await tus.patch(`/api/uploads/${id}`, 0, 'a'))).toEqual([404, 'not-found'])
      expect((await tus.head(`/api/uploads/${id}`)).status).toBe(404)
    },
  )

  test('a file that came in another way: it is no upload', async () => {
    const { id } = await draft(api)
    await fetch(`${api.url}/api/jobs/${id}/files`, { method: 'POST', body: form({ 'a.log': 'a' }) })
    expect((await tus.head(`/api/uploads/${id}_f1`)).status).toBe(404)
    expect((await tus.end(`/api/uploads/${id}_f1`)).status).toBe(404)
    expect((await job(id)).files).toHaveLength(1)
  })
})

describe('and its draft', () => {
  test('I1: a draft is not submitted while bytes come; paused, it is, and the rest of the upload is refused', async () => {
    const { id } = await draft(api)
    await fetch(`${api.url}/api/jobs/${id}/files`, { method: 'POST', body: form({ 'a.log': 'a' }) })
    const { location } = await tus.begin(6, { filename: 'b.log', jobId: id })
    const { request } = await beginPatch(location, 0, 6, 'ab')
    expect(await code2(await post(`/api/jobs/${id}/submit`))).toEqual([409, 'uploads-in-progress'])
    request.destroy()
    expect(await offset(location)).toBe(2)
    expect((await post(`/api/jobs/${id}/submit`)).status).toBe(202)

    expect(await code(await tus.patch(location, 2, 'cdef'))).toEqual([409, 'job-not-draft'])
    // The other file's alone.
    expect(await api.objects()).toHaveLength(1)
    expect((await job(id)).files.map(({ name }) => name)).toEqual(['a.log'])
    expect((await tus.head(location)).status).toBe(404)
  })

  test('asking how far it came after the submit says that it is too late', async () => {
    const { id } = await draft(api)
    await fetch(`${api.url}/api/jobs/${id}/files`, { method: 'POST', body: form({ 'a.log': 'a' }) })
    const { location } = await tus.begin(6, { filename: 'b.log', jobId: id })
    await tus.patch(location, 0, 'ab')
    await post(`/api/jobs/${id}/submit`)
    expect((await tus.head(location)).status).toBe(409)
    expect(await api.objects()).toHaveLength(1)
  })

  test('an upload that submits waits for the others, and does so when it is asked for again', async () => {
    const { id } = await draft(api)
    const other = await tus.begin(4, { filename: 'a.log', jobId: id })
    const last = await tus.begin(2, { filename: 'b.log', jobId: id, submit: '' })
    const { request } = await beginPatch(other.location, 0, 4, 'ab')
    expect(await code(await tus.patch(last.location, 0, 'xy'))).toEqual([409, 'uploads-in-progress'])
    expect(await offset(last.location)).toBe(2)
    expect((await job(id)).status).toBe('draft')
    request.end('cd')
    await eventually(
      async () => (await job(id)).files.length,
      files => files === 1,
    )
    expect(await offset(last.location)).toBe(2)
    expect(await job(id)).toMatchObject({
      status: 'attaching',
      files: [{ name: 'a.log' }, { name: 'b.log' }],
    })
  })

  test('cancelled or deleted, it takes the upload with it', async () => {
    const cancelled = await tus.begin(6, { filename: 'a.log' })
    await tus.patch(cancelled.location, 0, 'ab')
    await post(`/api/jobs/${cancelled.jobId}/cancel`)
    expect(await code(await tus.patch(cancelled.location, 2, 'cdef'))).toEqual([409, 'job-not-draft'])
    expect(await api.objects()).toEqual([])

    const deleted = await tus.begin(6, { filename: 'a.log' })
    await tus.patch(deleted.location, 0, 'ab')
    const response = await fetch(`${api.url}/api/jobs/${deleted.jobId}`, { method: 'DELETE' })
    expect(response.status).toBe(204)
    expect(await code(await tus.patch(deleted.location, 2, 'cdef'))).toEqual([404, 'not-found'])
    expect(await api.objects()).toEqual([])
    expect(await api.client.zcard(keys.uploads)).toBe(0)
  })

  test('deleted while bytes come, it leaves none', async () => {
    const { location, jobId } = await tus.begin(6, { filename: 'a.log' })
    const { request, answer } = await beginPatch(location, 0, 6, 'ab')
    await fetch(`${api.url}/api/jobs/${jobId}`, { method: 'DELETE' })
    request.end('cdef')
    expect((await answer).statusCode).toBe(404)
    expect((await tus.head(location)).status).toBe(404)
    expect(await api.objects()).toEqual([])
  })

  test.each([
    ['deleted', (id: string) => fetch(`${api.url}/api/jobs/${id}`, { method: 'DELETE' })],
    ['cancelled', (id: string) => post(`/api/jobs/${id}/cancel`)],
  ])('%s and cleared away while the last of its bytes are read, it is not found', async (_, end) => {
    const { location, jobId } = await tus.begin(6, { filename: 'a.log' })
    const growing = api.services.storage.growing!
    const finish = vi.spyOn(growing, 'finish').mockImplementationOnce(async key => {
      finish.mockRestore()
      await end(jobId)
      await createJanitor({ ...api.services, log: silent, retention: HOUR, draftTtl: HOUR }).sweep()
      return growing.finish(key)
    })
    expect(await code(await tus.patch(location, 0, 'abcdef'))).toEqual([404, 'not-found'])
    expect(await api.objects()).toEqual([])
  })

  test('past its time it is not found', async () => {
    const { location, jobId } = await tus.begin(6, { filename: 'a.log' })
    await tus.patch(location, 0, 'ab')
    await api.client.zadd(keys.uploads, 1, `${jobId}_f1`)
    expect((await tus.head(location)).status).toBe(404)
    expect(await code(await tus.patch(location, 2, 'cdef'))).toEqual([404, 'not-found'])
  })
})

describe('cut off', () => {
  test('a client that hangs up has lost nothing of what came', async () => {
    const bytes = randomBytes(2_000_000)
    const { location, jobId } = await tus.begin(bytes.length, { filename: 'a.bin' })
    const { request } = await beginPatch(location, 0, bytes.length, bytes.subarray(0, 1_000_000))
    await eventually(
      async () => (await readFile(await onlyObject())).length,
      length => length >= 700_000,
    )
    request.destroy()
    const reached = await offset(location)
    expect(reached).toBeGreaterThanOrEqual(700_000)
    expect((await tus.patch(location, reached, bytes.subarray(reached))).status).toBe(204)
    expect((await job(jobId)).files[0]).toMatchObject({ sha256: sha256(bytes) })
  })

  test('a connection that is dead, and does not know it, holds nobody up for long', async () => {
    const { location, jobId } = await tus.begin(6, { filename: 'a.log' })
    const { request } = await beginPatch(location, 0, 6, 'ab')
    // It is asked to let go, since nobody would hear of its death for 30 s.
    expect(await offset(location)).toBe(2)
    expect((await tus.patch(location, 2, 'cdef')).status).toBe(204)
    expect((await job(jobId)).files[0]).toMatchObject({ sha256: sha256('abcdef') })
    request.destroy()
  })

  test('a client that hangs up while it waits for another request leaves the upload to others', async () => {
    const { location, jobId } = await tus.begin(6, { filename: 'a.log' })
    const { request } = await beginPatch(location, 0, 6, 'ab')
    const waiting = httpRequest(new URL(location, api.url), {
      method: 'PATCH',
      headers: {
        'tus-resumable': '1.0.0',
        'content-type': 'application/offset+octet-stream',
        'upload-offset': 2,
        'content-length': 4,
      },
    })
    waiting.on('error', () => undefined)
    waiting.flushHeaders()
    await eventually(
      () => api.client.exists(keys.uploadWanted(`${jobId}_f1`)),
      wanted => wanted === 1,
    )
    waiting.destroy()
    await eventually(
      () => api.services.uploads.count(),
      underWay => underWay === 0,
      20_000,
    )
    expect(await offset(location)).toBe(2)
    expect((await tus.patch(location, 2, 'cdef')).status).toBe(204)
    request.destroy()
  })

  test('what is refused before its first byte need not be sent', async () => {
    const { location } = await tus.begin(6, { filename: 'a.log' })
    const ask = (at: number) =>
      new Promise<string[]>(resolve => {
        const seen: string[] = []
        const request = httpRequest(new URL(location, api.url), {
          method: 'PATCH',
          headers: {
            'tus-resumable': '1.0.0',
            'content-type': 'application/offset+octet-stream',
            'upload-offset': at,
            'content-length': 6,
            expect: '100-continue',
          },
        })
        request.on('continue', () => {
          seen.push('continue')
          request.end('abcdef')
        })
        request.on('response', response => {
          resolve([...seen, String(response.statusCode)])
          request.destroy()
        })
        request.on('error', () => undefined)
        request.flushHeaders()
      })
    expect(await ask(3)).toEqual(['409'])
    expect(await ask(0)).toEqual(['continue', '204'])
  })

  test('stalled, it ends by itself, and what came is kept', async () => {
    const impatient = await startApi({ pace: { idleMs: 200 }, redis: api.redis })
    try {
      const mine = createTus(impatient.url)
      const { location } = await mine.begin(6, { filename: 'a.log' })
      const request = httpRequest(new URL(location, impatient.url), {
        method: 'PATCH',
        headers: {
          'tus-resumable': '1.0.0',
          'content-type': 'application/offset+octet-stream',
          'upload-offset': 0,
          'content-length': 6,
        },
      })
      request.on('error', () => undefined)
      request.write('abc')
      const response = await new Promise<IncomingMessage>(resolve => request.once('response', resolve))
      expect(response.statusCode).toBe(408)
      expect(response.headers['tus-resumable']).toBe('1.0.0')
      expect((await mine.head(location)).headers.get('upload-offset')).toBe('3')
      request.destroy()
    } finally {
      await impatient.stop()
    }
  })

  test('two who write at once: one after the other, and the file is whole', async () => {
    const bytes = randomBytes(3_000_000)
    const { location, jobId } = await tus.begin(bytes.length, { filename: 'a.bin' })
    const insist = async () => {
      for (;;) {
        const at = await offset(location)
        if (at === bytes.length) return
        await tus.patch(location, at, bytes.subarray(at, at + 250_000))
      }
    }
    await Promise.all([insist(), insist(), insist()])
    const { files } = await job(jobId)
    expect(files).toMatchObject([{ size: bytes.length, sha256: sha256(bytes) }])
    expect(await api.objects()).toHaveLength(1)
    expect((await readLog(api.client, jobId, null, 10)).map(({ type }) => type)).toEqual([
      'job.created',
      'file.uploaded',
    ])
  })

  async function onlyObject(): Promise<string> {
    const [name] = await eventually(
      () => api.objects(),
      objects => objects.length === 1,
    )
    return join(api.storageDir, 'objects', name!.split('.')[0]!.slice(-2), name!)
  }
})

describe('no room', () => {
  test('for all of it: refused before there is anything', async () => {
    const full = await startApi({ config: { storageReserve: Number.MAX_SAFE_INTEGER }, redis: api.redis })
    try {
      const mine = createTus(full.url)
      expect(await code(await mine.create(5, { filename: 'a.log' }))).toEqual([507, 'storage-full'])
      expect(await api.jobKeys()).toEqual([])
    } finally {
      await full.stop()
    }
  })

  test('for the rest of it: what came is kept, and it goes on when there is room again', async () => {
    const { location } = await tus.begin(6, { filename: 'a.log' })
    await tus.patch(location, 0, 'abc')
    const { storage } = api.services
    const { append } = storage.growing!
    const { StorageError } = await import('../../src/storage/storage.ts')
    storage.growing!.append = () => Promise.reject(new StorageError('full', 'full'))
    try {
      expect(await code(await tus.patch(location, 3, 'def'))).toEqual([507, 'storage-full'])
    } finally {
      storage.growing!.append = append
    }
    expect(await offset(location)).toBe(3)
    expect((await tus.patch(location, 3, 'def')).status).toBe(204)
  })
})

describe('limits', () => {
  test('more at once than there are places: refused, and the upload stays as it was', async () => {
    const small = await startApi({ config: { maxUploads: 1 }, redis: api.redis })
    try {
      const mine = createTus(small.url)
      const [one, other] = [await mine.begin(6, { filename: 'a' }), await mine.begin(3, { filename: 'b' })]
      const { request, answer } = await beginPatch(one.location, 0, 6, 'ab', small.url)
      const refused = await mine.patch(other.location, 0, 'abc')
      expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
      expect(await code(refused)).toEqual([429, 'too-many-uploads'])
      expect((await mine.head(other.location)).headers.get('upload-offset')).toBe('0')
      request.end('cdef')
      expect((await answer).statusCode).toBe(204)
      expect((await mine.patch(other.location, 0, 'abc')).status).toBe(204)
    } finally {
      await small.stop()
    }
  })

  test('the quota: what does not fit is not begun, and what is full by then is kept until there is room', async () => {
    const small = await startApi({ config: { storageQuota: 10 }, redis: api.redis })
    try {
      const mine = createTus(small.url)
      expect(await code(await mine.create(11, { filename: 'a' }))).toEqual([507, 'storage-full'])
      const [one, other] = [await mine.begin(6, { filename: 'a' }), await mine.begin(6, { filename: 'b' })]
      expect((await mine.patch(one.location, 0, 'abcdef')).status).toBe(204)
      expect(await code(await mine.patch(other.location, 0, 'abcdef'))).toEqual([507, 'storage-full'])
      expect((await mine.end(one.location)).status).toBe(204)
      const asked = await mine.head(other.location)
      expect(asked.headers.get('upload-offset')).toBe('6')
      expect((await job(other.jobId)).files).toHaveLength(1)
    } finally {
      await small.stop()
      await api.client.del(keys.stored)
    }
  })
})

describe('who may', () => {
  let guarded: TestApi
  const as = (name: string) => createTus(guarded.url, { authorization: `Bearer ${name}-key` })

  beforeAll(async () => {
    const key = (name: string, role: 'admin' | 'uploader' | 'viewer') => ({ name, role, key: `${name}-key` })
    guarded = await startApi({
      config: {
        apiKeys: [key('root', 'admin'), key('ann', 'uploader'), key('bob', 'uploader'), key('eve', 'viewer')],
      },
    })
  })
  afterAll(() => guarded.stop())

  test('an uploader sees its own uploads only; an admin all', async () => {
    const { location, jobId } = await as('ann').begin(6, { filename: 'a.log' })
    expect((await as('bob').head(location)).status).toBe(404)
    expect(await code(await as('bob').patch(location, 0, 'abc'))).toEqual([404, 'not-found'])
    expect(await code(await as('bob').end(location))).toEqual([404, 'not-found'])
    expect(await code(await as('bob').create(1, { filename: 'b.log', jobId }))).toEqual([404, 'not-found'])
    expect((await as('root').patch(location, 0, 'abc')).status).toBe(204)
    expect((await as('ann').head(location)).headers.get('upload-offset')).toBe('3')
  })

  test('a viewer may not, and nobody without a key', async () => {
    const { location } = await as('ann').begin(6, { filename: 'a.log' })
    expect(await code(await as('eve').create(1, { filename: 'a.log' }))).toEqual([403, 'forbidden'])
    expect((await as('eve').head(location)).status).toBe(403)
    expect(await code(await as('eve').patch(location, 0, 'abc'))).toEqual([403, 'forbidden'])
    expect(await code(await createTus(guarded.url).create(1, { filename: 'a.log' }))).toEqual([
      401,
      'unauthenticated',
    ])
  })
})

/** Of an endpoint that does not speak tus. */
async function code2(response: Response) {
  return [response.status, ((await response.json()) as { code: string }).code]
}
