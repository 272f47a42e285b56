/** A new job from the files of another. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { ApiKey } from '../../src/config.ts'
import type { Job } from '../../src/jobs/job.ts'
import { readRecord } from '../../src/jobs/record.ts'
import { draft, form, startApi, type TestApi } from '../support/api.ts'
import { createTus } from '../support/tus.ts'

const KEYS = {
  ada: { name: 'ada', role: 'admin', key: 'a-key-of-ada-000000' },
  bob: { name: 'bob', role: 'uploader', key: 'a-key-of-bob-000000' },
  vic: { name: 'vic', role: 'viewer', key: 'a-key-of-vic-000000' },
} satisfies Record<string, ApiKey>
type Who = keyof typeof KEYS

let api: TestApi
beforeAll(async () => {
  api = await startApi({ config: { apiKeys: Object.values(KEYS) } })
})
afterAll(() => api.stop())

const bearer = (who: Who) => ({ authorization: `Bearer ${KEYS[who].key}` })
const call = (method: string, path: string, who: Who = 'ada', headers: Record<string, string> = {}) =>
  fetch(`${api.url}${path}`, { method, headers: { ...bearer(who), ...headers } })

async function upload(files: Record<string, string>): Promise<Job> {
  const response = await fetch(`${api.url}/api/jobs`, {
    method: 'POST',
    headers: bearer('ada'),
    body: form(files, { pipeline: 'inspect', priority: '3', metadata: '{"ticket":"INC-1"}' }),
  })
  expect(response.status).toBe(202)
  return (await response.json()) as Job
}

async function rerun(
  id: string,
  changes: object = {},
  who: Who = 'ada',
  headers: Record<string, string> = {},
) {
  const response = await fetch(`${api.url}/api/jobs/${id}/rerun`, {
    method: 'POST',
    headers: { ...bearer(who), 'content-type': 'application/json', ...headers },
    body: JSON.stringify(changes),
  })
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Job & { code: string },
  }
}

const count = async () => ({
  jobs: await api.client.zcard('{sluice}:jobs'),
  objects: (await api.objects()).length,
})

describe('a rerun', () => {
  test('without a body changes nothing; a body of another kind is refused', async () => {
    const job = await upload({ 'a.log': 'first' })
    const path = `/api/jobs/${job.id}/rerun`
    const response = await call('POST', path)
    expect(response.status).toBe(202)
    const { pipeline, priority, metadata } = job
    expect(await response.json()).toMatchObject({ pipeline, priority, metadata })
    const method = 'POST'
    const text = await fetch(api.url + path, { method, headers: bearer('ada'), body: '{}' })
    expect(text.status).toBe(415)
  })

  test('is another job with the same files and settings, and either may be deleted without the other', async () => {
    const job = await upload({ 'a.log': 'first', 'b.log': 'second' })
    const { status, headers, body } = await rerun(job.id)
    expect(status).toBe(202)
    expect(headers.get('location')).toBe(`/api/jobs/${body.id}`)
    expect(body.id).not.toBe(job.id)
    const { pipeline, priority, metadata, callbackUrl } = job
    expect(body).toMatchObject({ pipeline, priority, metadata, callbackUrl, owner: 'ada' })
    expect(body.files.map(({ name, sha256 }) => [name, sha256])).toEqual(
      job.files.map(({ name, sha256 }) => [name, sha256]),
    )

    await call('POST', `/api/jobs/${job.id}/cancel`)
    expect((await call('DELETE', `/api/jobs/${job.id}`)).status).toBe(204)
    expect(await (await call('GET', `/api/jobs/${body.id}/files/f2/content`)).text()).toBe('second')
  })

  test('takes what is given instead, and is the caller’s', async () => {
    const job = await upload({ 'a.log': 'x' })
    const { body } = await rerun(job.id, {
      pipeline: 'log-analysis',
      priority: -5,
      metadata: { again: true },
    })
    expect(body).toMatchObject({ pipeline: 'log-analysis', priority: -5, metadata: { again: true } })
  })

  test('tells the events that an upload tells', async () => {
    const { body } = await rerun((await upload({ 'a.log': 'x' })).id)
    const events = (await (await call('GET', `/api/jobs/${body.id}/events`)).json()) as {
      items: { type: string }[]
    }
    expect(events.items.map(({ type }) => type)).toEqual(['job.created', 'file.uploaded', 'job.submitted'])
  })

  test('repeated under its key is one job', async () => {
    const { id } = await upload({ 'a.log': 'x' })
    const before = await count()
    const key = { 'idempotency-key': 'again' }
    const answers = await Promise.all(Array.from({ length: 20 }, () => rerun(id, {}, 'ada', key)))
    expect(answers.filter(({ status }) => status !== 202 && status !== 409)).toEqual([])
    const { body, headers } = await rerun(id, {}, 'ada', key)
    expect(headers.get('idempotent-replayed')).toBe('true')
    expect(await count()).toEqual({ jobs: before.jobs + 1, objects: before.objects + 1 })
    expect((await rerun(id, { priority: 9 }, 'ada', key)).body.code).toBe('idempotency-key-reused')
    expect(body.id).not.toBe(id)
  })

  test('whose files are gone, or not what they were, is refused and leaves nothing', async () => {
    const { id } = await upload({ 'a.log': 'x', 'b.log': 'y' })
    const before = await count()
    const record = (await readRecord(api.client, id))!
    await api.services.storage.remove(record.files[1]!.key)
    const { status, body } = await rerun(id)
    expect([status, body.code]).toEqual([409, 'job-not-retryable'])
    expect(await count()).toEqual({ jobs: before.jobs, objects: before.objects - 1 })
  })

  test('whose copies cannot be removed when it is refused says so in the log', async () => {
    const { id } = await upload({ 'a.log': 'x', 'b.log': 'y' })
    const { storage, log } = api.services
    await storage.remove((await readRecord(api.client, id))!.files[1]!.key)
    vi.spyOn(storage, 'removeAll').mockRejectedValueOnce(new Error('the disk is read-only'))
    const warn = vi.spyOn(log, 'warn')
    const { body } = await rerun(id)
    expect(body.code).toBe('job-not-retryable')
    expect(warn.mock.calls).toContainEqual([
      { err: expect.objectContaining({ message: 'the disk is read-only' }) },
      expect.stringContaining(id),
    ])
    vi.restoreAllMocks()
  })

  test('of a draft is refused while an upload to it is under way, however it comes', async () => {
    const { id } = await draft(api, {}, bearer('ada'))
    const files = () =>
      fetch(`${api.url}/api/jobs/${id}/files`, {
        method: 'POST',
        headers: bearer('ada'),
        body: form({ 'a.log': 'whole' }),
      })
    expect((await files()).status).toBe(201)
    const before = await count()

    const tus = createTus(api.url, bearer('ada'))
    const { location } = await tus.begin(4, { filename: 'b.log', jobId: id })
    expect((await rerun(id)).body).toMatchObject({ status: 409, code: 'uploads-in-progress' })
    expect((await tus.patch(location, 0, 'half')).status).toBe(204)
    const lease = await api.services.leases.take(id, 'draft')
    expect((await rerun(id)).body).toMatchObject({ status: 409, code: 'uploads-in-progress' })
    expect(await count()).toMatchObject({ jobs: before.jobs })
    if ('release' in lease) await lease.release()

    const { status, body } = await rerun(id)
    expect(status).toBe(202)
    expect(body.files.map(({ name }) => name)).toEqual(['a.log', 'b.log'])
  })

  test('of a draft without files, of nothing, of another’s job and by a viewer is refused', async () => {
    const made = await fetch(`${api.url}/api/jobs`, {
      method: 'POST',
      headers: { ...bearer('ada'), 'content-type': 'application/json' },
      body: '{}',
    })
    const { id } = (await made.json()) as Job
    expect((await rerun(id)).body).toMatchObject({ status: 409, code: 'no-files' })
    expect((await rerun('none')).status).toBe(404)
    expect((await rerun(id, {}, 'bob')).status).toBe(404)
    expect((await rerun(id, {}, 'vic')).status).toBe(403)
  })

  test.each([
    [{ pipeline: 'none' }, 422, 'unknown-pipeline'],
    [{ callbackUrl: 'http://10.0.0.1/' }, 422, 'callback-url-not-allowed'],
    [{ priority: 1_001 }, 400, 'invalid-request'],
    [{ files: [] }, 400, 'invalid-request'],
  ])('with %j is refused, and nothing is copied', async (changes, status, code) => {
    const { id } = await upload({ 'a.log': 'x' })
    const before = await count()
    expect((await rerun(id, changes)).body).toMatchObject({ status, code })
    expect(await count()).toEqual(before)
  })
})
