import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createSessions } from '../../src/api/sessions.ts'
import type { ApiKey } from '../../src/config.ts'
import type { Job } from '../../src/jobs/job.ts'
import { draft, startApi, type TestApi, upload } from '../support/api.ts'
import { attemptAnswered } from '../support/attempts.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { complete } from './stand-in.ts'

const KEYS = {
  admin: { name: 'root', role: 'admin', key: 'admin-key-0123456789' },
  alice: { name: 'alice', role: 'uploader', key: 'alice-key-0123456789' },
  bob: { name: 'bob', role: 'uploader', key: 'bob-key-0123456789ab' },
  viewer: { name: 'eve', role: 'viewer', key: 'viewer-key-012345678' },
} as const satisfies Record<string, ApiKey>
type Who = keyof typeof KEYS
const bearer = (who: Who) => ({ authorization: `Bearer ${KEYS[who].key}` })

let redis: TestRedis
let api: TestApi
const webhookAllow = [{ cidr: '127.0.0.1/32', port: null }]

beforeAll(async () => {
  redis = await startTestRedis()
  api = await startApi({ redis, config: { apiKeys: Object.values(KEYS), webhookAllow } })
})
afterAll(async () => {
  await api.stop()
  await redis.stop()
})

const call = (method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
  fetch(`${api.url}${path}`, { method, headers, redirect: 'manual', ...(body !== undefined && { body }) })

describe('with keys', () => {
  test.each([
    ['GET', '/api/jobs'],
    ['POST', '/api/jobs'],
    ['GET', '/api/nothing'],
    ['GET', '/api/docs'],
    ['GET', '/api/openapi.json'],
    ['GET', '/metrics'],
    ['GET', '/admin/queues'],
    ['GET', '/admin/queues/'],
    ['GET', '/admin/queues/api/queues'],
    ['PUT', '/admin/queues/api/queues/process/pause'],
    ['POST', '/logout'],
  ])('%s %s needs one', async (method, path) => {
    const response = await call(method, path)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/)
    expect(await response.json()).toMatchObject({ code: 'unauthenticated' })
  })

  test.each(['/livez', '/readyz', '/', '/jobs/some-id', '/login'])('GET %s needs none', async path => {
    expect((await call('GET', path)).status).toBe(200)
  })

  test('the shell is there whatever key comes along, and without asking Redis', async () => {
    const cookie = `sluice_session=${'a'.repeat(43)}`
    const get = vi.spyOn(api.client, 'get').mockRejectedValue(new Error('Connection is closed.'))
    try {
      for (const path of ['/', '/jobs/some-id', '/login', '/ui/favicon.svg']) {
        expect((await call('GET', path, { cookie })).status, path).toBe(200)
        expect((await call('GET', path, { authorization: 'Bearer wrong' })).status, path).toBe(200)
      }
      expect((await call('GET', '/api/jobs', { cookie })).status).toBe(503)
    } finally {
      get.mockRestore()
    }
    expect((await call('GET', '/ui/nothing.js', bearer('viewer'))).status).toBe(404)
  })

  test.each(['Bearer wrong', 'Bearer', 'Basic YTpi', `Bearer ${KEYS.admin.key}x`])(
    '%j is none',
    async authorization => {
      expect((await call('GET', '/api/jobs', { authorization })).status).toBe(401)
    },
  )

  test('Bull Board and the metrics are for admins', async () => {
    for (const path of ['/metrics', '/admin/queues']) {
      expect((await call('GET', path, bearer('viewer'))).status).toBe(403)
      expect((await call('GET', path, bearer('alice'))).status).toBe(403)
      expect((await call('GET', path, bearer('admin'))).status).toBe(200)
    }
  })

  test('who is turned away is counted', async () => {
    await call('GET', '/api/jobs')
    await call('DELETE', '/api/jobs', { authorization: 'Bearer wrong' })
    const text = await (await call('GET', '/metrics', bearer('admin'))).text()
    for (const method of ['GET', 'DELETE']) {
      expect(text).toMatch(
        new RegExp(`duration_seconds_count{method="${method}",route="[^"]+",status="401"}`),
      )
    }
  })

  test('the figures are for admins and viewers, the pipelines for all', async () => {
    const status = async (path: string, who: Who) => (await call('GET', path, bearer(who))).status
    expect(await Promise.all([status('/api/stats', 'admin'), status('/api/stats', 'viewer')])).toEqual([
      200, 200,
    ])
    expect(await status('/api/stats', 'alice')).toBe(403)
    expect(await status('/api/pipelines', 'alice')).toBe(200)
  })
})

