import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Job } from '../../src/jobs/job.ts'
import { form, startApi, type TestApi, upload } from '../support/api.ts'
import { complete } from './stand-in.ts'

let api: TestApi
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api.stop())

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${api.url}${path}`, { headers, method })

describe('the list', () => {
  let jobs: Job[]
  beforeAll(async () => {
    jobs = []
    for (let at = 0; at < 7; at++) jobs.push(await upload(api, at === 3 ? { pipeline: 'log-analysis' } : {}))
    await fetch(`${api.url}/api/jobs/${jobs[0]!.id}/cancel`, { method: 'POST' })
  })
  const ids = (items: readonly Job[]) => items.map(({ id }) => id)
  const list = async (query: string) =>
    (await (await get(`/api/jobs?${query}`)).json()) as { items: Job[]; nextCursor: string | null }

  test('pages from the newest to the oldest without gaps or repeats', async () => {
    const seen: Job[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Awaited<ReturnType<typeof list>> = await list(`limit=3${cursor && `&cursor=${cursor}`}`)
      expect(page.items.length).toBeLessThanOrEqual(3)
      seen.push(...page.items)
      cursor = page.nextCursor
    }
    expect(ids(seen)).toEqual(ids(jobs).reverse())
  })

  test('is narrowed by status, which may repeat, by pipeline and by time', async () => {
    expect(ids((await list('status=cancelled')).items)).toEqual([jobs[0]!.id])
    expect((await list('status=cancelled&status=attaching')).items).toHaveLength(7)
    expect(ids((await list('pipeline=log-analysis')).items)).toEqual([jobs[3]!.id])
    const { createdAt } = jobs[3]!
    const later = (await list(`createdAfter=${encodeURIComponent(createdAt)}`)).items
    const earlier = (await list(`createdBefore=${createdAt}`)).items
    expect(ids(later)).not.toContain(jobs[3]!.id)
    expect(ids(earlier)).not.toContain(jobs[3]!.id)
    expect(ids(later)).toContain(jobs[6]!.id)
    expect(ids(earlier)).toContain(jobs[0]!.id)
  })

  test.each([
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['limit=ten', 'limit'],
    ['limit=', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['status=odd', 'status'],
    ['cursor=nope', 'cursor'],
    ['cursor=', 'cursor'],
    [`cursor=${Buffer.from('x:y').toString('base64url')}`, 'cursor'],
    ['createdAfter=yesterday', 'createdAfter'],
  ])('refuses ?%s, naming the parameter', async (query, parameter) => {
    const response = await get(`/api/jobs?${query}`)
    expect(await response.json()).toMatchObject({
      status: 400,
      code: 'invalid-request',
      errors: [{ parameter }],
    })
  })
})

test('what takes no parameters refuses them', async () => {
  expect(await (await get('/api/pipelines?x=1')).json()).toMatchObject({
    code: 'invalid-request',
    errors: [{ parameter: 'x' }],
  })
})

describe('a download', () => {
  let job: Job
  const content = '0123456789'
  beforeAll(async () => {
    const body = form({ 'naïve "日本".log': content, empty: '' }, { pipeline: 'inspect' })
    job = (await (await fetch(`${api.url}/api/jobs`, { method: 'POST', body })).json()) as Job
  })
  const path = (file = 'f1') => `/api/jobs/${job.id}/files/${file}/content`

  test('has the bytes, their length, and a name that survives', async () => {
    const response = await get(path())
    expect(response.status).toBe(200)
    expect(await response.text()).toBe(content)
    expect(response.headers.get('content-length')).toBe('10')
    expect(response.headers.get('etag')).toBe(`"${job.files[0]!.sha256}"`)
    expect(response.headers.get('content-disposition')).toContain(
      "filename*=UTF-8''na%C3%AFve%20%22%E6%97%A5%E6%9C%AC%22.log",
    )
    expect(response.headers.get('content-disposition')).toMatch(/^attachment/)
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  })

  test.each([
    ['bytes=0-3', '0123', 'bytes 0-3/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-2', '89', 'bytes 8-9/10'],
    ['bytes=-11', '0123456789', 'bytes 0-9/10'],
    ['bytes=5-100', '56789', 'bytes 5-9/10'],
  ])('of %s is that part', async (range, part, contentRange) => {
    const response = await get(path(), { range })
    expect(response.status).toBe(206)
    expect(response.headers.get('content-range')).toBe(contentRange)
    expect(await response.text()).toBe(part)
  })

  test('of a range beyond the end is refused with the size', async () => {
    const response = await get(path(), { range: 'bytes=10-' })
    expect(response.status).toBe(416)
    expect(response.headers.get('content-range')).toBe('bytes */10')
    expect(await response.json()).toMatchObject({ code: 'range-not-satisfiable' })
  })

  test.each(['bytes=a-b', 'lines=1-2', 'bytes=0-1,4-5'])('of %s is the whole', async range => {
    const response = await get(path(), { range })
    expect(response.status).toBe(200)
    expect(await response.text()).toBe(content)
  })

  test('is not sent again to who has it, and not in parts to who has another', async () => {
    const etag = `"${job.files[0]!.sha256}"`
    expect((await get(path(), { 'if-none-match': `"x", W/${etag}` })).status).toBe(304)
    expect((await get(path(), { range: 'bytes=0-1', 'if-range': etag })).status).toBe(206)
    expect((await get(path(), { range: 'bytes=0-1', 'if-range': '"other"' })).status).toBe(200)
  })

  test('can be asked for its headers alone', async () => {
    const response = await get(path(), {}, 'HEAD')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-length')).toBe('10')
    expect(await response.text()).toBe('')
    expect((await get(path(), { range: 'bytes=0-1' }, 'HEAD')).status, 'no part of them').toBe(200)
  })

  test('of an empty file is empty', async () => {
    const response = await get(path('f2'))
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('')
  })

  test('of what is not there is 404', async () => {
    expect((await get(path('f9'))).status).toBe(404)
    const gone = await upload(api)
    await api.services.storage.remove(
      (await api.services.storage.list(gone.id)[Symbol.asyncIterator]().next()).value!.key,
    )
    expect(await (await get(`/api/jobs/${gone.id}/files/f1/content`)).json()).toMatchObject({
      code: 'not-found',
    })
  })
})

/** Too long for the record. */
const LONG = 'clean\n'.repeat(100)

describe('artifacts', () => {
  let job: Job
  beforeAll(async () => {
    job = await upload(api)
    await complete(api, job, [
      { name: 'report.html', type: 'text/html', content: '<h1>hi</h1>' },
      { name: 'redacted/deep/app 100%.log', type: 'text/plain', content: 'clean\n' },
      { name: 'long.txt', type: 'text/plain', content: LONG },
    ])
  })

  test('are listed with their stage', async () => {
    expect(await (await get(`/api/jobs/${job.id}/artifacts`)).json()).toEqual({
      items: [
        { name: 'report.html', size: 11, type: 'text/html', stage: 'inspection' },
        { name: 'redacted/deep/app 100%.log', size: 6, type: 'text/plain', stage: 'inspection' },
        { name: 'long.txt', size: LONG.length, type: 'text/plain', stage: 'inspection' },
      ],
    })
  })

  test.each(['redacted/deep/app%20100%25.log', 'redacted%2Fdeep%2Fapp%20100%25.log'])(
    'are found as %s',
    async name => {
      const response = await get(`/api/jobs/${job.id}/artifacts/${name}`)
      expect(response.status).toBe(200)
      expect(await response.text()).toBe('clean\n')
      expect(response.headers.get('content-disposition')).toBe('attachment; filename="app 100%.log"')
    },
  )

  test.each([
    ['in the record', 'report.html', '<h1>hi</h1>'],
    ['in storage', 'long.txt', LONG],
  ])('%s, come whole, in parts, as headers alone, and once only', async (_, name, content) => {
    const path = `/api/jobs/${job.id}/artifacts/${name}`
    const whole = await get(path)
    expect(whole.headers.get('content-length')).toBe(String(content.length))
    expect(await whole.text()).toBe(content)
    const etag = whole.headers.get('etag')!
    expect(etag).toMatch(/^"[^"]+"$/)

    const part = await get(path, { range: 'bytes=4-', 'if-range': etag })
    expect(part.status).toBe(206)
    expect(await part.text()).toBe(content.slice(4))
    const tooFar = await get(path, { range: `bytes=${content.length}-` })
    expect(tooFar.status).toBe(416)

    const head = await get(path, {}, 'HEAD')
    expect([head.headers.get('content-length'), head.headers.get('etag'), await head.text()]).toEqual([
      String(content.length),
      etag,
      '',
    ])
    expect((await get(path, { 'if-none-match': etag })).status).toBe(304)
  })

  test('a report opens in the browser, where it can load and run nothing', async () => {
    const response = await get(`/api/jobs/${job.id}/artifacts/report.html`)
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(response.headers.get('content-disposition')).toMatch(/^inline/)
    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none';.*sandbox$/)
  })

  test.each(['nope', '..%2F..%2Fetc%2Fpasswd', '%00', 'report.html/'])(
    'of the name %s there are none',
    async name => {
      expect((await get(`/api/jobs/${job.id}/artifacts/${name}`)).status).toBe(404)
    },
  )
})

test.each([
  ['../../etc/passwd', 'passwd'],
  ['C:\\logs\\app.log', 'app.log'],
  ['nul\u0000byte.log', 'nulbyte.log'],
  ['line%0D%0Afeed.log', 'linefeed.log'],
  ['\u202egol.exe', 'gol.exe'],
  ['日本語.log', '日本語.log'],
  [`${'é'.repeat(200)}.log`, 'é'.repeat(127)],
  ['.hidden', '.hidden'],
  ["it's %41 & <b>.log", "it's %41 & <b>.log"],
])('a file named %j is kept as %j', async (given, kept) => {
  const encoded = encodeURIComponent(given).replaceAll("'", '%27')
  const body = [
    '--b',
    `Content-Disposition: form-data; name="files"; filename*=UTF-8''${encoded}`,
    '',
    'x',
    '--b',
    'Content-Disposition: form-data; name="pipeline"',
    '',
    'inspect',
    '--b--',
    '',
  ].join('\r\n')
  const response = await fetch(`${api.url}/api/jobs`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'multipart/form-data; boundary=b' },
  })
  expect(await response.json()).toMatchObject({ files: [{ name: kept }] })
})

describe('an id that is none', () => {
  test.each([':log', ':deliveries', '%3Alog', '%20', '%00', 'x'.repeat(65)])(
    'is not found, whatever key it would be in Redis: <id>%s',
    async end => {
      const { id } = await upload(api)
      const job = `/api/jobs/${id}${end}`
      const calls: [string, string][] = [
        ['GET', job],
        ['GET', `${job}/events`],
        ['GET', `${job}/artifacts`],
        ['GET', `${job}/files/f1/content`],
        ['GET', `/api/jobs/${id}/files/f1${end}/content`],
        ['DELETE', `/api/jobs/${id}/files/f1${end}`],
        ['POST', `${job}/submit`],
        ['POST', `${job}/cancel`],
        ['POST', `${job}/retry`],
        ['DELETE', job],
        ['GET', `/api/deliveries/msg_${id}_r1${end}`],
        ['POST', `/api/deliveries/msg_${id}_r1${end}/redeliver`],
      ]
      for (const [method, path] of calls) {
        const answer = await get(path, {}, method)
        expect(answer.status, `${method} ${path}`).toBe(404)
        expect(await answer.json()).toMatchObject({ code: 'not-found' })
      }
    },
  )
})
