/** I4: what was refused, aborted or cut leaves nothing, and a good upload right after works. */
import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { StorageError } from '../../src/storage/storage.ts'
import { draft, form, removeAll, startApi, type TestApi, upload } from '../support/api.ts'
import { BOUNDARY, bytes, END, field, file, INSPECT, part } from '../support/raw-request.ts'

const KIB = 2 ** 10
const MAX_FILE_SIZE = 64 * KIB
let api: TestApi

beforeAll(async () => {
  api = await startApi({ config: { maxFileSize: MAX_FILE_SIZE, maxFiles: 3 }, pace: { idleMs: 300 } })
})
afterEach(() => removeAll(api))
afterAll(() => api.stop())

function send(body: Uint8Array, headers: Record<string, string> = {}, path = '/api/jobs') {
  return fetch(`${api.url}${path}`, {
    method: 'POST',
    body: new Uint8Array(body),
    headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}`, ...headers },
  })
}

/** No job, no byte, and the next upload works. */
async function expectNothingLeft(): Promise<void> {
  expect(await api.jobKeys()).toEqual([])
  expect(await api.objects()).toEqual([])
  await upload(api)
  expect(await api.objects()).toHaveLength(1)
}

const big = Buffer.alloc(MAX_FILE_SIZE + 1, 'a')
const many = (count: number, make: (at: number) => readonly (string | Uint8Array)[]) =>
  Array.from({ length: count }, (_, at) => make(at)).flat()

describe.each([
  ['no part at all', bytes(END), {}, 422, 'no-files'],
  ['no file', bytes(INSPECT, END), {}, 422, 'no-files'],
  ['an unknown field', bytes(field('colour', 'red'), file('a'), END), {}, 400, 'invalid-request'],
  [
    'an unknown field behind the files',
    bytes(file('a'), field('colour', 'red'), END),
    {},
    400,
    'invalid-request',
  ],
  ['a field given twice', bytes(INSPECT, INSPECT, file('a'), END), {}, 400, 'invalid-request'],
  ['an unknown file part', bytes(file('a', 'x', 'avatar'), END), {}, 400, 'invalid-request'],
  ['files as a plain field', bytes(field('files', 'x'), END), {}, 400, 'invalid-request'],
  ['a priority out of range', bytes(field('priority', '1001'), file('a'), END), {}, 400, 'invalid-request'],
  [
    'a priority that is no number',
    bytes(file('a'), field('priority', '1e2'), END),
    {},
    400,
    'invalid-request',
  ],
  ['metadata that is no object', bytes(field('metadata', '[1]'), file('a'), END), {}, 400, 'invalid-request'],
  ['metadata that is no JSON', bytes(field('metadata', '{'), file('a'), END), {}, 400, 'invalid-request'],
  [
    'metadata with half a character',
    bytes(field('metadata', '{"a":"\\ud800"}'), file('a'), END),
    {},
    400,
    'invalid-request',
  ],
  [
    'metadata that are not UTF-8',
    bytes(field('metadata', Buffer.from('{"a":"\xff"}', 'latin1')), file('a'), END),
    {},
    400,
    'invalid-request',
  ],
  [
    'metadata that are not the UTF-8 that they say',
    bytes(
      part(
        'Content-Disposition: form-data; name="metadata"\r\nContent-Type: application/json; charset=UTF-8',
        Buffer.from('{"a":"\xff"}', 'latin1'),
      ),
      file('a'),
      END,
    ),
    {},
    400,
    'invalid-request',
  ],
  ...['latin1', 'utf-16le', 'of-our-own'].map(
    charset =>
      [
        `a field in ${charset}`,
        bytes(
          part(
            `Content-Disposition: form-data; name="pipeline"\r\nContent-Type: text/plain; charset=${charset}`,
            'inspect',
          ),
          file('a'),
          END,
        ),
        {},
        400,
        'invalid-request',
      ] as const,
  ),
  [
    'a transfer encoding',
    bytes(
      part(
        'Content-Disposition: form-data; name="files"; filename="a"\r\nContent-Transfer-Encoding: base64',
        'eA==',
      ),
      END,
    ),
    {},
    400,
    'invalid-request',
  ],
  [
    'a part without a readable disposition',
    bytes(file('a'), part('Content-Disposition: form-data; name="files"; filename=a/b'), END),
    {},
    400,
    'malformed-multipart',
  ],
  [
    'a part that says nothing of itself',
    bytes(file('a'), part('Content-Type: text/plain'), END),
    {},
    400,
    'malformed-multipart',
  ],
  ['a hash that is none', bytes(file('a'), field('sha256', 'abc'), END), {}, 400, 'invalid-request'],
  [
    'more hashes than files',
    bytes(file('a'), field('sha256', '0'.repeat(64)), field('sha256', '0'.repeat(64)), END),
    {},
    400,
    'invalid-request',
  ],
  [
    'another content than promised',
    bytes(file('a'), field('sha256', '0'.repeat(64)), END),
    {},
    422,
    'checksum-mismatch',
  ],
  ['an unknown pipeline', bytes(file('a'), field('pipeline', 'nope'), END), {}, 422, 'unknown-pipeline'],
  [
    'a private callback URL',
    bytes(file('a'), field('callbackUrl', 'http://127.0.0.1:9000/'), END),
    {},
    422,
    'callback-url-not-allowed',
  ],
  [
    'a callback URL that is none',
    bytes(file('a'), field('callbackUrl', 'nope'), END),
    {},
    400,
    'invalid-request',
  ],
  [
    'a callback URL without its slashes',
    bytes(file('a'), field('callbackUrl', 'http:8.8.8.8/x'), END),
    {},
    400,
    'invalid-request',
  ],
  [
    'a callback URL with an empty user',
    bytes(file('a'), field('callbackUrl', 'http://:@8.8.8.8/'), END),
    {},
    422,
    'callback-url-not-allowed',
  ],
  ['a file over the limit', bytes(file('a', big), END), {}, 413, 'file-too-large'],
  [
    'a file over the limit behind a good one',
    bytes(file('a'), file('b', big), END),
    {},
    413,
    'file-too-large',
  ],
  [
    'too many fields',
    bytes(
      file('a'),
      many(30, () => field('sha256', '0'.repeat(64))),
      END,
    ),
    {},
    413,
    'too-many-fields',
  ],
  [
    'metadata over 16 KiB',
    bytes(field('metadata', `{"a":"${'x'.repeat(16 * KIB)}"}`), file('a'), END),
    {},
    413,
    'field-too-large',
  ],
  [
    'metadata of which only the spaces are too many',
    bytes(field('metadata', `{${' '.repeat(130 * KIB)}}`), file('a'), END),
    {},
    413,
    'field-too-large',
  ],
  [
    'another field over 16 KiB',
    bytes(field('callbackUrl', `http://8.8.8.8/${'x'.repeat(16 * KIB)}`), file('a'), END),
    {},
    413,
    'field-too-large',
  ],
  ['another media type', bytes('a'), { 'content-type': 'text/plain' }, 415, 'unsupported-media-type'],
  ['a body that is no multipart', bytes('hello'), {}, 400, 'malformed-multipart'],
  ['an empty body', bytes(''), {}, 400, 'malformed-multipart'],
] as const)('%s', (_, body, headers, status, code) => {
  test(`is refused with ${status} ${code} and leaves nothing`, async () => {
    const response = await send(body, headers)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    const problem = (await response.json()) as Record<string, unknown>
    expect(problem).toMatchObject({ status, code, type: `/problems/${code}` })
    expect(response.status).toBe(status)
    expect(problem.requestId).toBe(response.headers.get('x-request-id'))
    if (code === 'invalid-request')
      expect(problem.errors).toEqual([expect.objectContaining({ pointer: expect.any(String) })])
    await expectNothingLeft()
  })
})

