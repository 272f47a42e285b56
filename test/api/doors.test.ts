/**
 * Every door that the running app has, found by walking its router: who may go through, and that no other spelling of a
 * path leads around. A route that is added later is walked, too, and one of which nobody said who may use it fails.
 */
import type { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApi } from '../../src/api/app.ts'
import type { Endpoint, Env } from '../../src/api/endpoint.ts'
import { routePath } from '../../src/api/endpoint.ts'
import type { ApiKey, Role } from '../../src/config.ts'
import { startApi, type TestApi } from '../support/api.ts'
import { connectRaw } from '../support/raw-request.ts'

const KEYS = {
  admin: { name: 'ann', role: 'admin', key: 'a-key-of-the-admin-0' },
  uploader: { name: 'bob', role: 'uploader', key: 'a-key-of-an-uploader' },
  viewer: { name: 'eve', role: 'viewer', key: 'a-key-of-the-viewer-' },
} satisfies Record<Role, ApiKey>
const ROLES: readonly Role[] = ['admin', 'uploader', 'viewer']
const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE']

/** For whoever comes: the shell of the UI, and the health checks. */
const PUBLIC = [
  '/',
  '/upload',
  '/jobs/:id',
  '/jobs/:id/report',
  '/jobs/:id/view/*',
  '/callbacks',
  '/callbacks/*',
  '/operations',
  '/keys',
  '/audit',
  '/login',
  '/ui/:name',
  '/ui/:name{.+}',
]

let api: TestApi
/** Another app on the same services, only to be looked at. */
let looked: ReturnType<typeof createApi>
let revoked: string
beforeAll(async () => {
  api = await startApi({ config: { apiKeys: Object.values(KEYS) } })
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
const bearer = (role: Role) => ({ authorization: `Bearer ${KEYS[role].key}` })
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

interface Door {
  readonly method: string
  /** As one would ask for it. */
  readonly path: string
  readonly roles: readonly Role[] | 'public'
}

/** Routes with a method of their own; what stands before all of them is no door. */
function doors(): Door[] {
  const routes = (looked.app as Hono<Env>).routes.filter(({ method }) => method !== 'ALL')
  return [...new Map(routes.map(route => [`${route.method} ${route.path}`, route])).values()].map(
    ({ method, path }) => {
      const declared = declarationOf(method, path)
      // Hono has what answers a HEAD alone among what answers a GET.
      return {
        method: declared?.method === 'head' ? 'HEAD' : method,
        path: concrete(path),
        roles: declared?.roles ?? rolesOf(method, path),
      }
    },
  )
}

function concrete(path: string): string {
  return path
    .replace(/:(\w+)(\{[^}]*\})?\??/g, 'some-$1')
    .replace(/\*/g, 'some-thing')
    .replace(/\/$/, path === '/' ? '/' : '')
}

function declarationOf(method: string, path: string): Endpoint | undefined {
  return looked.endpoints.find(
    each =>
      routePath(each) === path && (each.method === 'head' ? 'GET' : each.method.toUpperCase()) === method,
  )
}

/** @throws where nobody said who may use it. */
function rolesOf(method: string, path: string): Door['roles'] {
  if (PUBLIC.includes(path)) return 'public'
  if (path.startsWith('/api/docs') || path === '/api/openapi.json') return ROLES
  if (path.startsWith('/admin/queues')) return ['admin']
  throw new Error(`nobody said who may use ${method} ${path}`)
}

describe('every route', () => {
  test('is one of which somebody said who may use it', () => {
    const all = doors()
    expect(all.length).toBeGreaterThan(50)
    for (const declared of looked.endpoints) {
      expect(all.map(({ path }) => path)).toContain(concrete(routePath(declared)))
    }
  })

  test('is shut without a key, with a wrong one and with a revoked one; and to HEAD and OPTIONS, too', async () => {
    for (const { method, path, roles } of doors()) {
      if (roles === 'public') continue
      for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: `Bearer ${revoked}` }]) {
        for (const each of new Set([method, 'HEAD', 'OPTIONS'])) {
          expect([each, path, await status(each, path, headers)]).toEqual([each, path, 401])
        }
      }
    }
  })

  test('is open to the roles that it names, and to no other', async () => {
    for (const { method, path, roles } of doors()) {
      if (roles === 'public' || path === '/logout') continue
      for (const role of ROLES) {
        const answer = await status(method, path, { ...bearer(role), accept: '*/*' })
        const what = [method, path, role]
        if (roles.includes(role)) expect([...what, [401].includes(answer)]).toEqual([...what, false])
        else expect([...what, answer]).toEqual([...what, 403])
        expect([...what, answer < 500 || answer === 503]).toEqual([...what, true])
      }
    }
  })

  test('is shut under every other method and spelling, too', async () => {
    const paths = [
      ...new Set(
        doors()
          .filter(({ roles }) => roles !== 'public')
          .map(({ path }) => path),
      ),
    ]
    for (const path of paths) {
      const [head, ...rest] = path.slice(1).split('/')
      const tail = rest.join('/')
      const spellings = [
        `/${path}`,
        `${path}/`,
        `${path}.`,
        `${path}//`,
        path.toUpperCase(),
        `/.${path}`,
        `/login/..${path}`,
        `/ui/..${path}`,
        `/livez/..${path}`,
        `/livez/%2e%2e${path}`,
        `/ui/..%2f${path.slice(1)}`,
        `/${head}%2f${tail}`,
        `/${head}%5c${tail}`,
        `/${head}\\${tail}`,
        `${path};a=b`,
        `${path}%00`,
        `${path}%20`,
        `${path}?x=/livez`,
        `${path}#/livez`,
        `http://localhost${path}`,
        `http://localhost/livez/..${path}`,
      ]
      for (const spelling of spellings) {
        const answer = await exchange(
          `GET ${spelling} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
        )
        // The reference's page is asked for without its slash.
        const refused = [400, 401, 404].includes(answer.status) || answer.headers.get('location') === path
        expect([spelling, answer.status, refused]).toEqual([spelling, answer.status, true])
      }
      for (const method of METHODS) {
        expect([method, path, await status(method, path)]).toEqual([method, path, 401])
      }
    }
  }, 120_000)
})

describe('another site', () => {
  const elsewhere: readonly Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]

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

  test('changes nothing where no key is set, either', async () => {
    const open = await startApi()
    try {
      for (const { method, path } of doors().filter(
        door => !['GET', 'HEAD', 'OPTIONS'].includes(door.method),
      )) {
        for (const headers of elsewhere) {
          const response = await fetch(`${open.url}${path}`, { method, headers })
          expect([method, path, response.status]).toEqual([method, path, 403])
        }
      }
    } finally {
      await open.stop()
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
