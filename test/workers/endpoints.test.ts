/** Registered endpoints, from the API that registers them to the worker that sends. */
import { Webhook as Svix } from 'svix'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Delivery } from '../../src/jobs/job.ts'
import { keys } from '../../src/jobs/keys.ts'
import { createTransitions } from '../../src/jobs/transitions.ts'
import { createWebhooks, type Webhook } from '../../src/jobs/webhooks.ts'
import { startApi, type TestApi } from '../support/api.ts'
import { attemptAnswered } from '../support/attempts.ts'
import { eventually } from '../support/eventually.ts'
import { type RunningProcess, startProcess } from '../support/processes.ts'
import {
  answer,
  type ReceivedRequest,
  type Receiver,
  type Script,
  startReceiver,
} from '../support/receiver.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { callsScript, startRedisProxy } from '../support/redis-proxy.ts'
import { createUploader, type Uploader } from '../support/uploader.ts'

const ENTRY = new URL('../support/worker.ts', import.meta.url).pathname

let redis: TestRedis
let jobs: Uploader
let api: TestApi
let worker: RunningProcess
const receivers: Receiver[] = []

beforeAll(async () => {
  redis = await startTestRedis()
})
beforeEach(async () => {
  jobs = await createUploader(redis.url)
  await redis.flush()
  api = await startApi({ redis, config: { webhookAllow: [{ cidr: '127.0.0.1/32', port: null }] } })
  worker = await startProcess(ENTRY, { REDIS_URL: redis.url, ...jobs.env })
})
afterEach(async () => {
  await worker.kill('SIGKILL')
  await Promise.all(receivers.splice(0).map(receiver => receiver.close()))
  await api.stop()
  await jobs.close()
})
afterAll(() => redis.stop())

async function receive(respond?: Script): Promise<Receiver> {
  const receiver = await startReceiver(respond === undefined ? {} : { respond })
  receivers.push(receiver)
  return receiver
}