describe('a job of an uploader', () => {
  let job: Job
  let deliveryId: string
  beforeAll(async () => {
    job = await upload(api, { callbackUrl: 'http://127.0.0.1:7250/' }, bearer('alice'))
    await complete(api, job, [{ name: 'manifest.json', type: 'application/json', content: '{}' }])
    const page = await call('GET', '/api/deliveries', bearer('alice'))
    deliveryId = ((await page.json()) as { items: { id: string }[] }).items[0]!.id
    await api.services.deliveries.attempted({
      id: deliveryId,
      round: 1,
      token: 'one',
      attempt: attemptAnswered(200, { response: 'a secret of the receiver' }),
      verdict: 'delivered',
    })
  })

  test('bears its name', () => {
    expect(job.owner).toBe('alice')
  })

  const reads = () => [
    `/api/jobs/${job.id}`,
    `/api/jobs/${job.id}/events`,
    `/api/jobs/${job.id}/artifacts`,
    `/api/jobs/${job.id}/artifacts/manifest.json`,
    `/api/deliveries/${deliveryId}`,
  ]

  test('is read by its owner, by viewers and by admins', async () => {
    for (const who of ['alice', 'viewer', 'admin'] as const) {
      for (const path of reads())
        expect((await call('GET', path, bearer(who))).status, `${who} ${path}`).toBe(200)
    }
  })

  test('does not exist for another uploader, in no way', async () => {
    const others = [
      ...reads().map(path => ['GET', path] as const),
      ['GET', `/api/jobs/${job.id}/files/f1/content`],
      ...['submit', 'cancel', 'retry'].map(action => ['POST', `/api/jobs/${job.id}/${action}`] as const),
      ['DELETE', `/api/jobs/${job.id}`],
      ['DELETE', `/api/jobs/${job.id}/files/f1`],
      ['POST', `/api/deliveries/${deliveryId}/redeliver`],
    ] as const
    for (const [method, path] of others) {
      expect((await call(method, path, bearer('bob'))).status, `${method} ${path}`).toBe(404)
    }
    for (const path of ['/api/jobs', '/api/deliveries']) {
      expect(await (await call('GET', path, bearer('bob'))).json()).toMatchObject({ items: [] })
    }
  })

  test('cannot be changed by a viewer, nor its uploaded bytes read', async () => {
    const forbidden = [
      ['POST', '/api/jobs'],
      ['GET', `/api/jobs/${job.id}/files/f1/content`],
      ...['submit', 'cancel', 'retry', 'files'].map(
        action => ['POST', `/api/jobs/${job.id}/${action}`] as const,
      ),
      ['DELETE', `/api/jobs/${job.id}`],
      ['POST', `/api/deliveries/${deliveryId}/redeliver`],
    ] as const
    for (const [method, path] of forbidden) {
      const response = await call(method, path, bearer('viewer'))
      expect(await response.json(), `${method} ${path}`).toMatchObject({ status: 403, code: 'forbidden' })
    }
  })

  test("shows a receiver's answers to all but viewers", async () => {
    for (const path of ['/api/deliveries', `/api/deliveries/${deliveryId}`]) {
      expect(await (await call('GET', path, bearer('alice'))).text()).toContain('a secret of the receiver')
      const seen = await (await call('GET', path, bearer('viewer'))).text()
      expect(seen).toContain('"statusCode":200')
      expect(seen).not.toContain('response')
    }
  })

  test('is told in the live stream to its owner, not to another uploader', async () => {
    const done = new AbortController()
    const listen = (who: Who) =>
      fetch(`${api.url}/api/events`, {
        headers: { ...bearer(who), accept: 'text/event-stream' },
        signal: done.signal,
      })
    const [alices, bobs] = await Promise.all([listen('alice'), listen('bob')])
    const first = await draft(api, {}, bearer('alice'))
    const second = await draft(api, {}, bearer('bob'))
    // Each hears its own; whoever heard the other's would have heard it first.
    expect(await readUntil(alices, first.id)).not.toContain(second.id)
    expect(await readUntil(bobs, second.id)).not.toContain(first.id)
    done.abort()
  })

  test('is told to be deleted to its owner, not to another uploader', async () => {
    const done = new AbortController()
    const first = await draft(api, {}, bearer('alice'))
    const second = await draft(api, {}, bearer('bob'))
    const bobs = await fetch(`${api.url}/api/events`, {
      headers: { ...bearer('bob'), accept: 'text/event-stream' },
      signal: done.signal,
    })
    for (const [id, who] of [
      [first.id, 'alice'],
      [second.id, 'bob'],
    ] as const) {
      expect((await call('DELETE', `/api/jobs/${id}`, bearer(who))).status).toBe(204)
    }
    const heard = await readUntil(bobs, second.id)
    expect(heard).toContain('event: job.deleted')
    expect(heard).not.toContain(first.id)
    done.abort()
  })
})

