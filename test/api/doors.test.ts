/**
 * Who may go through each door of the running app. A route that is added later is walked, too, and one of which nobody
 * said who may use it fails.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApi } from '../../src/api/app.ts'
import { routePath } from '../../src/api/endpoint.ts'
import type { Role } from '../../src/config.ts'
import { form, startApi, type TestApi, upload } from '../support/api.ts'
import { connectRaw, headOf } from '../support/raw-request.ts'
import { createTus } from '../support/tus.ts'
import { bearer, doorsGone, doorsOf, isOwned, KEYS, methodsAt, pathTo, ROLES } from './doors.ts'
import { complete } from './stand-in.ts'

const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE']

let api: TestApi
/** Another app on the same services, only to be looked at. */
let looked: ReturnType<typeof createApi>
let revoked: string
beforeAll(async () => {
  const webhookAllow = [{ cidr: '127.0.0.1/32', port: null }]
  api = await startApi({ config: { apiKeys: Object.values(KEYS), webhookAllow } })
  looked = createApi(api.services, 'looked at')
  const made = await call(
    'POST',
    '/api/keys',
    { ...bearer('admin'), ...JSON_TYPE },
    '{"name":"gone","role":"admin"}',
  )
  const { id, key } = (await made.json()) as { id: string; key: string }
  revoked = key
  expect((await call('DELETE', `/api/keys/${id}`, bearer('admin'))).status).toBe(204)
})
afterAll(async () => {
  await looked.close()
  await api.stop()
})

const JSON_TYPE = { 'content-type': 'application/json' }
const call = (method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
  fetch(`${api.url}${path}`, { method, headers, redirect: 'manual', ...(body !== undefined && { body }) })

/** What bytes that no client would send are answered. */
async function exchange(request: string) {
  const connection = connectRaw(api.url)
  await connection.say(request)
  const answer = await connection.answer()
  connection.socket.destroy()
  return answer
}

/** The status, without waiting for a body that may never end. */
async function status(method: string, path: string, headers: Record<string, string> = {}): Promise<number> {
  const left = new AbortController()
  const response = await fetch(`${api.url}${path}`, {
    method,
    headers,
    redirect: 'manual',
    signal: left.signal,
  })
  left.abort()
  return response.status
}

/** All doors, as one would ask for them. */
const doors = () => doorsOf(looked).map(door => ({ ...door, path: pathTo(door) }))

describe('every route', () => {
  test('is one of which somebody said who may use it, and nothing is said of others', () => {
    const all = doorsOf(looked)
    for (const declared of looked.endpoints) {
      expect(all.map(({ route }) => route)).toContain(routePath(declared))
    }
    expect(doorsGone(all)).toEqual([])
  })

  test('is shut without a key, with a wrong one and with a revoked one; and to HEAD and OPTIONS, too', async () => {
    for (const door of doors().filter(({ roles }) => roles !== 'public')) {
      for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: `Bearer ${revoked}` }]) {
        for (const method of methodsAt(door)) {
          expect([method, door.path, await status(method, door.path, headers)]).toEqual([
            method,
            door.path,
            401,
          ])
        }
      }
    }
  })

  test('is open to the roles that may use it, and to no other', async () => {
    for (const { method, path, roles } of doors()) {
      for (const role of ROLES) {
        const answer = await status(method, path, { ...bearer(role), accept: '*/*' })
        const may = roles === 'public' || roles.includes(role)
        const found = may ? answer < 500 && ![401, 403].includes(answer) : answer === 403
        expect([method, path, role, answer, found]).toEqual([method, path, role, answer, true])
      }
    }
  })

  test('answers other methods nothing but that it does not know them, to whatever role', async () => {
    const all = doors().filter(({ roles }) => roles !== 'public')
    for (const path of new Set(all.map(each => each.path))) {
      const known = all.filter(each => each.path === path).map(({ method }) => method)
      if (known.includes('GET')) known.push('HEAD')
      for (const method of METHODS.filter(each => !known.includes(each))) {
        expect([method, path, await status(method, path)]).toEqual([method, path, 401])
        for (const role of ROLES) {
          const answer = await status(method, path, bearer(role))
          expect([method, path, role, answer, [403, 404, 405].includes(answer)]).toEqual([
            method,
            path,
            role,
            answer,
            true,
          ])
        }
      }
    }
  })
})

