/** Redis away: told within 5 s, never hangs, and recovers within 5 s of its return. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Job } from '../../src/jobs/job.ts'
import { createLeases } from '../../src/jobs/leases.ts'
import { createTransitions } from '../../src/jobs/transitions.ts'
import { draft, form, startApi, type TestApi, upload } from '../support/api.ts'
import { attemptAnswered } from '../support/attempts.ts'
import { bytes, connectRaw, file, INSPECT, uploadHead } from '../support/raw-request.ts'

/** Milliseconds: the promise is 5 s, and the rest is for a machine that is busy with other tests. */
const SOON = 15_000

let api: TestApi
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api.stop())

async function answered(path: string, init: RequestInit = {}) {
  const started = performance.now()
  const response = await fetch(`${api.url}${path}`, init)
  const body = (await response.json()) as Record<string, unknown>
  return { response, body, ms: performance.now() - started }
}

test('every call is told queue-unavailable within 5 s, and works again within 5 s of the return', async () => {
  const job = await upload(api)
  await api.redis.kill()
  const json = { 'content-type': 'application/json' }
  const answers = await Promise.all([
    answered('/api/jobs'),
    answered(`/api/jobs/${job.id}`),
    answered(`/api/jobs/${job.id}/events`),
    answered(`/api/jobs/${job.id}/events`, { headers: { accept: 'text/event-stream' } }),
    answered(`/api/jobs/${job.id}/cancel`, { method: 'POST' }),
    answered('/api/jobs', { method: 'POST', headers: json, body: '{}' }),
    answered('/api/jobs', { method: 'POST', body: form({ 'a.log': 'x' }) }),
    answered('/api/stats'),
    answered('/api/deliveries'),
    answered('/admin/queues/api/queues'),
  ])
  for (const { response, body, ms } of answers) {
    expect(body).toMatchObject({ status: 503, code: 'queue-unavailable' })
    expect(response.headers.get('retry-after')).toBe('2')
    expect(ms).toBeLessThan(SOON)
  }
  expect(await answered('/readyz')).toMatchObject({
    response: { status: 503 },
    body: { status: 'unavailable', checks: { redis: { status: 'failed' } } },
  })
  expect((await fetch(`${api.url}/livez`)).status).toBe(200)

  const returned = performance.now()
  await api.redis.restart()
  await vi.waitFor(() => upload(api), { timeout: SOON, interval: 50 })
  expect(performance.now() - returned).toBeLessThan(SOON)
  expect((await fetch(`${api.url}/readyz`)).status).toBe(200)
})

test('an upload that finds Redis out of memory is told so, and leaves nothing', async () => {
  const before = await api.objects()
  await api.client.config('SET', 'maxmemory', '1')
  try {
    const { body, ms } = await answered('/api/jobs', { method: 'POST', body: form({ 'a.log': 'x' }) })
    expect(body).toMatchObject({ status: 503, code: 'queue-unavailable' })
    expect(ms).toBeLessThan(SOON)
    expect(await api.objects()).toEqual(before)
  } finally {
    await api.client.config('SET', 'maxmemory', '0')
  }
})

test('a Redis that is out of memory keeps what came of an attempt, and lets go of endpoints', async () => {
  const { deliveries, webhooks } = api.services
  const { id, url } = (await webhooks.create({
    url: 'http://127.0.0.1:7250/',
    events: ['job.failed'],
    description: '',
    enabled: true,
  }))!
  const [one, other] = [await deliveries.ping({ id, url }), await deliveries.ping({ id, url })]
  const attempted = {
    round: 1,
    token: 'mine',
    attempt: attemptAnswered(200),
    endpoint: { url, gone: false, failsAtMost: 1_000 },
  }
  await api.client.config('SET', 'maxmemory', '1')
  try {
    await deliveries.attempted({ id: one.id, ...attempted, verdict: 'delivered' })
    await deliveries.attempted({ id: other.id, ...attempted, verdict: 'retry', delayMs: 60_000 })
    await webhooks.delete(id, { actor: 'root' })
    expect((await answered('/api/deliveries')).body).toMatchObject({ code: 'queue-unavailable' })
  } finally {
    await api.client.config('SET', 'maxmemory', '0')
  }
  expect(await deliveries.view(one)).toMatchObject({ status: 'delivered', attempts: [{}] })
  expect(await deliveries.view(other)).toMatchObject({
    status: 'pending',
    attempts: [{}],
    nextAttemptAt: expect.any(String),
  })
  expect(await webhooks.list()).toEqual([])
})

