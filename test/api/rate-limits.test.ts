/** Budgets: what is over one is refused, and nothing else. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { ApiKey } from '../../src/config.ts'
import { form, startApi, type TestApi } from '../support/api.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'

const KEYS = {
  ada: { name: 'ada', role: 'admin', key: 'a-key-of-ada-000000' },
  bob: { name: 'bob', role: 'uploader', key: 'a-key-of-bob-000000' },
} satisfies Record<string, ApiKey>
const LIMIT = { points: 10, seconds: 3_600 }
const bearer = (who: keyof typeof KEYS) => ({ authorization: `Bearer ${KEYS[who].key}` })

let redis: TestRedis
let api: TestApi
let other: TestApi
const config = { apiKeys: Object.values(KEYS), rateLimit: LIMIT, maxStreams: 2, trustProxy: ['127.0.0.0/8'] }

beforeAll(async () => {
  redis = await startTestRedis()
})
afterAll(() => redis.stop())

/** Anew for each test: who is over is remembered in the process, too. */
async function start(changes: object = {}): Promise<void> {
  api = await startApi({ redis, config: { ...config, ...changes } })
  other = await startApi({ redis, config: { ...config, ...changes } })
}
afterEach(async () => {
  await Promise.all([api.stop(), other.stop()])
  await redis.flush()
})

const get = (path: string, headers: Record<string, string>, where = api) =>
  fetch(`${where.url}${path}`, { headers })
const upload = (where = api, headers: Record<string, string> = bearer('ada')) =>
  fetch(`${where.url}/api/jobs`, {
    method: 'POST',
    headers,
    body: form({ 'a.log': 'x' }, { pipeline: 'inspect' }),
  })
const times = async (count: number, send: () => Promise<Response>) => {
  const statuses: number[] = []
  for (let at = 0; at < count; at += 1) {
    const response = await send()
    await response.arrayBuffer()
    statuses.push(response.status)
  }
  return statuses
}

describe('a key', () => {
  test('has so many requests in a window, over all API processes, and is told what is left', async () => {
    await start()
    const first = await get('/api/jobs', bearer('ada'))
    expect(first.headers.get('ratelimit-policy')).toBe('"requests";q=10;w=3600')
    expect(first.headers.get('ratelimit')).toMatch(/^"requests";r=9;t=3(600|599)$/)
    expect(await times(4, () => get('/api/jobs', bearer('ada')))).toEqual([200, 200, 200, 200])
    expect(await times(6, () => get('/api/jobs', bearer('ada'), other))).toEqual([
      200, 200, 200, 200, 200, 429,
    ])

    const over = await get('/api/jobs', bearer('ada'))
    expect(over.status).toBe(429)
    expect(over.headers.get('content-type')).toBe('application/problem+json')
    expect(Number(over.headers.get('retry-after'))).toBeGreaterThan(3_000)
    expect(over.headers.get('ratelimit')).toMatch(/^"requests";r=0;t=\d+$/)
    expect(await over.json()).toMatchObject({ code: 'rate-limited', status: 429 })
  })

  test('is let in again when the window has ended', async () => {
    await start({ rateLimit: { points: 1, seconds: 1 } })
    await times(1, () => get('/api/jobs', bearer('ada')))
    const answers = await times(2, () => get('/api/jobs', bearer('ada')))
    expect(answers.at(-1)).toBe(429)
    await expect
      .poll(async () => (await get('/api/jobs', bearer('ada'))).status, { timeout: 30_000 })
      .toBe(200)
  })

  test('that is over takes nothing from another', async () => {
    await start()
    await times(11, () => get('/api/jobs', bearer('ada')))
    expect((await get('/api/jobs', bearer('ada'))).status).toBe(429)
    expect((await get('/api/jobs', bearer('bob'))).status).toBe(200)
  })

  test('that is over can still be looked at by health checks, and load the UI', async () => {
    await start()
    await times(11, () => get('/api/jobs', bearer('ada')))
    expect((await get('/livez', bearer('ada'))).status).toBe(200)
    expect((await get('/readyz', bearer('ada'))).status).toBe(200)
    expect((await get('/login', bearer('ada'))).status).toBe(200)
  })

  test('has a budget of uploads beside, and a refused one leaves nothing', async () => {
    await start()
    await times(11, () => get('/api/jobs', bearer('ada')))
    expect(await times(11, () => upload())).toEqual([...Array(10).fill(202), 429])
    expect(await api.client.zcard('{sluice}:jobs')).toBe(10)
    expect((await api.objects()).length).toBe(10)
  })

  test('hears that it is over also in the middle of sending something large', async () => {
    await start()
    await times(10, () => upload())
    const large = await fetch(`${api.url}/api/jobs`, {
      method: 'POST',
      headers: bearer('ada'),
      body: form({ 'large.log': new Uint8Array(8 * 2 ** 20) }),
    })
    expect(large.status).toBe(429)
  })

  test('has ten times as many pieces of resumable uploads', async () => {
    await start()
    const response = await fetch(`${api.url}/api/uploads/none`, {
      method: 'HEAD',
      headers: { ...bearer('ada'), 'tus-resumable': '1.0.0' },
    })
    expect(response.headers.get('ratelimit-policy')).toBe('"chunks";q=100;w=3600')
  })

  test('may have so many streams open at once, and a place is free when one ends', async () => {
    await start({ rateLimit: null })
    const open = async () => {
      const left = new AbortController()
      const response = await fetch(`${api.url}/api/events`, {
        headers: { ...bearer('ada'), accept: 'text/event-stream' },
        signal: left.signal,
      })
      return { status: response.status, headers: response.headers, left }
    }
    const streams = [await open(), await open()]
    const third = await open()
    expect([third.status, third.headers.get('retry-after')]).toEqual([429, '5'])
    expect((await get('/api/events', { ...bearer('bob'), accept: 'text/event-stream' })).status).toBe(200)
    streams[0]!.left.abort()
    await expect.poll(async () => (await open()).status).toBe(200)
    streams[1]!.left.abort()
  })

  test('opens a tenth as many streams', async () => {
    await start({ maxStreams: 100 })
    const statuses = await times(2, async () => {
      const left = new AbortController()
      const { status } = await fetch(`${api.url}/api/events`, {
        headers: { ...bearer('ada'), accept: 'text/event-stream' },
        signal: left.signal,
      })
      left.abort()
      return new Response(null, { status })
    })
    expect(statuses).toEqual([200, 429])
  })
})

