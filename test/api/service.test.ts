import { Queue } from 'bullmq'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { addSweep } from '../../src/jobs/sweep-totals.ts'
import { startApi, type TestApi, upload } from '../support/api.ts'
import { attemptAnswered } from '../support/attempts.ts'

let api: TestApi
beforeAll(async () => {
  api = await startApi({
    config: { webhookAllow: [{ cidr: '127.0.0.1/32', port: null }], storageReserve: 7 },
  })
})
afterAll(() => api.stop())

const call = (path: string, init: RequestInit = {}) =>
  fetch(`${api.url}${path}`, { redirect: 'manual', ...init })
const json = async (path: string, init: RequestInit = {}) =>
  (await call(path, init)).json() as Promise<unknown>

/** A delivery that is open, since its job was cancelled. */
const cancelled = async () => {
  const job = await upload(api, { callbackUrl: 'http://127.0.0.1:7250/' })
  await call(`/api/jobs/${job.id}/cancel`, { method: 'POST' })
  return `msg_${job.id}_r1`
}

describe('negotiation', () => {
  test('a method that a path does not know is refused with those that it knows', async () => {
    const response = await call('/api/jobs', { method: 'PUT' })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('GET, HEAD, POST')
    expect(await response.json()).toMatchObject({ code: 'method-not-allowed' })
    expect((await call('/api/jobs/x/artifacts/a/b', { method: 'DELETE' })).headers.get('allow')).toBe(
      'GET, HEAD',
    )
    for (const [path, allow] of [
      ['/', 'GET, HEAD'],
      ['/jobs/x', 'GET, HEAD'],
      ['/livez', 'GET, HEAD'],
      ['/metrics', 'GET, HEAD'],
      ['/api/docs', 'GET, HEAD'],
      ['/api/openapi.json', 'GET, HEAD'],
      ['/login', 'GET, HEAD, POST'],
      ['/logout', 'POST'],
    ] as const) {
      const response = await call(path, { method: 'DELETE' })
      expect([response.status, response.headers.get('allow')], path).toEqual([405, allow])
    }
    expect((await call('/ui/nothing.js')).status).toBe(404)
  })

  test('a path that nobody knows is not found', async () => {
    const response = await call('/api/nothing')
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({
      status: 404,
      code: 'not-found',
      type: '/problems/not-found',
    })
    for (const path of ['/api/jobs/', '/api/jobs/x/', '/api/jobs/nope', '/api/deliveries/nope']) {
      expect((await call(path)).status, path).toBe(404)
    }
  })

  test.each([
    ['text/csv', 406],
    ['application/json;q=0', 406],
    ['application/json;q=0, */*', 406],
    ['text/html, */*;q=0.1', 200],
    ['application/*', 200],
    ['', 200],
  ])('Accept: %s gets %i', async (accept, status) => {
    const response = await call('/api/pipelines', { headers: { accept } })
    expect(response.status).toBe(status)
    if (status === 406) expect(await response.json()).toMatchObject({ code: 'not-acceptable' })
  })
})

test('what goes wrong inside stays inside: a request id, and the log explains it', async () => {
  const error = vi.spyOn(api.services.log, 'error').mockImplementation(() => undefined)
  const free = vi
    .spyOn(api.services.storage, 'freeBytes')
    .mockRejectedValueOnce(new Error('secret of the inside'))
  const response = await call('/api/stats')
  const text = await response.text()
  free.mockRestore()
  expect(JSON.parse(text)).toMatchObject({ status: 500, code: 'internal' })
  expect(text).not.toContain('secret')
  const requestId = response.headers.get('x-request-id')
  expect(error).toHaveBeenCalledWith(expect.objectContaining({ requestId }), 'GET /api/stats')
  error.mockRestore()
})

test('the pipelines are listed with their stages', async () => {
  expect(await json('/api/pipelines')).toMatchObject({
    items: [
      {
        name: 'log-analysis',
        stages: ['ingestion', 'redaction', 'analysis', 'report'].map(name => ({ name, weight: 1 })),
      },
      { name: 'inspect', stages: [{ name: 'inspection', weight: 1 }] },
    ],
  })
})