test('a Redis that is out of memory lets go of jobs, also where their bytes are counted', async () => {
  const { id } = await upload(api)
  await fetch(`${api.url}/api/jobs/${id}/cancel`, { method: 'POST' })
  const metered = createTransitions(api.client, 2 ** 30)
  await api.client.config('SET', 'maxmemory', '1')
  try {
    expect(await metered.delete({ id, token: 'once', uploadedBytes: 1 })).toEqual({ ok: true })
  } finally {
    await api.client.config('SET', 'maxmemory', '0')
  }
})

test('an upload whose lease ran out meanwhile is told so at once, and leaves nothing', async () => {
  const { leases, storage } = api.services
  const lost = new AbortController()
  const take = vi.spyOn(leases, 'take').mockImplementationOnce(async (jobId, on) => {
    const lease = await createLeases(api.client).take(jobId, on)
    return 'refused' in lease ? lease : { ...lease, lost: lost.signal }
  })
  const removed = vi.spyOn(storage, 'removeAll')
  const connection = connectRaw(api.url)
  await connection.say(uploadHead('/api/jobs', 'Content-Length: 100000'))
  await connection.say(bytes(INSPECT, file('a.log', 'hello')))
  await expect.poll(() => api.services.uploads.count()).toBe(1)
  lost.abort(new Error('the lease on the upload ran out'))
  expect(await connection.answer()).toMatchObject({
    status: 503,
    body: expect.stringContaining('"queue-unavailable"'),
  })
  expect(removed).toHaveBeenCalledOnce()
  connection.socket.destroy()
  take.mockRestore()
  removed.mockRestore()
})

describe('where it went away while the record was written', () => {
  test('the outcome is unknown: 503, and no byte is removed', async () => {
    const before = await api.objects()
    const create = vi.spyOn(api.services.transitions, 'create')
    create.mockRejectedValueOnce(new Error('Connection is closed.'))
    const { body } = await answered('/api/jobs', {
      method: 'POST',
      body: form({ 'a.log': 'x' }, { pipeline: 'inspect' }),
    })
    create.mockRestore()
    expect(body).toMatchObject({ code: 'queue-unavailable' })
    expect(await api.objects()).toHaveLength(before.length + 1)
  })

  test('in adding files to a draft the same', async () => {
    const { id } = await draft(api)
    const before = await api.objects()
    const add = vi.spyOn(api.services.transitions, 'addFiles')
    add.mockRejectedValueOnce(new Error('Command timed out'))
    const { body } = await answered(`/api/jobs/${id}/files`, { method: 'POST', body: form({ 'a.log': 'x' }) })
    add.mockRestore()
    expect(body).toMatchObject({ code: 'queue-unavailable' })
    expect(await api.objects()).toHaveLength(before.length + 1)
  })
})

describe('where BullMQ could not be reached after the record was written', () => {
  test.each([
    ['refuses', () => Promise.reject(new Error('Connection is closed.'))],
    ['hangs', () => new Promise<void>(() => undefined)],
  ])('and %s, the upload is accepted all the same, and the outbox has it', async (_, addFlow) => {
    const add = vi.spyOn(api.services.enqueuer, 'addFlow')
    add.mockImplementationOnce(addFlow)
    const { response, body, ms } = await answered('/api/jobs', {
      method: 'POST',
      body: form({ 'a.log': 'x' }, { pipeline: 'inspect' }),
    })
    add.mockRestore()
    expect(response.status).toBe(202)
    expect(ms).toBeLessThan(SOON)
    const entry = `flow:${(body as unknown as Job).id}:1`
    expect(await api.client.zscore('{sluice}:outbox', entry)).not.toBeNull()
  })
})
