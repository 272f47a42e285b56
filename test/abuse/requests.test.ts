/**
 * The abuse catalogue over HTTP. Each of it is refused by its own problem and leaves nothing, and a good upload right after
 * works; repeated, it costs no memory. What archives can do is in the tests of the pipelines, what never becomes a request
 * in `test/api/unreadable.test.ts`.
 */
import { parse as parseDisposition } from 'content-disposition'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Job } from '../../src/jobs/job.ts'
import { draft, removeAll, startApi, type TestApi, upload } from '../support/api.ts'
import {
  type Answer,
  BOUNDARY,
  bytes,
  connectRaw,
  END,
  file,
  INSPECT,
  part,
  uploadHead,
} from '../support/raw-request.ts'
import { CATALOGUE, type Entrance } from './catalogue.ts'

const LIMITS = { maxFileSize: 64 * 2 ** 10, maxFiles: 3 }
/** One that has patience, and one that has none, for what has to be waited out. */
let patient: TestApi
let hasty: TestApi
beforeAll(async () => {
  patient = await startApi({ config: LIMITS })
  hasty = await startApi({
    redis: patient.redis,
    config: { ...LIMITS, minUploadRate: 2 ** 16 },
    pace: { idleMs: 300, windowMs: 600 },
  })
})
afterEach(() => removeAll(patient))
afterAll(async () => {
  await hasty.stop()
  await patient.stop()
})

const ENTRANCES = ['POST /api/jobs', 'POST /api/jobs/{id}/files'] as const
type EntranceName = (typeof ENTRANCES)[number]

async function open(name: EntranceName): Promise<Entrance & { job: Job | null }> {
  if (name === 'POST /api/jobs') return { path: '/api/jobs', fields: INSPECT, job: null }
  const job = await draft(patient)
  return { path: `/api/jobs/${job.id}/files`, fields: [], job }
}

/** No byte, no lease, no job but the draft, which is as it was; and a good upload works. */
async function expectNothingLeft(api: TestApi, { path, fields, job }: Awaited<ReturnType<typeof open>>) {
  const own = job === null ? [] : [`{sluice}:job:${job.id}`, `{sluice}:job:${job.id}:log`]
  await expect.poll(async () => (await api.jobKeys()).sort()).toEqual(own)
  expect(await api.objects()).toEqual([])
  if (job !== null) {
    expect(await (await fetch(`${patient.url}/api/jobs/${job.id}`)).json()).toEqual(job)
  }
  const connection = connectRaw(patient.url)
  const body = bytes(fields, file('good.log'), END)
  await connection.say(uploadHead(path, `Content-Length: ${body.length}`), body)
  expect((await connection.answer()).status).toBe(job === null ? 202 : 201)
  connection.socket.destroy()
}

function expectProblem(answer: Answer, status: number, code: string): void {
  expect(answer.json()).toMatchObject({ status, code, type: `/problems/${code}` })
  expect(answer.status).toBe(status)
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
}

describe.each(ENTRANCES)('%s', name => {
  test.each(CATALOGUE.map(abuse => [abuse.name, abuse] as const))('%s', async (_, abuse) => {
    const entrance = await open(name)
    const api = abuse.slow ? hasty : patient
    const connection = connectRaw(api.url)
    const said = abuse.say(connection, entrance).catch(() => undefined)
    if (abuse.answer === null) expect(await connection.closed).toBe('')
    else expectProblem(await connection.answer(), ...abuse.answer)
    await said
    connection.socket.destroy()
    await expectNothingLeft(api, entrance)
  })
})

/** Requests that have been dealt with, whoever heard the answer. */
async function dealtWith(): Promise<number> {
  const metrics = await (await fetch(`${patient.url}/metrics`)).text()
  const counts = metrics.matchAll(/^sluice_http_request_duration_seconds_count\{method="POST".* (\d+)$/gm)
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0)
}

/** All of what is said, up to a share of its body. */
async function hangUp(entrance: Entrance, share: number, then: 'at once' | 'before the answer is read') {
  const body = bytes(
    entrance.fields,
    file('a.log', 'a'.repeat(40_000)),
    file('b.log', 'b'.repeat(40_000)),
    END,
  )
  const connection = connectRaw(patient.url)
  await connection.say(
    uploadHead(entrance.path, `Content-Length: ${body.length}`),
    body.subarray(0, body.length * share),
  )
  if (then === 'before the answer is read') await connection.heard()
  connection.socket.destroy()
}