async function ask<T = Webhook & { secret: string }>(
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; body: T }> {
  const response = await fetch(`${api.url}${path}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  const text = await response.text()
  return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as T }
}
const register = async (url: string, events: string[] = ['job.completed']) =>
  (await ask('POST', '/api/webhooks', { url, events })).body
const deliveriesOf = async (id: string) =>
  (await ask<{ items: Delivery[] }>('GET', `/api/deliveries?webhookId=${id}`)).body.items
const ended = (id: string) =>
  eventually(
    () => deliveriesOf(id),
    all => all.length > 0 && all.every(({ status }) => status !== 'pending'),
  )
/** A delivery that has failed already. */
async function failedPing(webhook: Webhook): Promise<string> {
  const { id } = await jobs.deliveries.ping(webhook)
  await jobs.deliveries.attempted({
    id,
    round: 1,
    token: id,
    attempt: attemptAnswered(500),
    verdict: 'failed',
  })
  return id
}
const read = (request: ReceivedRequest) =>
  JSON.parse(request.body.toString()) as {
    type: string
    data: { job: { id: string; status: string; files: object[] }; event?: { type: string; data: object } }
  }

test('an endpoint is registered, read, changed and removed, and its secret is told once', async () => {
  const made = await ask('POST', '/api/webhooks', {
    url: 'http://127.0.0.1:7250/',
    events: ['job.failed', 'job.failed'],
    description: 'mine',
  })
  expect(made).toMatchObject({ status: 201, body: { events: ['job.failed'], enabled: true } })
  const { secret, ...rest } = made.body
  expect(secret).toMatch(/^whsec_/)
  const path = `/api/webhooks/${rest.id}`
  expect(await ask('GET', path)).toEqual({ status: 200, body: rest })
  expect(await ask('GET', '/api/webhooks')).toEqual({ status: 200, body: { items: [rest] } })
  const changed = { ...rest, enabled: false, description: '' }
  expect(await ask('PATCH', path, { enabled: false, description: '' })).toEqual({
    status: 200,
    body: changed,
  })
  expect(await ask('DELETE', path)).toEqual({ status: 204, body: null })
  expect((await ask('GET', path)).status).toBe(404)
  expect((await ask('POST', `${path}/rotate-secret`)).status).toBe(404)
  expect(await jobs.redis.keys('{sluice}:webhook[:s]*')).toEqual([])
})

test('what cannot be told, or may not be called, is refused', async () => {
  const url = 'http://127.0.0.1:7250/'
  for (const events of [[], ['job.log'], ['stage.progress'], ['job.gone']]) {
    expect(await ask('POST', '/api/webhooks', { url, events })).toMatchObject({
      status: 400,
      body: { code: 'invalid-request' },
    })
  }
  for (const [method, path] of [
    ['POST', '/api/webhooks'],
    ['PATCH', `/api/webhooks/${(await register(url)).id}`],
  ] as const) {
    expect(
      await ask(method, path, { url: `${url}${'a'.repeat(2_048)}`, events: ['job.failed'] }),
    ).toMatchObject({ status: 400, body: { errors: [{ pointer: '/url' }] } })
    expect(await ask(method, path, { url: 'http://10.0.0.1/', events: ['job.failed'] })).toMatchObject({
      status: 422,
      body: { code: 'callback-url-not-allowed' },
    })
  }
})

describe('an endpoint', () => {
  test('gets the events that it asks for, each once, signed with its own secret, and no others', async () => {
    const receiver = await receive()
    const { id, secret } = await register(receiver.url, ['file.attached', 'job.completed'])
    const other = await register((await receive()).url, ['job.failed'])
    const job = await jobs.upload({ files: { 'a.log': 'a', 'b.log': 'b' } })
    await receiver.received(3)
    expect(await ended(id)).toHaveLength(3)
    const calls = receiver.requests
    for (const call of calls) {
      expect(receiver.verify(call, secret)).toMatchObject({ data: { job: { id: job } } })
      new Svix(secret).verify(call.body, call.headers as Record<string, string>)
    }
    const types = calls.map(call => read(call).type).sort()
    expect(types).toEqual(['file.attached', 'file.attached', 'job.completed'])
    expect(new Set(calls.map(call => call.headers['webhook-id'])).size).toBe(3)
    const attached = calls.map(read).filter(({ type }) => type === 'file.attached')
    expect(attached.map(({ data }) => data.event)).toEqual(
      expect.arrayContaining(
        ['a.log', 'b.log'].map(name =>
          expect.objectContaining({ type: 'file.attached', data: expect.objectContaining({ name }) }),
        ),
      ),
    )
    expect(read(calls.find(call => read(call).type === 'job.completed')!).data).toEqual({
      job: expect.objectContaining({ status: 'completed' }),
    })
    expect(await deliveriesOf(other.id)).toEqual([])
  })

  test('is told the job with all that the event speaks of', async () => {
    const receiver = await receive()
    await register(receiver.url, ['job.created', 'file.uploaded'])
    await jobs.upload()
    await receiver.received(2)
    for (const call of receiver.requests) {
      expect(read(call).data.job).toMatchObject({ status: 'attaching', files: [{ name: 'a.log' }] })
    }
  })

  test('does not get what happened after it was disabled, and its open deliveries say why they failed', async () => {
    const receiver = await receive(answer(500))
    const { id } = await register(receiver.url)
    await jobs.upload()
    await receiver.received(1)
    await ask('PATCH', `/api/webhooks/${id}`, { enabled: false })
    const [delivery] = await ended(id)
    expect(delivery!.attempts).toMatchObject([
      { statusCode: 500 },
      { statusCode: null, error: 'not sent: the endpoint is disabled.' },
    ])
    await jobs.ended(await jobs.upload())
    expect(await deliveriesOf(id)).toHaveLength(1)
    expect(await ask('POST', `/api/webhooks/${id}/recover`, { since: '2026-01-01T00:00:00Z' })).toMatchObject(
      {
        status: 409,
        body: { code: 'webhook-disabled' },
      },
    )
  })

  test('that is deleted fails its open deliveries, which say so', async () => {
    const receiver = await receive(answer(500))
    const { id } = await register(receiver.url)
    await jobs.upload()
    await receiver.received(1)
    await ask('DELETE', `/api/webhooks/${id}`)
    const [delivery] = await ended(id)
    expect(delivery!.attempts.at(-1)).toMatchObject({ error: 'not sent: the endpoint was deleted' })
  })

  test('that answers 410 is disabled, says why, and is told again once it is enabled', async () => {
    const receiver = await receive([answer(410), answer(204)])
    const { id } = await register(receiver.url)
    await jobs.upload()
    expect(await ended(id)).toMatchObject([{ status: 'failed', attempts: [{ statusCode: 410 }] }])
    expect(await ask('GET', `/api/webhooks/${id}`)).toMatchObject({
      body: { enabled: false, disabledReason: expect.stringContaining('410') },
    })
    expect(await ask('GET', '/api/audit?action=webhook.disabled')).toMatchObject({
      body: {
        items: [{ actor: 'service', target: id, details: { reason: expect.stringContaining('410') } }],
      },
    })
    expect(await ask('PATCH', `/api/webhooks/${id}`, { enabled: true })).toMatchObject({
      body: { enabled: true, disabledReason: null, failingSince: null },
    })
    await jobs.upload()
    await receiver.received(2)
  })

  test('is disabled after 5 days of nothing but failures; one success starts them anew', async () => {
    const receiver = await receive([answer(500), answer(204), answer(500)])
    const { id } = await register(receiver.url)
    const webhook = async () => (await ask('GET', `/api/webhooks/${id}`)).body
    const ago = (days: number, more: number) => Date.now() - days * 86_400_000 + more
    await jobs.upload()
    await eventually(webhook, ({ failingSince }) => failingSince !== null)
    await jobs.redis.hset(keys.webhook(id), 'failingSince', ago(5, 3_600_000))
    // The second attempt is taken.
    await eventually(webhook, ({ failingSince }) => failingSince === null)
    await jobs.upload()
    await eventually(webhook, ({ failingSince }) => failingSince !== null)
    expect((await webhook()).enabled).toBe(true)
    await jobs.redis.hset(keys.webhook(id), 'failingSince', ago(5, -1_000))
    await jobs.upload()
    expect(await eventually(webhook, ({ enabled }) => !enabled)).toMatchObject({
      disabledReason: 'For 5 days every attempt has failed.',
    })
  })

  test('is sent to by the old secret, too, for 24 h after it was rotated', async () => {
    const receiver = await receive()
    const { id, secret } = await register(receiver.url)
    const rotated = await ask('POST', `/api/webhooks/${id}/rotate-secret`)
    expect(rotated.status).toBe(200)
    const until = Date.parse(rotated.body.previousSecretUntil!)
    expect(Math.abs(until - Date.now() - 86_400_000)).toBeLessThan(60_000)
    await ask('POST', `/api/webhooks/${id}/test`)
    const both = await receiver.received(1)
    for (const each of [secret, rotated.body.secret]) receiver.verify(both, each)

    const stored = JSON.parse((await jobs.redis.hget(keys.webhook(id), 'secrets'))!) as { until?: number }[]
    expect(stored[1]!.until).toBe(until)
    stored[1]!.until = Date.now() - 1
    await jobs.redis.hset(keys.webhook(id), 'secrets', JSON.stringify(stored))
    await ask('POST', `/api/webhooks/${id}/test`)
    const one = await receiver.received(2)
    receiver.verify(one, rotated.body.secret)
    expect(() => receiver.verify(one, secret)).toThrow()
    expect((await ask('GET', `/api/webhooks/${id}`)).body).toMatchObject({ previousSecretUntil: null })
  })

  test('is signed for by its newest five secrets, however often it is rotated', async () => {
    const receiver = await receive()
    const { id, secret } = await register(receiver.url)
    const secrets = [secret]
    for (let times = 0; times < 5; times++)
      secrets.unshift((await ask('POST', `/api/webhooks/${id}/rotate-secret`)).body.secret)
    await ask('POST', `/api/webhooks/${id}/test`)
    const call = await receiver.received(1)
    for (const each of secrets.slice(0, 5)) receiver.verify(call, each)
    expect(() => receiver.verify(call, secret)).toThrow()
  })

  test('can be tried with a ping, also while it is disabled', async () => {
    const receiver = await receive()
    const { id, secret } = await register(receiver.url)
    await ask('PATCH', `/api/webhooks/${id}`, { enabled: false })
    const { status, body } = await ask<Delivery>('POST', `/api/webhooks/${id}/test`)
    expect({ status, body }).toMatchObject({
      status: 202,
      body: { jobId: null, webhookId: id, type: 'ping' },
    })
    const call = await receiver.received(1)
    expect(receiver.verify(call, secret)).toMatchObject({ type: 'ping', data: { webhook: { id } } })
    expect(call.headers['webhook-id']).toBe(body.id)
    expect(await ended(id)).toMatchObject([{ status: 'delivered' }])
  })

  test('gets again what failed since a time, under the same ids, at the URL that it has now', async () => {
    const gone = await receive(answer(410))
    const { id } = await register(gone.url)
    await jobs.upload()
    const [failed] = await ended(id)
    const receiver = await receive()
    await ask('PATCH', `/api/webhooks/${id}`, { url: receiver.url, enabled: true })
    const recover = (since: number) =>
      ask('POST', `/api/webhooks/${id}/recover`, { since: new Date(since).toISOString() })
    const made = Date.parse(failed!.createdAt)
    expect(await recover(made + 1)).toEqual({ status: 202, body: { recovered: 0, more: false } })
    expect(await recover(made)).toEqual({ status: 202, body: { recovered: 1, more: false } })
    const call = await receiver.received(1)
    expect(call.headers['webhook-id']).toBe(failed!.id)
    expect(await ended(id)).toMatchObject([{ status: 'delivered', url: receiver.url }])
  })
})

test('an endpoint with another URL is not judged by what the old one answers, or has answered', async () => {
  await worker.kill('SIGKILL')
  const { deliveries } = api.services
  const { id, url } = await register('http://127.0.0.1:7250/')
  const webhook = async () => (await ask('GET', `/api/webhooks/${id}`)).body
  const attempt = async (gone: boolean) => {
    const { id: delivery, round } = await deliveries.ping({ id, url })
    await deliveries.attempted({
      id: delivery,
      round,
      token: delivery,
      attempt: attemptAnswered(500),
      verdict: 'failed',
      endpoint: { url, gone, failsAtMost: 5 * 86_400_000 },
    })
  }
  await attempt(false)
  expect(await webhook()).toMatchObject({ enabled: true, failingSince: expect.any(String) })
  await ask('PATCH', `/api/webhooks/${id}`, { url, description: 'the same' })
  expect(await webhook()).toMatchObject({ failingSince: expect.any(String) })
  await ask('PATCH', `/api/webhooks/${id}`, { url: `${url}new` })
  expect(await webhook()).toMatchObject({ failingSince: null })
  await attempt(true)
  expect(await webhook()).toMatchObject({ enabled: true, disabledReason: null, failingSince: null })
})

test('lists tell, where that is asked for, how each endpoint’s newest deliveries went, and leave out the answers', async () => {
  const receiver = await receive(answer(200, { body: 'taken' }))
  const told = await register(receiver.url)
  const untold = await register(receiver.url, ['job.cancelled'])
  await failedPing(told)
  await ask('POST', `/api/webhooks/${told.id}/test`)
  await receiver.received(1)
  expect(await ended(told.id)).toMatchObject([{ status: 'delivered' }, { status: 'failed' }])

  const recent = async (most: number) => {
    const { body } = await ask<{ items: Webhook[] }>('GET', `/api/webhooks?recent=${most}`)
    return body.items
  }
  expect(await recent(50)).toMatchObject([
    { id: untold.id, recent: [] },
    { id: told.id, recent: ['delivered', 'failed'] },
  ])
  expect((await recent(1))[1]).toMatchObject({ recent: ['delivered'] })
  expect((await ask<{ items: Webhook[] }>('GET', '/api/webhooks')).body.items[1]).not.toHaveProperty('recent')

  const answers = async (query: string) => {
    const { body } = await ask<{ items: Delivery[] }>('GET', `/api/deliveries?webhookId=${told.id}${query}`)
    return body.items.flatMap(({ attempts }) => attempts.map(({ response }) => response))
  }
  expect(await answers('')).toEqual(['taken', ''])
  expect(await answers('&responses=false')).toEqual([undefined, undefined])
  expect((await ask('GET', '/api/deliveries?responses=no')).status).toBe(400)
})

test('a thousand failed deliveries are sent again, each once, however often that is asked for at once', async () => {
  const receiver = await receive()
  const webhook = await register(receiver.url)
  await worker.kill('SIGKILL')
  const failed = await Promise.all(Array.from({ length: 1_000 }, () => failedPing(webhook)))
  const recover = () =>
    ask<{ recovered: number; more: boolean }>('POST', `/api/webhooks/${webhook.id}/recover`, {
      since: '2026-01-01T00:00:00Z',
    })
  const answers = await Promise.all([recover(), recover(), recover()])
  expect(answers.map(({ status, body }) => [status, body.more])).toEqual(Array(3).fill([202, false]))
  expect(answers.reduce((sum, { body }) => sum + body.recovered, 0)).toBe(1_000)
  expect((await recover()).body).toEqual({ recovered: 0, more: false })
  worker = await startProcess(ENTRY, { REDIS_URL: redis.url, ...jobs.env })
  await receiver.received(1_000, 100_000)
  await eventually(
    () => jobs.redis.zcard(keys.deliveriesIn('delivered')),
    delivered => delivered === 1_000,
  )
  expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id']))).toEqual(new Set(failed))
  expect(receiver.requests).toHaveLength(1_000)
  const told = (
    await ask<{ items: { details: { deliveries: number } }[] }>(
      'GET',
      '/api/audit?action=webhook.recovered&limit=200',
    )
  ).body
  expect(told.items.reduce((sum, { details }) => sum + details.deliveries, 0)).toBe(1_000)
})

test('what one call cannot open again it says, and the next one goes on', async () => {
  await worker.kill('SIGKILL')
  const webhook = await register('http://127.0.0.1:7250/')
  for (let made = 0; made < 3; made++) await failedPing(webhook)
  const opened = async (most: number) => {
    const batches = await Array.fromAsync(jobs.deliveries.recover(webhook.id, 0, most, { actor: 'ann' }))
    return batches.flat()
  }
  expect(await opened(0)).toEqual([])
  const all = await opened(1)
  expect(
    all.map(({ round, type }) => ({ round, type })),
    'a whole batch',
  ).toEqual(Array(3).fill({ round: 2, type: 'ping' }))
  expect(await opened(1)).toEqual([])
  expect(await jobs.deliveries.read(all[0]!.id)).toMatchObject({ status: 'pending', round: 2, tried: 0 })
})

test('there are no more than a hundred endpoints, however many are registered at once', async () => {
  const url = 'http://127.0.0.1:7250/'
  const answers = await Promise.all(
    Array.from({ length: 104 }, () => ask('POST', '/api/webhooks', { url, events: ['job.failed'] })),
  )
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(100)
  const refused = answers.filter(({ status }) => status !== 201)
  expect(refused).toMatchObject(
    Array(4).fill({
      status: 409,
      body: { code: 'too-many-webhooks', detail: expect.stringContaining('100') },
    }),
  )
  const { id } = answers.find(({ status }) => status === 201)!.body
  expect((await ask('PATCH', `/api/webhooks/${id}`, { description: 'still to be changed' })).status).toBe(200)
  await ask('DELETE', `/api/webhooks/${id}`)
  expect((await ask('POST', '/api/webhooks', { url, events: ['job.failed'] })).status).toBe(201)
})

describe('an uploader sees of the deliveries to endpoints', () => {
  test('those of its own jobs, without path, query and answer; and it may send them again', async () => {
    const receiver = await receive(answer(410, { body: 'private' }))
    const { id } = await register(`${receiver.url}hook/secret?token=secret`, ['job.completed'])
    const owned = await jobs.upload({ owner: 'ann' })
    const [own] = (await ended(id)) as [Delivery]
    await ask('PATCH', `/api/webhooks/${id}`, { enabled: true })
    const others = await jobs.upload({ owner: 'bob' })
    const [foreign] = (await eventually(
      () => deliveriesOf(id),
      all => all.length === 2,
    )) as [Delivery, Delivery]
    expect(foreign.jobId).toBe(others)
    await receiver.received(2)
    await ended(id)
    expect(own.attempts[0]).toMatchObject({ statusCode: 410, response: 'private' })
    const keyed = await startApi({
      redis,
      config: { apiKeys: [{ name: 'ann', role: 'uploader', key: 'k'.repeat(32) }] },
    })
    try {
      const get = (path: string, method = 'GET') =>
        fetch(`${keyed.url}${path}`, { method, headers: { authorization: `Bearer ${'k'.repeat(32)}` } })
      const list = async (query: string) =>
        ((await (await get(`/api/deliveries${query}`)).json()) as { items: Delivery[] }).items
      const { response: _, ...attempt } = own.attempts[0]!
      const shown = { ...own, url: new URL(receiver.url).origin, attempts: [attempt] }
      for (const query of ['', `?jobId=${owned}`, `?webhookId=${id}`])
        expect(await list(query)).toEqual([shown])
      expect(await list(`?jobId=${others}`)).toEqual([])
      expect(await (await get(`/api/deliveries/${own.id}`)).json()).toEqual(shown)
      expect((await get(`/api/deliveries/${foreign.id}`)).status).toBe(404)
      expect((await get(`/api/deliveries/${foreign.id}/redeliver`, 'POST')).status).toBe(404)
      expect((await get('/api/webhooks')).status).toBe(403)

      await ask('PATCH', `/api/webhooks/${id}`, { enabled: true })
      const again = await get(`/api/deliveries/${own.id}/redeliver`, 'POST')
      expect(again.status).toBe(202)
      expect(await again.text()).not.toContain('secret')
      expect((await receiver.received(3)).headers['webhook-id']).toBe(own.id)
    } finally {
      await keyed.stop()
    }
  })

  test('no ping, which tells of nobody’s job', async () => {
    const { id } = await register((await receive()).url)
    const { body } = await ask<Delivery>('POST', `/api/webhooks/${id}/test`)
    await ended(id)
    const keyed = await startApi({
      redis,
      config: { apiKeys: [{ name: 'ann', role: 'uploader', key: 'k'.repeat(32) }] },
    })
    try {
      const answered = await fetch(`${keyed.url}/api/deliveries/${body.id}`, {
        headers: { authorization: `Bearer ${'k'.repeat(32)}` },
      })
      expect(answered.status).toBe(404)
    } finally {
      await keyed.stop()
    }
  })
})

test('an event whose process dies before it could enqueue is delivered once, by the sweeper, under the same id', async () => {
  const receiver = await receive()
  const { id } = await register(receiver.url)
  await worker.kill('SIGKILL')
  const proxy = await startRedisProxy(redis.port)
  const finish = callsScript('history', 'prelude', 'finish')
  const victim = await startProcess(ENTRY, { ...jobs.env, REDIS_URL: proxy.url })
  const reached = proxy.stopAt(command => (finish(command) ? 'after' : 'pass'))
  const job = await jobs.upload()
  await reached
  await victim.kill('SIGKILL')
  await proxy.close()
  await jobs.ended(job)
  const [made] = await deliveriesOf(id)
  expect(made).toMatchObject({ status: 'pending', attempts: [] })
  worker = await startProcess(ENTRY, { REDIS_URL: redis.url, ...jobs.env })
  expect((await receiver.received(1)).headers['webhook-id']).toBe(made!.id)
  expect(await ended(id)).toMatchObject([
    { id: made!.id, status: 'delivered', attempts: [{ statusCode: 204 }] },
  ])
  expect(receiver.requests).toHaveLength(1)
})

test('a transition that is sent twice makes one delivery', async () => {
  await worker.kill('SIGKILL')
  const webhooks = createWebhooks(jobs.redis)
  const made = await webhooks.create({
    url: 'http://127.0.0.1:7250/',
    events: ['job.cancelled'],
    description: '',
    enabled: true,
  })
  const { id } = made!
  const begun: string[] = []
  const transitions = createTransitions(jobs.redis, null, ({ id }) => begun.push(id))
  const job = await jobs.upload({ enqueue: false })
  await transitions.cancel(job)
  await transitions.cancel(job)
  const all = await deliveriesOf(id)
  expect(all.map(each => each.id)).toEqual(begun)
  expect(all).toHaveLength(1)
})

test('a job’s record, and what is kept of it for an endpoint, does not grow with the number of endpoints', async () => {
  const receiver = await receive()
  const ids = [(await register(receiver.url)).id, (await register(receiver.url)).id]
  const job = await jobs.upload()
  await receiver.received(2)
  const frozen = await jobs.redis.keys('{sluice}:delivery:*:record')
  expect(frozen).toHaveLength(2)
  for (const key of [keys.job(job), ...frozen]) {
    const kept = JSON.stringify(await jobs.redis.hgetall(key))
    expect(kept).toContain(job)
    for (const id of ids) expect(kept).not.toContain(id)
  }
})