describe('an address without a key', () => {
  const from = (address: string) => ({ 'x-forwarded-for': address })

  test('has a budget, wherever its proxy brings it in; a good key from there is not concerned', async () => {
    await start()
    const wrong = { authorization: 'Bearer not-a-key', ...from('203.0.113.1') }
    expect(await times(10, () => get('/api/jobs', from('203.0.113.1')))).toEqual(Array(10).fill(401))
    expect((await get('/api/jobs', wrong, other)).status).toBe(429)
    expect((await get('/api/jobs', from('203.0.113.2'))).status).toBe(401)
    expect((await get('/api/jobs', { ...bearer('ada'), ...from('203.0.113.1') })).status).toBe(200)
  })

  test('shares its budget with its whole IPv6 network, of which one subscriber has every address', async () => {
    await start()
    for (let at = 1; at <= 10; at += 1) await get('/api/jobs', from(`2001:db8:1:2::${at}`))
    expect((await get('/api/jobs', from('2001:db8:1:2:ffff::1'))).status).toBe(429)
    expect((await get('/api/jobs', from('2001:db8:1:3::1'))).status).toBe(401)
  })

  test('has no larger budget for asking as an upload would', async () => {
    await start()
    const response = await fetch(`${api.url}/api/uploads/none`, {
      method: 'HEAD',
      headers: from('203.0.113.7'),
    })
    expect(response.headers.get('ratelimit-policy')).toBe('"requests";q=10;w=3600')
  })

  test('that fails to log in again and again is not listened to, and another is', async () => {
    await start({ rateLimit: null })
    const logIn = (key: string, address: string, where = api) =>
      fetch(`${where.url}/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...from(address) },
        body: JSON.stringify({ key }),
        redirect: 'manual',
      })
    expect(await times(10, () => logIn('wrong', '203.0.113.1'))).toEqual(Array(10).fill(401))
    const refused = await logIn(KEYS.ada.key, '203.0.113.1', other)
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await logIn(KEYS.ada.key, '203.0.113.2')).status).toBe(303)
  })

  test('that logs in at last is forgiven what it got wrong before', async () => {
    await start({ rateLimit: null })
    const logIn = (key: string) =>
      fetch(`${api.url}/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...from('203.0.113.9') },
        body: JSON.stringify({ key }),
        redirect: 'manual',
      })
    await times(9, () => logIn('wrong'))
    expect((await logIn(KEYS.ada.key)).status).toBe(303)
    expect(await times(10, () => logIn('wrong'))).toEqual(Array(10).fill(401))
  })
})

test('where no key is set nobody is counted', async () => {
  await start({ apiKeys: [] })
  expect(await times(12, () => get('/api/jobs', {}))).toEqual(Array(12).fill(200))
  expect((await get('/api/jobs', {})).headers.get('ratelimit')).toBe(null)
})

test('a browser that came by TLS, as its trusted proxy says, gets a cookie that goes by TLS only', async () => {
  await start()
  const cookie = async (headers: Record<string, string>) => {
    const response = await fetch(`${api.url}/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ key: KEYS.ada.key }),
      redirect: 'manual',
    })
    return response.headers.get('set-cookie')
  }
  expect(await cookie({ 'x-forwarded-proto': 'https' })).toContain('; Secure')
  expect(await cookie({})).not.toContain('; Secure')
})

test('a page of the name that the trusted proxy serves may change things, one of another may not', async () => {
  await start()
  const login = await fetch(`${api.url}/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ key: KEYS.ada.key }),
    redirect: 'manual',
  })
  const cookie = login.headers.get('set-cookie')!.split(';')[0]!
  const post = (origin: string) =>
    fetch(`${api.url}/api/jobs`, {
      method: 'POST',
      headers: { cookie, origin, 'x-forwarded-host': 'sluice.example', 'content-type': 'application/json' },
      body: '{}',
    })
  expect((await post('https://sluice.example')).status).toBe(201)
  expect((await post('https://evil.example')).status).toBe(403)
})

test('a Redis that freezes is told as such, in time, by the counting, too', async () => {
  await start()
  process.kill(redis.pid, 'SIGSTOP')
  try {
    const begun = performance.now()
    const response = await get('/api/jobs', bearer('ada'))
    expect(await response.json()).toMatchObject({ status: 503, code: 'queue-unavailable' })
    expect(performance.now() - begun).toBeLessThan(5_000)
  } finally {
    process.kill(redis.pid, 'SIGCONT')
  }
  await expect.poll(async () => (await get('/api/jobs', bearer('ada'))).status, { timeout: 30_000 }).toBe(200)
})