describe.each(ENTRANCES)('a client of %s that hangs up', name => {
  test.each([0, 0.01, 0.5, 0.99])(
    'after %d of its body leaves nothing, at whatever moment we hear of it',
    async share => {
      const entrance = await open(name)
      const before = await dealtWith()
      for (let times = 0; times < 10; times++) await hangUp(entrance, share, 'at once')
      await expect.poll(dealtWith).toBe(before + 10)
      await expectNothingLeft(patient, entrance)
    },
  )

  test.each(['at once', 'before the answer is read'] as const)(
    'after its last byte, %s, leaves a whole upload or nothing',
    async then => {
      const entrance = await open(name)
      const before = await dealtWith()
      await hangUp(entrance, 1, then)
      await expect.poll(dealtWith).toBe(before + 1)
      expect((await patient.jobKeys()).filter(key => key.endsWith(':leases'))).toEqual([])
      const { items } = (await (await fetch(`${patient.url}/api/jobs`)).json()) as { items: Job[] }
      const files = items.flatMap(job => job.files.map(file => file.size))
      expect([[], [40_000, 40_000]]).toContainEqual(files)
      expect(await patient.objects()).toHaveLength(files.length)
    },
  )
})

describe('Expect: 100-continue', () => {
  const head = (path: string, length: number, ...more: string[]) =>
    uploadHead(path, `Content-Length: ${length}`, 'Expect: 100-continue', ...more)

  test.each(ENTRANCES)('asks for the body of a good upload to %s', async name => {
    const { path, fields, job } = await open(name)
    const body = bytes(fields, file('a.log'), END)
    const connection = connectRaw(patient.url)
    await connection.say(head(path, body.length))
    expect((await connection.answer()).status).toBe(100)
    await connection.say(body)
    expect((await connection.answer()).status).toBe(job === null ? 202 : 201)
    connection.socket.destroy()
  })

  test.each(ENTRANCES)('is answered by the refusal alone where %s needs no body to refuse', async name => {
    const entrance = await open(name)
    const connection = connectRaw(patient.url)
    await connection.say(head(entrance.path, 10, 'Content-Encoding: gzip'))
    expectProblem(await connection.answer(), 415, 'unsupported-media-type')
    connection.socket.destroy()
    await expectNothingLeft(patient, entrance)
  })

  test('asks for JSON, too', async () => {
    const connection = connectRaw(patient.url)
    const body = '{"pipeline":"inspect"}'
    await connection.say(head('/api/jobs', body.length).replace(/multipart.*/, 'application/json'))
    expect((await connection.answer()).status).toBe(100)
    await connection.say(body)
    expect((await connection.answer()).status).toBe(201)
    connection.socket.destroy()
  })
})