test('an unknown field and an unknown file part are named', async () => {
  const [one, other] = await Promise.all([
    send(bytes(field('colour', 'red'), file('a'), END)),
    send(bytes(file('a', 'x', 'avatar'), END)),
  ])
  expect(await one.json()).toMatchObject({ errors: [{ pointer: '/colour' }] })
  expect(await other.json()).toMatchObject({ errors: [{ pointer: '/avatar' }] })
})

test.each([
  ['as bytes', ''],
  ['with its character set named', '\r\nContent-Type: application/json; charset="UTF-8"'],
])('a field keeps every character of UTF-8, sent %s', async (_, type) => {
  const metadata = { clé: 'naïve 日本 🚰 \ufffd' }
  const named = part(`Content-Disposition: form-data; name="metadata"${type}`, JSON.stringify(metadata))
  const response = await send(bytes(INSPECT, named, file('a'), END))
  expect(await response.json()).toMatchObject({ metadata })
})

test('a promised hash that is right is accepted, whatever its case', async () => {
  const sha256 = createHash('sha256').update('x').digest('hex').toUpperCase()
  const response = await send(bytes(INSPECT, field('sha256', sha256), file('a'), END))
  expect(response.status).toBe(202)
})

describe('the control characters of a file name', () => {
  const name = '\0a\x01b\x1f\x7f\tc.log'
  const accepted = async (response: Response) => {
    expect(response.status).toBe(202)
    expect(await response.json()).toMatchObject({ files: [{ name: 'abc.log', size: 4 }] })
    const { items } = (await (await fetch(`${api.url}/api/jobs`)).json()) as { items: { id: string }[] }
    const content = await fetch(`${api.url}/api/jobs/${items[0]!.id}/files/f1/content`)
    expect(Buffer.from(await content.arrayBuffer())).toEqual(Buffer.from('\0\x01\r\n'))
  }

  test('go, as fetch and browsers send them, and those of the content stay', async () => {
    await accepted(
      await fetch(`${api.url}/api/jobs`, {
        method: 'POST',
        body: form({ [name]: '\0\x01\r\n' }, { pipeline: 'inspect' }),
      }),
    )
  })

  test('go wherever the bytes are cut on their way', async () => {
    const body = bytes(INSPECT, file(name, '\0\x01\r\n'), END)
    const response = await fetch(`${api.url}/api/jobs`, {
      method: 'POST',
      headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
      body: ReadableStream.from(
        (async function* () {
          for (const byte of body) {
            yield Uint8Array.of(byte)
            await new Promise(setImmediate)
          }
        })(),
      ),
      duplex: 'half',
    } as RequestInit)
    await accepted(response)
  })
})