async function readUntil(response: Response, text: string): Promise<string> {
  let seen = ''
  for await (const chunk of response.body!) {
    seen += Buffer.from(chunk as Uint8Array).toString()
    if (seen.includes(text)) return seen
  }
  throw new Error(`the stream ended without ${text}`)
}

describe('a browser', () => {
  const logIn = async (key: string, where = api) => {
    const response = await fetch(`${where.url}/login`, {
      method: 'POST',
      body: new URLSearchParams({ key }),
      redirect: 'manual',
    })
    return { response, cookie: response.headers.get('set-cookie')?.split(';')[0] ?? '' }
  }

  test('logs in by form or JSON, and is let in by a cookie that scripts and other sites cannot use', async () => {
    const { response, cookie } = await logIn(KEYS.alice.key)
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe('/')
    expect(response.headers.get('set-cookie')).toMatch(/HttpOnly; SameSite=Strict$/)
    expect((await call('GET', '/api/jobs', { cookie })).status).toBe(200)
    expect((await call('GET', '/api/stats', { cookie })).status).toBe(403)
    const json = JSON.stringify({ key: KEYS.alice.key })
    expect((await call('POST', '/login', { 'content-type': 'application/json' }, json)).status).toBe(303)
  })

  test('is told who it is, and what its role is', async () => {
    const { cookie } = await logIn(KEYS.alice.key)
    const answer = await call('GET', '/api/session', { cookie })
    expect(await answer.json()).toEqual({ name: 'alice', role: 'uploader', keys: true })
  })

  test('with a wrong key is not let in', async () => {
    const { response, cookie } = await logIn('wrong')
    expect(response.status).toBe(401)
    expect(cookie).toBe('')
    expect((await call('GET', '/api/jobs', { cookie: `sluice_session=${'A'.repeat(43)}` })).status).toBe(401)
  })

  test('is let in by every API process, also after a restart, as long as its key is one', async () => {
    const { cookie } = await logIn(KEYS.alice.key)
    const other = await startApi({ redis, config: { apiKeys: Object.values(KEYS) } })
    const changed = await startApi({
      redis,
      config: { apiKeys: [KEYS.admin, { ...KEYS.alice, key: 'a-new-key-of-alice-1' }] },
    })
    try {
      expect((await fetch(`${other.url}/api/jobs`, { headers: { cookie } })).status).toBe(200)
      expect((await fetch(`${changed.url}/api/jobs`, { headers: { cookie } })).status).toBe(401)
    } finally {
      await Promise.all([other.stop(), changed.stop()])
    }
  })

  test('that sends no key is told so', async () => {
    const json = { 'content-type': 'application/json' }
    for (const body of ['{}', '{"key":1}', '[]', 'null']) {
      expect((await call('POST', '/login', json, body)).status, body).toBe(400)
    }
    expect((await call('POST', '/login', {}, 'key=')).status).toBe(415)
  })

  test('that logs out is out, with the old cookie, too', async () => {
    const { cookie } = await logIn(KEYS.alice.key)
    const out = await call('POST', '/logout', { cookie })
    expect(out.headers.get('set-cookie')).toMatch(/^sluice_session=; .*Max-Age=0/)
    expect((await call('GET', '/api/jobs', { cookie })).status).toBe(401)
  })

  test.each([
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'sec-fetch-site': 'same-site' }, 403],
    [{ 'sec-fetch-site': 'same-origin' }, 201],
    [{}, 201],
  ])('that sends %j with its cookie gets %i', async (headers, status) => {
    const { cookie } = await logIn(KEYS.alice.key)
    const response = await call(
      'POST',
      '/api/jobs',
      { cookie, 'content-type': 'application/json', ...(headers as Record<string, string>) },
      '{}',
    )
    expect(response.status).toBe(status)
  })

  test('of our own origin may change things; a script with a key may come from anywhere', async () => {
    const { cookie } = await logIn(KEYS.alice.key)
    const json = { 'content-type': 'application/json' }
    expect((await call('POST', '/api/jobs', { ...json, cookie, origin: api.url }, '{}')).status).toBe(201)
    const elsewhere = { ...json, ...bearer('alice'), origin: 'https://tool.example' }
    expect((await call('POST', '/api/jobs', elsewhere, '{}')).status).toBe(201)
  })

  test('that logs out is not listened to for long: its open streams end', async () => {
    const { cookie } = await logIn(KEYS.alice.key)
    const listen = (headers: Record<string, string>) =>
      call('GET', '/api/events', { ...headers, accept: 'text/event-stream' })
    const done = new AbortController()
    const [stream, other] = await Promise.all([
      listen({ cookie }),
      fetch(`${api.url}/api/events`, { headers: bearer('alice'), signal: done.signal }),
    ])
    await call('POST', '/logout', { cookie })
    // Resolves when the stream has ended. Its key's own goes on.
    await stream.text()
    const { id } = await draft(api, {}, bearer('alice'))
    expect(await readUntil(other, id)).toContain(id)
    done.abort()
  })

  test('is out when the role of its key was changed', async () => {
    const { cookie } = await logIn(KEYS.alice.key)
    const promoted = await startApi({ redis, config: { apiKeys: [{ ...KEYS.alice, role: 'admin' }] } })
    try {
      expect((await fetch(`${promoted.url}/api/jobs`, { headers: { cookie } })).status).toBe(401)
    } finally {
      await promoted.stop()
    }
  })

  test('gets a cookie that expires, and, where it came by TLS, one that goes by TLS only', async () => {
    const sessions = createSessions(api.client, api.services.keyRing)
    const key = api.services.keyRing.byName('alice')!
    expect(await sessions.open(key, false)).toMatch(/; Max-Age=43200; HttpOnly; SameSite=Strict$/)
    expect(await sessions.open(key, true)).toMatch(/; Max-Age=43200; Secure; HttpOnly; SameSite=Strict$/)
    const [session] = await api.client.keys('{sluice}:session:*')
    expect(await api.client.ttl(session!)).toBeGreaterThan(43_000)
  })

  test.each([
    ['PUT', 'deliver-webhook/pause'],
    ['PUT', 'deliver-webhook/some-id/retry'],
    ['PUT', 'deliver-webhook/some-id/promote'],
    ['PUT', 'process/clean/failed'],
    ['POST', 'process/add'],
    ['DELETE', 'process/obliterate'],
    ['PATCH', 'process/some-id/update-data'],
  ])('cannot be made to ask Bull Board for %s %s by another site', async (method, path) => {
    const { cookie } = await logIn(KEYS.admin.key)
    for (const from of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
      const headers = { cookie, 'content-type': 'text/plain', ...(from as Record<string, string>) }
      const response = await call(method, `/admin/queues/api/queues/${path}`, headers, '{}')
      expect(await response.json()).toMatchObject({
        status: 403,
        detail: 'The request comes from another site.',
      })
    }
  })
})