describe('harmless, however it looks', () => {
  const NUL = String.fromCharCode(0)
  test.each([
    ['a way up', '../../../etc/passwd', 'passwd'],
    ['a way up on Windows', '..\\..\\boot.ini', 'boot.ini'],
    ['an absolute path', '/etc/passwd', 'passwd'],
    ['an absolute path on Windows', 'C:\\Windows\\win.ini', 'win.ini'],
    ['a share', '\\\\server\\share\\a.log', 'a.log'],
    ['NUL', `a${NUL}.log`, 'a.log'],
    ['NUL, percent-encoded', 'a%00.log', 'a%00.log'],
    ['4 KiB', `${'n'.repeat(4_096)}.log`, 'n'.repeat(255)],
    ['turned around', 'gpj.\u202egol.exe', 'gpj.gol.exe'],
    ['only dots, more than two', '....', '....'],
    ['a device of Windows', 'CON', 'CON'],
    ['a device of Windows with an ending', 'NUL.txt', 'NUL.txt'],
    ['dots and spaces at its end', ' a.log. . ', 'a.log. .'],
    ['line ends, percent-encoded as browsers do', 'a%0D%0ASet-Cookie: a=b.log', 'aSet-Cookie: a=b.log'],
    ['quotes, percent-encoded as browsers do', 'a%22; filename=%22b.log', 'a"; filename="b.log'],
    ['markup', '<img src=x onerror=alert(1)>.log', '<img src=x onerror=alert(1)>.log'],
    ['__proto__', '__proto__', '__proto__'],
  ])('a file name: %s', async (_, given, kept) => {
    const response = await fetch(`${patient.url}/api/jobs`, {
      method: 'POST',
      headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
      body: bytes(INSPECT, file(given), END),
    })
    const job = (await response.json()) as Job
    expect(job.files.map(({ name }) => name)).toEqual([kept])
    expect(response.headers.get('location')).toBe(`/api/jobs/${job.id}`)
    expect(await patient.objects()).toEqual([expect.stringMatching(/^[\w-]+\.f-[\w-]+$/)])
    const download = await fetch(`${patient.url}/api/jobs/${job.id}/files/f1/content`)
    expect(await download.text()).toBe('x')
    expect(download.headers.get('set-cookie')).toBeNull()
    const disposition = download.headers.get('content-disposition')!
    expect(disposition).toMatch(/^attachment; filename/)
    expect(parseDisposition(disposition).parameters.filename).toBe(kept)
  })

  test.each([
    ['empty', ''],
    ['only dots, one', '.'],
    ['only dots, two', '..'],
    ['only a way up', '../'],
    ['nothing that can be seen', '\u202e\u2066'],
  ])('but a file name that is none is refused: %s', async (_, given) => {
    const entrance = await open('POST /api/jobs')
    const connection = connectRaw(patient.url)
    const body = bytes(INSPECT, file(given), END)
    await connection.say(uploadHead('/api/jobs', `Content-Length: ${body.length}`), body)
    expectProblem(await connection.answer(), 400, 'invalid-request')
    connection.socket.destroy()
    await expectNothingLeft(patient, entrance)
  })

  test.each(ENTRANCES)('duplicate names, an empty file, and multipart within a file, to %s', async name => {
    const { path, fields } = await open(name)
    const nested = '--inner\r\nContent-Disposition: form-data; name="pipeline"\r\n\r\nnope\r\n--inner--'
    const response = await fetch(`${patient.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
      body: bytes(
        fields,
        file('same.log', 'one'),
        file('same.log', ''),
        part(
          'Content-Disposition: form-data; name="files"; filename="n"\r\nContent-Type: multipart/mixed; boundary=inner',
          nested,
        ),
        END,
      ),
    })
    const { files } = (await response.json()) as Pick<Job, 'files'>
    expect(files.map(({ id, name: kept, size }) => [id, kept, size])).toEqual([
      ['f1', 'same.log', 3],
      ['f2', 'same.log', 0],
      ['f3', 'n', nested.length],
    ])
  })

  test('nobody has changed what objects are', () => {
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    expect(Object.keys(Object.prototype)).toEqual([])
  })
})

test('1,000 connections at once, that say half a request, keep nobody from uploading', async () => {
  const connections = Array.from({ length: 1_000 }, () => connectRaw(patient.url))
  await Promise.all(connections.map(each => each.say('POST /api/jobs HTTP/1.1\r\nHost: local')))
  await upload(patient)
  for (const each of connections) each.socket.destroy()
  await upload(patient)
})

test('1,000 uploads at once are each taken whole or told to come again', async () => {
  const body = bytes(INSPECT, file('a.log', 'hello'), END)
  const api = await startApi({ redis: patient.redis, config: { maxUploads: 100 } })
  try {
    const statuses = await Promise.all(
      Array.from({ length: 1_000 }, async () => {
        const connection = connectRaw(api.url)
        await connection.say(uploadHead('/api/jobs', `Content-Length: ${body.length}`), body)
        const { status } = await connection.answer()
        connection.socket.destroy()
        return status
      }),
    )
    const taken = statuses.filter(status => status === 202).length
    expect(new Set([...statuses, 202, 429])).toEqual(new Set([202, 429]))
    expect(taken).toBeGreaterThanOrEqual(100)
    expect(await api.objects()).toHaveLength(taken)
    expect(await api.client.zcard('{sluice}:jobs')).toBe(taken)
    await upload(api)
  } finally {
    await api.stop()
    await patient.redis.flush()
  }
})
