/** What can be done to a job, in which state, and what is said where it cannot. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Job } from '../../src/jobs/job.ts'
import { draft, form, removeAll, startApi, type TestApi, upload } from '../support/api.ts'
import { complete, fail, start } from './stand-in.ts'

/** A number in JSON, but not in JavaScript. */
const INFINITE = '1e400'
let api: TestApi
beforeAll(async () => {
  api = await startApi({ config: { webhookAllow: [{ cidr: '127.0.0.1/32', port: null }] } })
})
afterEach(() => removeAll(api))
afterAll(() => api.stop())

const call = (method: string, path: string, init: RequestInit = {}) =>
  fetch(`${api.url}${path}`, { method, ...init })
const post = (path: string) => call('POST', path)
const addFiles = (job: Job, files: Record<string, string>) =>
  call('POST', `/api/jobs/${job.id}/files`, { body: form(files) })
const read = async (id: string) => (await (await call('GET', `/api/jobs/${id}`)).json()) as Job

async function expectProblem(answer: Promise<Response>, status: number, code: string): Promise<void> {
  expect(await (await answer).json()).toMatchObject({ status, code })
}

describe('a draft', () => {
  test('is filled, emptied, filled again and submitted; it tells its story in order', async () => {
    const job = await draft(api, { pipeline: 'inspect', priority: -5, metadata: { a: { b: [1] } } })
    expect(job).toMatchObject({ status: 'draft', priority: -5, metadata: { a: { b: [1] } }, files: [] })
    const added = (await (await addFiles(job, { 'a.log': 'a', 'b.log': 'bb' })).json()) as Pick<Job, 'files'>
    expect(added.files).toMatchObject([
      { id: 'f1', name: 'a.log', size: 1, status: 'uploaded' },
      { id: 'f2', name: 'b.log', size: 2 },
    ])
    expect((await call('DELETE', `/api/jobs/${job.id}/files/f1`)).status).toBe(204)
    await expectProblem(call('DELETE', `/api/jobs/${job.id}/files/f1`), 404, 'not-found')
    expect(await api.objects()).toHaveLength(1)
    const submitted = await post(`/api/jobs/${job.id}/submit`)
    expect(submitted.status).toBe(202)
    expect(await submitted.json()).toMatchObject({ status: 'attaching', files: [{ id: 'f2' }] })
    const history = (await (await call('GET', `/api/jobs/${job.id}/events`)).json()) as {
      items: { type: string }[]
    }
    expect(history.items.map(({ type }) => type)).toEqual([
      'job.created',
      'file.uploaded',
      'file.uploaded',
      'file.removed',
      'job.submitted',
    ])
  })

  test('takes no more files, and gives none back, once it is submitted', async () => {
    const job = await upload(api)
    await expectProblem(addFiles(job, { 'late.log': 'x' }), 409, 'job-not-draft')
    await expectProblem(call('DELETE', `/api/jobs/${job.id}/files/f1`), 409, 'job-not-draft')
    expect(await api.objects()).toHaveLength(1)
  })

  test('without a file cannot be submitted', async () => {
    const { id } = await draft(api)
    await expectProblem(post(`/api/jobs/${id}/submit`), 409, 'no-files')
  })

  test('is not submitted beneath an upload that is under way', async () => {
    const job = await draft(api)
    await addFiles(job, { 'a.log': 'a' })
    const lease = await api.services.leases.take(job.id, 'draft')
    if ('refused' in lease) throw new Error(lease.refused)
    await expectProblem(post(`/api/jobs/${job.id}/submit`), 409, 'uploads-in-progress')
    await lease.release()
    expect((await post(`/api/jobs/${job.id}/submit`)).status).toBe(202)
  })

  test('that is cancelled cannot be submitted, and calls nobody back', async () => {
    const job = await draft(api, { pipeline: 'inspect', callbackUrl: 'http://127.0.0.1:7250/' })
    expect(await (await post(`/api/jobs/${job.id}/cancel`)).json()).toMatchObject({ status: 'cancelled' })
    await expectProblem(post(`/api/jobs/${job.id}/submit`), 409, 'job-final')
    const deliveries = (await (await call('GET', '/api/deliveries')).json()) as { items: unknown[] }
    expect(deliveries.items).toEqual([])
  })

  test.each([
    ['an unknown property', { colour: 'red' }, 400, 'invalid-request', '/colour'],
    ['a priority out of range', { priority: 1_001 }, 400, 'invalid-request', '/priority'],
    ['a priority with a fraction', { priority: 0.5 }, 400, 'invalid-request', '/priority'],
    ['a priority as a string', { priority: '1' }, 400, 'invalid-request', '/priority'],
    ['metadata that are an array', { metadata: [] }, 400, 'invalid-request', '/metadata'],
    [
      'metadata with a number that none can hold',
      { metadata: { a: [INFINITE] } },
      400,
      'invalid-request',
      '/metadata',
    ],
    ['metadata with half a character', { metadata: { a: ['\ud800'] } }, 400, 'invalid-request', '/metadata'],
    [
      'metadata with half a character in a key',
      { metadata: { a: { '\udc00': 1 } } },
      400,
      'invalid-request',
      '/metadata',
    ],
    ['metadata over 16 KiB', { metadata: { a: 'x'.repeat(16_384) } }, 413, 'field-too-large', null],
    ['an unknown pipeline', { pipeline: 'nope' }, 422, 'unknown-pipeline', null],
    ['a relative callback URL', { callbackUrl: '/hook' }, 400, 'invalid-request', '/callbackUrl'],
    [
      'a callback URL with spaces',
      { callbackUrl: ' http://8.8.8.8/ ' },
      400,
      'invalid-request',
      '/callbackUrl',
    ],
    [
      'a callback URL with half a character',
      { callbackUrl: 'http://8.8.8.8/\ud800' },
      400,
      'invalid-request',
      '/callbackUrl',
    ],
    ['an empty user', { callbackUrl: 'http://@8.8.8.8/' }, 422, 'callback-url-not-allowed', null],
    ['a callback URL that is no string', { callbackUrl: 1 }, 400, 'invalid-request', '/callbackUrl'],
    ['a private callback URL', { callbackUrl: 'http://10.0.0.1/' }, 422, 'callback-url-not-allowed', null],
    ['an ftp callback URL', { callbackUrl: 'ftp://example.com/' }, 422, 'callback-url-not-allowed', null],
  ])('is refused for %s', async (_, body, status, code, pointer) => {
    const response = await call('POST', '/api/jobs', {
      body: JSON.stringify(body).replace(`"${INFINITE}"`, INFINITE),
      headers: { 'content-type': 'application/json' },
    })
    const problem = (await response.json()) as { errors?: unknown }
    expect(problem).toMatchObject({ status, code })
    if (pointer !== null) expect(problem.errors).toMatchObject([{ pointer }])
    expect(await api.jobKeys()).toEqual([])
  })

  test.each([
    ['{', 400, 'malformed-json'],
    ['', 400, 'malformed-json'],
    [Buffer.from('{"metadata":{"a":"\xff"}}', 'latin1'), 400, 'malformed-json'],
    ['[]', 400, 'invalid-request'],
    ['null', 400, 'invalid-request'],
    [`{"metadata": {"a": ${'['.repeat(100_000)}${']'.repeat(100_000)}}}`, 400, 'invalid-request'],
    [JSON.stringify({ metadata: { a: 'x'.repeat(2_000_000) } }), 413, 'field-too-large'],
    [`{"metadata": {"a": [${'[],'.repeat(1_000_000)}[]]}}`, 413, 'field-too-large'],
    [JSON.stringify({ metadata: { a: 'x'.repeat(2 ** 22) } }), 413, 'request-too-large'],
  ])('is refused for the body %#', async (body, status, code) => {
    await expectProblem(
      call('POST', '/api/jobs', { body, headers: { 'content-type': 'application/json' } }),
      status,
      code,
    )
  })

  test('is refused for a body that is none, in a sentence', async () => {
    const response = await call('POST', '/api/jobs', {
      body: '[]',
      headers: { 'content-type': 'application/json' },
    })
    expect(await response.json()).toMatchObject({
      detail: expect.stringMatching(/^The body: \w/),
      errors: [{ pointer: '' }],
    })
  })

  test.each(['\\u0041', 'A', '\\/', ' A'])(
    'has 16 KiB of metadata written in %j and no byte more, and so has an upload',
    async character => {
      const [left, kept] = [' '.repeat(100), JSON.parse(`"${character}"`) as string]
      const room = Math.floor((16_384 - '{"a":""}'.length) / kept.length)
      const metadata = (count: number) => `${left}{"a":${left}"${character.repeat(count)}"}`
      const asJson = (count: number) =>
        call('POST', '/api/jobs', {
          body: `{"pipeline":"inspect","metadata":${metadata(count)}}`,
          headers: { 'content-type': 'application/json' },
        })
      const asForm = (count: number) =>
        call('POST', '/api/jobs', {
          body: form({ a: 'a' }, { pipeline: 'inspect', metadata: metadata(count) }),
        })
      expect((await asJson(room)).status).toBe(201)
      expect((await asForm(room)).status).toBe(202)
      for (const each of [asJson, asForm]) await expectProblem(each(room + 1), 413, 'field-too-large')
    },
  )

  test('keeps metadata as they were given, strange keys included', async () => {
    const text = '{"metadata":{"__proto__":{"x":1},"constructor":2,"":null},"pipeline":"inspect"}'
    const response = await call('POST', '/api/jobs', {
      body: text,
      headers: { 'content-type': 'application/json' },
    })
    const { id } = (await response.json()) as Job
    expect(await (await call('GET', `/api/jobs/${id}`)).text()).toContain(
      '"metadata":{"__proto__":{"x":1},"constructor":2,"":null}',
    )
  })
})