test('a file of exactly the limit is accepted', async () => {
  const response = await send(bytes(INSPECT, file('a', big.subarray(1)), END))
  expect(response.status).toBe(202)
})

describe('a client that hangs up', () => {
  const body = bytes(INSPECT, file('a', 'x'.repeat(KIB)), file('b', 'y'.repeat(40 * KIB)), END)
  const samples = [
    0,
    1,
    20,
    60,
    110,
    150,
    300,
    1_150,
    1_250,
    8_000,
    30_000,
    body.length - 30,
    body.length - 1,
  ]

  test.each(samples)('after %i bytes leaves no job and no byte', async cut => {
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1')
    const head = [
      'POST /api/jobs HTTP/1.1',
      'Host: localhost',
      `Content-Type: multipart/form-data; boundary=${BOUNDARY}`,
      `Content-Length: ${body.length}`,
      '',
      '',
    ].join('\r\n')
    await new Promise<void>(resolve =>
      socket.write(Buffer.concat([Buffer.from(head), body.subarray(0, cut)]), () => resolve()),
    )
    // The lease says that the upload has begun; it is given back when the last byte is gone.
    await expect.poll(() => api.jobKeys()).toHaveLength(1)
    socket.destroy()
    await expect.poll(() => api.jobKeys()).toEqual([])
    await expectNothingLeft()
  })
})

test('a client that stalls is told so, and nothing is left', async () => {
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1')
  const answer = new Promise<string>(resolve => socket.once('data', data => resolve(data.toString())))
  socket.write(
    `POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=${BOUNDARY}\r\nContent-Length: 5000\r\n\r\n`,
  )
  socket.write(bytes(file('a', 'x'.repeat(KIB))))
  const text = await answer
  expect(text).toMatch(/^HTTP\/1.1 408 /)
  expect(text).toContain('"code":"upload-timeout"')
  socket.destroy()
  await expectNothingLeft()
})