describe('without keys', () => {
  let open: TestApi
  beforeAll(async () => {
    open = await startApi({ redis })
  })
  afterAll(() => open.stop())

  /** fetch sets Host by itself. */
  const status = (path: string, host: string) =>
    new Promise<number>((resolve, reject) => {
      request(`${open.url}${path}`, { headers: { host } }, response => {
        response.resume()
        resolve(response.statusCode!)
      })
        .on('error', reject)
        .end()
    })

  test.each(['localhost', 'localhost:3000', '127.0.0.1:1', '[::1]:3000', 'x.localhost'])(
    '%s is let in',
    async host => {
      expect(await status('/api/jobs', host)).toBe(200)
    },
  )

  test.each(['evil.example', 'localhost.evil.example', '10.0.0.1', '127.0.0.1.evil.example'])(
    'a page that has pointed %s at this machine is not',
    async host => {
      for (const path of ['/api/jobs', '/', '/admin/queues', '/metrics'])
        expect(await status(path, host)).toBe(403)
      expect(await status('/livez', host)).toBe(200)
      expect(await status('/readyz', host)).toBe(200)
    },
  )

  test('another site cannot upload', async () => {
    const response = await fetch(`${open.url}/api/jobs`, {
      method: 'POST',
      headers: { origin: 'https://evil.example' },
      body: new FormData(),
    })
    expect(response.status).toBe(403)
  })
})