test('I2: however often and concurrently a draft is submitted, there is one flow', async () => {
  const job = await draft(api)
  await addFiles(job, { 'a.log': 'a', 'b.log': 'b' })
  const answers = await Promise.all(Array.from({ length: 20 }, () => post(`/api/jobs/${job.id}/submit`)))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]))
  expect((await post(`/api/jobs/${job.id}/submit`)).status).toBe(202)
  const flows = await api.client.keys(`{sluice}:process:${job.id}-*`)
  expect(flows.filter(key => /-\d+$/.test(key))).toEqual([`{sluice}:process:${job.id}-1`])
  const { items } = (await (await call('GET', `/api/jobs/${job.id}/events`)).json()) as {
    items: { type: string }[]
  }
  expect(items.filter(({ type }) => type === 'job.submitted')).toHaveLength(1)
  await expect.poll(() => api.services.outbox.size()).toBe(0)
})

describe('cancel', () => {
  test('ends a job at once, is repeatable, and makes a delivery', async () => {
    const job = await upload(api, { callbackUrl: 'http://127.0.0.1:7250/' })
    for (const _ of [1, 2]) {
      const response = await post(`/api/jobs/${job.id}/cancel`)
      expect(response.status).toBe(202)
      expect(await response.json()).toMatchObject({ status: 'cancelled' })
    }
    const { items } = (await (await call('GET', `/api/deliveries?jobId=${job.id}`)).json()) as {
      items: unknown[]
    }
    expect(items).toMatchObject([{ type: 'job.cancelled', status: 'pending', jobId: job.id }])
  })

  test('is refused for a job that has completed or failed', async () => {
    const [one, other] = [await upload(api), await upload(api)]
    await complete(api, one)
    await fail(api, other)
    await expectProblem(post(`/api/jobs/${one.id}/cancel`), 409, 'job-final')
    await expectProblem(post(`/api/jobs/${other.id}/cancel`), 409, 'job-final')
  })
})