test('the figures count jobs, queues and workers seen in the last 15 s', async () => {
  await upload(api)
  await api.client.zadd('{sluice}:workers', Date.now(), 'host:1', Date.now() - 16_000, 'host:2')
  expect(await json('/api/stats')).toMatchObject({
    jobs: { draft: 0, attaching: 1, pending: 0, processing: 0, completed: 0, failed: 0, cancelled: 0 },
    queues: {
      'attach-file': { waiting: 1, active: 0, delayed: 0, failed: 0 },
      process: { waiting: 1 },
      'deliver-webhook': { waiting: 0 },
    },
    workers: 1,
    finishedPerMinute: 0,
    storage: { freeBytes: expect.any(Number) },
    redis: { usedBytes: expect.any(Number) },
  })
})

test('the figures tell a queue that is paused, with what waits in it, and what storage is kept free', async () => {
  const queue = new Queue('attach-file', { connection: api.client, prefix: '{sluice}' })
  await queue.pause()
  expect(await json('/api/stats')).toMatchObject({
    queues: { 'attach-file': { paused: true, waiting: 1 }, process: { paused: false } },
    storage: { reserveBytes: 7 },
  })
  await queue.resume()
})

test('the metrics hold what an operator is woken by', async () => {
  await expect.poll(() => api.services.outbox.size()).toBe(0)
  for (const objects of [2, 3]) await addSweep(api.client, { objects, jobs: 0 }, 1_800_000_000_500)
  await call('/metrics')
  const text = await (await call('/metrics')).text()
  for (const series of [
    'sluice_jobs{status="attaching"} 1',
    'sluice_queue_jobs{queue="process",state="waiting"} 1',
    'sluice_redis_up 1',
    'sluice_outbox_entries 0',
    'sluice_event_clients 0',
    'sluice_uploads_under_way 0',
    'sluice_janitor_removed_total{what="objects"} 5',
    'sluice_janitor_removed_total{what="jobs"} 0',
    'sluice_janitor_last_sweep_timestamp_seconds 1800000000.5',
    'sluice_uploaded_bytes_total 6',
    'sluice_http_request_duration_seconds_count{method="POST",route="/api/jobs",status="202"} 1',
    'sluice_http_request_duration_seconds_count{method="GET",route="/api/jobs/{id}",status="404"}',
    'process_cpu_seconds_total',
  ])
    expect(text).toContain(series)
})

describe('readiness', () => {
  test('is told with each check', async () => {
    expect(await json('/livez')).toMatchObject({ status: 'ok' })
    expect(await json('/readyz')).toMatchObject({
      status: 'ok',
      checks: { redis: { status: 'ok' }, storage: { status: 'ok' }, installation: { status: 'ok' } },
    })
  })

  test('warns of a Redis that does not keep what it acknowledged', async () => {
    await api.client.config('SET', 'appendfsync', 'everysec')
    const health = await json('/readyz')
    await api.client.config('SET', 'appendfsync', 'always')
    expect(health).toMatchObject({
      status: 'ok',
      checks: { redis: { status: 'warning', messages: [expect.stringContaining('appendfsync always')] } },
    })
  })

  test('warns of a Redis that is not the one of this storage', async () => {
    const kept = (await api.client.hget('{sluice}:installation', 'id'))!
    await api.client.hset('{sluice}:installation', 'id', 'another')
    const health = await json('/readyz')
    await api.client.hset('{sluice}:installation', 'id', kept)
    expect(health).toMatchObject({ checks: { installation: { status: 'warning' } } })
  })

  test('is denied where the storage cannot be written', async () => {
    const { StorageError } = await import('../../src/storage/storage.ts')
    const check = vi
      .spyOn(api.services.storage, 'check')
      .mockRejectedValueOnce(new StorageError('unavailable', '/path'))
    const response = await call('/readyz')
    check.mockRestore()
    expect(response.status).toBe(503)
    const text = await response.text()
    expect(JSON.parse(text)).toMatchObject({
      status: 'unavailable',
      checks: { storage: { status: 'failed' } },
    })
    expect(text).not.toContain('/path')
  })

  test('is denied where what is asked does not answer, and told all the same', async () => {
    const hung = vi
      .spyOn(api.services.storage, 'readMark')
      .mockImplementationOnce(() => new Promise(() => undefined))
    const response = await call('/readyz')
    hung.mockRestore()
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({
      status: 'unavailable',
      checks: { redis: { status: 'ok' }, installation: { status: 'failed' } },
    })
  })
})