describe('what belongs to somebody else', () => {
  const json = (body: object): RequestInit => ({ headers: JSON_TYPE, body: JSON.stringify(body) })
  const TUS = { 'tus-resumable': '1.0.0' }
  /** What a request needs to be taken seriously; all others need nothing. */
  const WANTED: Readonly<Record<string, () => RequestInit>> = {
    'POST /api/jobs/:id/files': () => ({ body: form({ 'a.log': 'x' }) }),
    'POST /api/jobs/:id/rerun': () => json({}),
    'POST /api/jobs/:id/files/presign': () => json({ name: 'a', size: 1, sha256: 'a'.repeat(64) }),
    'POST /api/jobs/:id/files/:fileId/complete': () => json({}),
    'HEAD /api/uploads/:id': () => ({ headers: TUS }),
    'DELETE /api/uploads/:id': () => ({ headers: TUS }),
    'PATCH /api/uploads/:id': () => ({
      headers: { ...TUS, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' },
      body: 'x',
    }),
  }

  test('does not exist for an uploader, at any route, and is left as it was', async () => {
    const job = await upload(api, { callbackUrl: 'http://127.0.0.1:7250/' }, bearer('admin'))
    await complete(api, job, [{ name: 'manifest.json', type: 'application/json', content: '{}' }])
    const begun = await createTus(api.url, bearer('admin')).begin(3, {
      filename: 'a.log',
      pipeline: 'inspect',
    })
    const uploadId = begun.location.split('/').at(-1)!
    const idsOf = (route: string) => ({
      id: route.startsWith('/api/uploads')
        ? uploadId
        : route.startsWith('/api/deliveries')
          ? `msg_${job.id}_r1`
          : job.id,
      fileId: 'f1',
      name: 'manifest.json',
    })
    const ask = async (door: { method: string; route: string }, role: Role, ids: Record<string, string>) => {
      const init = WANTED[`${door.method} ${door.route}`]?.() ?? {}
      const response = await fetch(`${api.url}${pathTo(door, ids)}`, {
        ...init,
        method: door.method,
        headers: { ...bearer(role), ...(init.headers as Record<string, string>) },
      })
      const body = await response.text()
      return { status: response.status, told: body.replace(/"requestId":"[^"]*"/, '') }
    }
    const seen = async () =>
      Promise.all(
        ['/api/jobs', '/api/deliveries'].map(async path => (await call('GET', path, bearer('admin'))).text()),
      )

    const before = await seen()
    const owned = doorsOf(looked).filter(isOwned)
    expect(owned.length).toBeGreaterThan(15)
    for (const door of owned) {
      const what = `${door.method} ${door.route}`
      const answer = await ask(door, 'uploader', idsOf(door.route))
      expect(answer, what).toMatchObject({ status: 404 })
      // In the same words as what has never been.
      expect(answer, what).toEqual(await ask(door, 'uploader', {}))
    }
    expect(await seen()).toEqual(before)
    // It is there for whoever may see it.
    for (const door of owned.filter(({ method }) => method === 'GET' || method === 'HEAD')) {
      expect((await ask(door, 'admin', idsOf(door.route))).status, door.route).toBe(200)
    }
  })
})

const elsewhere: readonly Record<string, string>[] = [
  { origin: 'https://evil.example' },
  { origin: 'null' },
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
]

describe('another site', () => {
  test('changes nothing with a visitor’s session, at any route', async () => {
    const login = await call('POST', '/login', JSON_TYPE, JSON.stringify({ key: KEYS.admin.key }))
    const cookie = login.headers.get('set-cookie')!.split(';')[0]!
    for (const { method, path } of doors().filter(
      door => !['GET', 'HEAD', 'OPTIONS'].includes(door.method),
    )) {
      for (const headers of elsewhere) {
        const response = await call(method, path, { ...headers, cookie })
        const { detail } = (await response.json()) as { detail: string }
        expect([method, path, response.status, detail]).toEqual([
          method,
          path,
          403,
          'The request comes from another site.',
        ])
      }
    }
    expect((await call('GET', '/api/jobs', { cookie })).status).toBe(200)
  })
})

describe('where no key is set', () => {
  let open: TestApi
  beforeAll(async () => {
    open = await startApi()
  })
  afterAll(() => open.stop())

  test('another site changes nothing, either', async () => {
    for (const { method, path } of doors().filter(
      door => !['GET', 'HEAD', 'OPTIONS'].includes(door.method),
    )) {
      for (const headers of elsewhere) {
        const response = await fetch(`${open.url}${path}`, { method, headers })
        expect([method, path, response.status]).toEqual([method, path, 403])
      }
    }
  })

  test('every door but the health checks is shut to a page that has pointed its own name at this machine', async () => {
    const foreign = ['HTTP/1.1\r\nHost: evil.example', 'HTTP/1.1\r\nHost: 10.0.0.1:3000', 'HTTP/1.0']
    for (const door of doors()) {
      for (const method of methodsAt(door)) {
        for (const host of foreign) {
          const { status } = await headOf(open.url, [`${method} ${door.path} ${host}`, 'Content-Length: 0'])
          const isHealth = ['/livez', '/readyz'].includes(door.path)
          const wanted = !isHealth ? 403 : method === 'OPTIONS' ? 405 : 200
          expect([method, door.path, host, status]).toEqual([method, door.path, host, wanted])
        }
      }
    }
  })
})

describe('every answer', () => {
  /** What browsers are told by each, whatever it is. */
  const told = (headers: Headers, what: readonly unknown[]) => {
    const policy = headers.get('content-security-policy') ?? ''
    expect([...what, policy]).toEqual([...what, expect.stringContaining('default-src')])
    expect([...what, policy]).toEqual([...what, expect.stringContaining('frame-ancestors')])
    const scripts = /script-src ([^;]*)/.exec(policy)?.[1] ?? "'none'"
    expect([...what, scripts]).toEqual([...what, expect.stringMatching(/^'(self|none)'$/)])
    expect([...what, headers.get('x-content-type-options')]).toEqual([...what, 'nosniff'])
    expect([...what, headers.get('referrer-policy')]).toEqual([
      ...what,
      expect.stringMatching(/^(no-referrer|same-origin)$/),
    ])
    expect([...what, headers.get('cross-origin-resource-policy')]).toEqual([...what, 'same-origin'])
    expect([...what, headers.get('strict-transport-security')]).toEqual([...what, null])
  }

  test('of every route tells a browser to run nothing but our own scripts, and to frame it nowhere else', async () => {
    for (const { method, path } of doors()) {
      if (path === '/logout') continue
      for (const headers of [{}, { ...bearer('admin'), accept: '*/*' }]) {
        const left = new AbortController()
        const response = await fetch(`${api.url}${path}`, {
          method,
          headers,
          redirect: 'manual',
          signal: left.signal,
        })
        told(response.headers, [method, path, response.status])
        left.abort()
      }
    }
    told((await call('GET', '/nothing-here', bearer('admin'))).headers, ['a missing page'])
    told((await call('PUT', '/api/jobs', bearer('admin'))).headers, ['a wrong method'])
  })

  test.each([
    ['is no request', 'GET / HTTP/1.1\r\nbroken\r\n\r\n'],
    ['has no Host', 'GET /api/jobs HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['has a Host that is none', 'GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n'],
    ['asks for what is no URL', 'GET http://[/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'],
  ])('also to what %s', async (what, request) => {
    const answer = await exchange(request)
    expect(answer.status).toBe(400)
    told(answer.headers, [what])
  })

  test('behind TLS tells the browser to come by TLS from now on', async () => {
    const behind = await startApi({ config: { apiKeys: Object.values(KEYS), trustProxy: ['127.0.0.0/8'] } })
    try {
      for (const path of ['/livez', '/api/jobs', '/login']) {
        const response = await fetch(`${behind.url}${path}`, { headers: { 'x-forwarded-proto': 'https' } })
        expect(response.headers.get('strict-transport-security')).toBe('max-age=31536000')
      }
    } finally {
      await behind.stop()
    }
  })
})