describe('retry', () => {
  test('opens a new run of a failed job', async () => {
    const job = await upload(api)
    await fail(api, job)
    const response = await post(`/api/jobs/${job.id}/retry`)
    expect(response.status).toBe(202)
    expect(await response.json()).toMatchObject({
      status: 'attaching',
      run: 2,
      error: null,
      finishedAt: null,
    })
    expect(await api.client.exists(`{sluice}:process:${job.id}-2`)).toBe(1)
  })

  test('is refused for a job that has not failed, and for one that would fail again', async () => {
    const [running, changed] = [await upload(api), await upload(api)]
    await expectProblem(post(`/api/jobs/${running.id}/retry`), 409, 'job-not-failed')
    await fail(api, changed, 'file-changed')
    await expectProblem(post(`/api/jobs/${changed.id}/retry`), 409, 'job-not-retryable')
  })
})

describe('delete', () => {
  test('removes a final job with its files, artifacts and events; repeated, there is nothing', async () => {
    const job = await upload(api)
    await complete(api, job, [
      { name: 'manifest.json', type: 'application/json', content: '{}'.padEnd(1_000) },
    ])
    expect(await api.objects()).toHaveLength(2)
    expect((await call('DELETE', `/api/jobs/${job.id}`)).status).toBe(204)
    expect(await api.objects()).toEqual([])
    await expectProblem(call('DELETE', `/api/jobs/${job.id}`), 404, 'not-found')
    await expectProblem(call('GET', `/api/jobs/${job.id}`), 404, 'not-found')
    await expectProblem(call('GET', `/api/jobs/${job.id}/events`), 404, 'not-found')
  })

  test('of a draft alone leaves what has been submitted by then, also once it is final', async () => {
    const submitted = await upload(api)
    await expectProblem(call('DELETE', `/api/jobs/${submitted.id}?status=draft`), 409, 'job-not-draft')
    await complete(api, submitted, [])
    await expectProblem(call('DELETE', `/api/jobs/${submitted.id}?status=draft`), 409, 'job-not-draft')
    expect((await call('GET', `/api/jobs/${submitted.id}`)).status).toBe(200)
    const open = await draft(api)
    expect((await call('DELETE', `/api/jobs/${open.id}?status=draft`)).status).toBe(204)
    await expectProblem(call('GET', `/api/jobs/${open.id}`), 404, 'not-found')
    expect((await call('DELETE', `/api/jobs/${submitted.id}?status=final`)).status).toBe(400)
  })

  test('is refused for a job under way', async () => {
    const job = await upload(api)
    await expectProblem(call('DELETE', `/api/jobs/${job.id}`), 409, 'job-not-final')
    await start(api, job)
    await expectProblem(call('DELETE', `/api/jobs/${job.id}`), 409, 'job-not-final')
  })
})