describe('deliveries', () => {
  test('are listed by status, and sent again under the same id', async () => {
    const id = await cancelled()
    const again = () => call(`/api/deliveries/${id}/redeliver`, { method: 'POST' })
    expect(await (await again()).json()).toMatchObject({ status: 409, code: 'delivery-pending' })
    const attempt = attemptAnswered(410, { durationMs: 3, response: 'gone' })
    await api.services.deliveries.attempted({ id, round: 1, token: 't', attempt, verdict: 'failed' })
    expect(await json('/api/deliveries?status=failed')).toMatchObject({
      items: [{ id, attempts: [attempt] }],
      nextCursor: null,
    })
    const response = await again()
    expect(response.status).toBe(202)
    expect(await response.json()).toMatchObject({ id, status: 'pending', attempts: [attempt] })
    expect(await api.client.exists(`{sluice}:deliver-webhook:${id}-2`)).toBe(1)
    await expect.poll(() => api.services.outbox.size()).toBe(0)
  })

  test('of endpoints there are none; wrong queries are refused', async () => {
    expect(await json('/api/deliveries?webhookId=x')).toEqual({ items: [], nextCursor: null })
    for (const query of ['status=odd', 'limit=0', 'cursor=x', 'foo=1'])
      expect((await call(`/api/deliveries?${query}`)).status).toBe(400)
  })
})

describe('Bull Board', () => {
  test('shows every queue, its page at one address, under a policy of its own', async () => {
    const page = await call('/admin/queues')
    expect(page.status).toBe(200)
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'")
    expect((await call('/admin/queues/')).headers.get('location')).toBe('/admin/queues')
    const script = /src="([^"]+\.js)"/.exec(await page.text())![1]!
    expect((await call(new URL(script, `${api.url}/admin/queues/`).pathname)).status).toBe(200)
    const { queues } = (await json('/admin/queues/api/queues')) as {
      queues: { name: string; readOnlyMode: boolean }[]
    }
    expect(queues.map(({ name, readOnlyMode }) => [name, readOnlyMode])).toEqual([
      ['process', true],
      ['attach-file', true],
      ['deliver-webhook', false],
    ])
  })

  test('shows what a job is called and where our own page of it is', async () => {
    const job = await upload(api)
    const shown = JSON.stringify(await json('/admin/queues/api/queues?activeQueue=attach-file&status=latest'))
    expect(shown).toContain('"name":"app.log"')
    expect(shown).toContain(`/jobs/${job.id}`)
  })

  test('is told what it has no page for, as everywhere', async () => {
    const response = await call('/admin/queues/static/nothing.js')
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ code: 'not-found' })
  })

  test('tries a delivery that has ended again, as the API does', async () => {
    const id = await cancelled()
    const retry = () => call(`/admin/queues/api/queues/deliver-webhook/${id}-1/retry`, { method: 'PUT' })
    expect(await (await retry()).json()).toMatchObject({ code: 'delivery-pending' })
    const attempt = attemptAnswered(410, { error: 'Gone.' })
    await api.services.deliveries.attempted({ id, round: 1, token: 't', attempt, verdict: 'failed' })
    expect((await retry()).status).toBe(204)
    expect(await json(`/api/deliveries/${id}`)).toMatchObject({ status: 'pending' })
    expect(await api.client.exists(`{sluice}:deliver-webhook:${id}-2`)).toBe(1)
  })

  test.each([
    ['POST', 'deliver-webhook/add'],
    ['PUT', 'deliver-webhook/pause'],
    ['PUT', 'deliver-webhook/empty'],
    ['PUT', 'deliver-webhook/retry/failed'],
    ['PUT', 'process/pause'],
    ['PUT', 'pause'],
  ])('does nothing else: %s %s', async (method, path) => {
    const response = await call(`/admin/queues/api/queues/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: '{"name":"x","data":{},"options":{}}',
    })
    expect(response.status).toBe(403)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    const { title, detail, ...rest } = (await response.json()) as Record<string, unknown>
    expect(rest, 'which its page shows').toMatchObject({ code: 'forbidden', error: title, message: detail })
  })

  test('refuses to change the queues that the records rule', async () => {
    const job = await upload(api)
    const response = await call(`/admin/queues/api/queues/process/${job.id}-1/clean`, { method: 'PUT' })
    expect(response.status).toBeGreaterThanOrEqual(400)
    expect(await api.client.exists(`{sluice}:process:${job.id}-1`)).toBe(1)
  })
})

test('the reference is a page without a reference to elsewhere', async () => {
  const page = await call('/api/docs')
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'")
  const html = await page.text()
  expect(html).not.toMatch(/https?:\/\//)
  for (const [, path] of html.matchAll(/(?:src|href)="([^"]+)"/g))
    expect((await call(path!)).status, path).toBe(200)
})