test('a client over the limit hears it at once, although it never ends its body', async () => {
  const api = await startApi({ config: { maxFileSize: MAX_FILE_SIZE } })
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1')
  try {
    const answer = new Promise<string>(resolve => socket.once('data', data => resolve(data.toString())))
    socket.write(
      `POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=${BOUNDARY}\r\nContent-Length: ${2 ** 30}\r\n\r\n`,
    )
    socket.write(bytes(file('a', Buffer.alloc(2 * MAX_FILE_SIZE))))
    const text = await answer
    expect(text).toMatch(/^HTTP\/1.1 413 /)
    expect(text).toContain('"code":"file-too-large"')
    expect(text).not.toMatch(/connection: close/i)
    expect(await api.objects()).toEqual([])
    expect(await api.jobKeys()).toEqual([])
  } finally {
    socket.destroy()
    await api.stop()
  }
})

test('what comes behind a refusal is not even looked at', async () => {
  const put = vi.spyOn(api.services.storage, 'put')
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1')
  const closed = new Promise(resolve => socket.once('close', resolve))
  const answer = new Promise<string>(resolve => socket.once('data', data => resolve(data.toString())))
  socket.write(
    `POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=${BOUNDARY}\r\nContent-Length: 9999\r\n\r\n`,
  )
  const body = bytes(field('colour', 'red'), file('a'), file('b'))
  // A field is told when the next part begins.
  const refused = field('colour', 'red').join('').length + BOUNDARY.length + 4
  socket.write(body.subarray(0, refused))
  expect(await answer).toContain('"code":"invalid-request"')
  socket.write(body.subarray(refused))
  await closed
  expect(put).not.toHaveBeenCalled()
  put.mockRestore()
  await expectNothingLeft()
})

describe('a storage that fails', () => {
  test.each([
    ['full', 507, 'storage-full'],
    ['unavailable', 503, 'storage-unavailable'],
  ] as const)('because it is %s is told as %i %s', async (failure, status, code) => {
    const put = vi.spyOn(api.services.storage, 'put')
    put.mockRejectedValueOnce(new StorageError(failure, 'the disk at /secret/path'))
    const response = await send(bytes(INSPECT, file('a'), file('b'), END))
    const text = await response.text()
    put.mockRestore()
    expect(JSON.parse(text)).toMatchObject({ status, code })
    expect(text).not.toContain('/secret')
    if (status === 503) expect(response.headers.get('retry-after')).toBe('2')
    await expectNothingLeft()
  })

  test('a body that cannot fit is refused before it is read', async () => {
    const free = vi.spyOn(api.services.storage, 'freeBytes').mockResolvedValue(2 ** 20)
    const api2 = await startApi({ redis: api.redis, config: { storageReserve: 2 ** 60 } })
    try {
      const response = await fetch(`${api2.url}/api/jobs`, {
        method: 'POST',
        body: form({ 'a.log': new Uint8Array(4 * 2 ** 20) }),
      })
      expect(await response.json()).toMatchObject({ status: 507, code: 'storage-full' })
      expect(await api2.objects()).toEqual([])
    } finally {
      free.mockRestore()
      await api2.stop()
    }
  })
})

test('an upload whose lease ran out is refused, and its bytes are removed', async () => {
  const take = vi.spyOn(api.services.leases, 'take')
  take.mockImplementationOnce(async () => ({
    token: 'of nobody',
    lost: new AbortController().signal,
    stop: () => undefined,
    release: async () => undefined,
  }))
  const response = await send(bytes(INSPECT, file('a'), END))
  take.mockRestore()
  expect(await response.json()).toMatchObject({ code: 'queue-unavailable' })
  await expectNothingLeft()
})

test('a draft keeps what it had when an upload to it is refused', async () => {
  const job = await draft(api)
  const path = `/api/jobs/${job.id}/files`
  expect((await send(bytes(file('good'), END), {}, path)).status).toBe(201)
  expect((await send(bytes(file('a'), file('b', big), END), {}, path)).status).toBe(413)
  expect((await send(bytes(file('a'), INSPECT, END), {}, path)).status).toBe(400)
  expect(
    (
      await send(
        bytes(
          many(3, at => file(`f${at}`)),
          END,
        ),
        {},
        path,
      )
    ).status,
  ).toBe(413)
  const { files } = (await (await fetch(`${api.url}/api/jobs/${job.id}`)).json()) as typeof job
  expect(files.map(each => each.name)).toEqual(['good'])
  expect(await api.objects()).toHaveLength(1)
})