describe('Prefer: wait', () => {
  const waiting = async (seconds: number) => {
    const job = await draft(api)
    await addFiles(job, { 'a.log': 'a' })
    const answer = call('POST', `/api/jobs/${job.id}/submit`, { headers: { prefer: `wait=${seconds}` } })
    return { job, answer }
  }

  test('holds the answer until the job is final', async () => {
    const { job, answer } = await waiting(600)
    await expect.poll(async () => (await read(job.id)).status).toBe('attaching')
    await complete(api, await read(job.id))
    const response = await answer
    expect(response.status).toBe(202)
    expect(response.headers.get('preference-applied')).toBe('wait=60')
    expect(await response.json()).toMatchObject({ status: 'completed', result: { files: 1 } })
  })

  test.each([
    ['wait=99999999999', 'wait=60'],
    ['respond-async, wait=0', 'wait=0'],
    ['wait=-1', null],
    ['wait=soon', null],
  ])('of %s is applied as %s', async (prefer, applied) => {
    const job = await upload(api)
    await complete(api, job)
    const response = await call('POST', `/api/jobs/${job.id}/submit`, { headers: { prefer } })
    expect(response.headers.get('preference-applied')).toBe(applied)
  })

  test('answers when the time is up', async () => {
    const { answer } = await waiting(1)
    const response = await answer
    expect(response.headers.get('preference-applied')).toBe('wait=1')
    expect(await response.json()).toMatchObject({ status: 'attaching' })
  })
})
