/** API keys at run time: made, used by every process, revoked; and never a door that opens by itself. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ApiKey, Role } from '../../src/config.ts'
import { silent, startApi, type TestApi } from '../support/api.ts'
import { auditText } from '../support/audit.ts'
import { eventually } from '../support/eventually.ts'
import { bytes, connectRaw, END, file, INSPECT, uploadHead } from '../support/raw-request.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { createTus } from '../support/tus.ts'

const ROOT = { name: 'root', role: 'admin', key: 'admin-key-0123456789' } as const satisfies ApiKey

interface Shown {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly source: string
  readonly createdAt: string | null
  readonly lastUsedAt: string | null
  readonly key?: string
}

let redis: TestRedis
let running: TestApi[]
beforeEach(async () => {
  redis = await startTestRedis()
  running = []
})
afterEach(async () => {
  await Promise.all(running.map(api => api.stop()))
  await redis.stop()
})

async function start(apiKeys: readonly ApiKey[] = [], log = silent): Promise<TestApi> {
  const api = await startApi({ redis, config: { apiKeys }, log })
  running.push(api)
  return api
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

function call(api: TestApi, method: string, path: string, key?: string, body?: object): Promise<Response> {
  return fetch(`${api.url}${path}`, {
    method,
    headers: { ...(key !== undefined && bearer(key)), ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  })
}

async function make(api: TestApi, name: string, role: Role, key?: string): Promise<Shown & { key: string }> {
  const response = await call(api, 'POST', '/api/keys', key, { name, role })
  expect(response.status, await response.clone().text()).toBe(201)
  return (await response.json()) as Shown & { key: string }
}

async function list(api: TestApi, key: string): Promise<Shown[]> {
  return ((await (await call(api, 'GET', '/api/keys', key)).json()) as { items: Shown[] }).items
}

const status = async (api: TestApi, key?: string, path = '/api/jobs') =>
  (await call(api, 'GET', path, key)).status
/** A second process learns of a change by itself. */
const becomes = (wanted: number, api: TestApi, key?: string) =>
  eventually(
    () => status(api, key),
    answered => answered === wanted,
  )

describe('a key that is made', () => {
  test('is shown once, lets its holder in by its role, and is kept as a digest only', async () => {
    const api = await start([ROOT])
    const made = await make(api, 'ci', 'uploader', ROOT.key)
    expect(made.key).toMatch(/^slk_[A-Za-z0-9_-]{43}$/)
    expect(made).toMatchObject({ name: 'ci', role: 'uploader', source: 'run-time', lastUsedAt: null })
    expect(await status(api, made.key)).toBe(200)
    expect(await status(api, made.key, '/api/stats')).toBe(403)

    const shown = await (await call(api, 'GET', '/api/keys', ROOT.key)).text()
    expect(shown).toContain(made.id)
    expect(shown).not.toContain('slk_')
    for (const text of [...(await api.client.hvals('{sluice}:api-keys')), await auditText(api.client)]) {
      expect(text).toContain('ci')
      expect(text).not.toContain(made.key.slice(4))
    }
  })

  test('is known to the other processes at once, as its sessions are, and to one that starts later', async () => {
    const [one, other] = [await start([ROOT]), await start([ROOT])]
    for (const name of ['a', 'b', 'c']) {
      const { key } = await make(one, name, 'viewer', ROOT.key)
      expect(await status(other, key)).toBe(200)
    }
    for (const name of ['d', 'e', 'f']) {
      const { key } = await make(one, name, 'viewer', ROOT.key)
      const login = await fetch(`${one.url}/login`, {
        method: 'POST',
        body: new URLSearchParams({ key }),
        redirect: 'manual',
      })
      const cookie = login.headers.get('set-cookie')!.split(';')[0]!
      expect((await fetch(`${other.url}/api/jobs`, { headers: { cookie } })).status).toBe(200)
    }
    const { key } = await make(one, 'ci', 'viewer', ROOT.key)
    expect(await status(await start([ROOT]), key)).toBe(200)
  })

  test('is listed by another process at once, and its name is free there at once when it is revoked', async () => {
    const [one, other] = [await start([ROOT]), await start([ROOT])]
    for (let times = 0; times < 3; times++) {
      const { id } = await make(one, 'ci', 'viewer', ROOT.key)
      expect((await list(other, ROOT.key)).map(({ name }) => name)).toEqual(['ci', 'root'])
      expect((await call(one, 'DELETE', `/api/keys/${id}`, ROOT.key)).status).toBe(204)
      const next = await make(other, 'ci', 'viewer', ROOT.key)
      expect((await call(other, 'DELETE', `/api/keys/${next.id}`, ROOT.key)).status).toBe(204)
    }
  })

  test('has a name of its own, also where many are made at once, and beside the environment', async () => {
    const [one, other] = [await start([ROOT]), await start([ROOT])]
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        call(index % 2 ? one : other, 'POST', '/api/keys', ROOT.key, { name: 'twin', role: 'viewer' }),
      ),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      expect(await answer.json()).toMatchObject({ code: 'invalid-request', errors: [{ pointer: '/name' }] })
    }
    expect((await list(one, ROOT.key)).filter(({ name }) => name === 'twin')).toHaveLength(1)
    expect((await call(one, 'POST', '/api/keys', ROOT.key, { name: 'root', role: 'viewer' })).status).toBe(
      400,
    )
  })

  test.each(['', 'a:b', 'a b', '-x', 'anonymous', 'operator', 'nobody', 'service', 'x'.repeat(65)])(
    'is not named %j',
    async name => {
      const api = await start([ROOT])
      const answer = await call(api, 'POST', '/api/keys', ROOT.key, { name, role: 'viewer' })
      expect(await answer.json()).toMatchObject({ code: 'invalid-request', errors: [{ pointer: '/name' }] })
    },
  )

  test('is managed by admins only', async () => {
    const api = await start([ROOT])
    for (const role of ['uploader', 'viewer'] as const) {
      const { key, id } = await make(api, role, role, ROOT.key)
      expect((await call(api, 'GET', '/api/keys', key)).status).toBe(403)
      expect((await call(api, 'POST', '/api/keys', key, { name: 'x', role })).status).toBe(403)
      expect((await call(api, 'DELETE', `/api/keys/${id}`, key)).status).toBe(403)
    }
  })

  test('is told when it was last used, without a write for each use', async () => {
    const api = await start([ROOT])
    const { key, id } = await make(api, 'ci', 'viewer', ROOT.key)
    const noted = vi.spyOn(api.services.apiKeys, 'used')
    for (let times = 0; times < 20; times++) expect(await status(api, key)).toBe(200)
    expect(noted.mock.calls.filter(([times]) => id in times)).toHaveLength(1)
    const shown = await eventually(
      async () => (await list(api, ROOT.key)).find(each => each.id === id)!,
      each => each.lastUsedAt !== null,
    )
    expect(Date.parse(shown.lastUsedAt!)).toBeGreaterThanOrEqual(Date.parse(shown.createdAt!))
  })

  test('whose name the environment has, too, from some day on, is not accepted', async () => {
    const { key } = await make(await start([ROOT]), 'ci', 'admin', ROOT.key)
    const later = await start([ROOT, { name: 'ci', role: 'viewer', key: 'ci-key-of-environment' }])
    expect(await status(later, key)).toBe(401)
    expect(await status(later, 'ci-key-of-environment')).toBe(200)
  })
})

describe('a key of the environment', () => {
  test('is listed, and cannot be revoked here', async () => {
    const api = await start([ROOT])
    const [root] = await list(api, ROOT.key)
    expect(root).toMatchObject({ name: 'root', role: 'admin', source: 'environment', createdAt: null })
    const answer = await call(api, 'DELETE', `/api/keys/${root!.id}`, ROOT.key)
    expect(await answer.json()).toMatchObject({
      status: 403,
      detail: expect.stringContaining('SLUICE_API_KEYS'),
    })
    expect(await status(api, ROOT.key)).toBe(200)
  })
})

describe('a key that is revoked', () => {
  test('ends at every process: requests, sessions and open streams', async () => {
    const [one, other] = [await start([ROOT]), await start([ROOT])]
    const { key, id } = await make(one, 'eve', 'viewer', ROOT.key)
    await becomes(200, other, key)
    const login = await fetch(`${other.url}/login`, {
      method: 'POST',
      body: new URLSearchParams({ key }),
      redirect: 'manual',
    })
    const cookie = login.headers.get('set-cookie')!.split(';')[0]!
    const listen = (api: TestApi, headers: Record<string, string>) =>
      fetch(`${api.url}/api/events`, { headers: { ...headers, accept: 'text/event-stream' } })
    const streams = await Promise.all([
      listen(one, bearer(key)),
      listen(other, bearer(key)),
      listen(other, { cookie }),
    ])
    for (const stream of streams) expect(stream.status).toBe(200)

    expect((await call(one, 'DELETE', `/api/keys/${id}`, ROOT.key)).status).toBe(204)
    expect(await status(one, key)).toBe(401)
    // Each resolves when its stream has ended.
    await Promise.all(streams.map(stream => stream.text()))
    await becomes(401, other, key)
    expect((await fetch(`${other.url}/api/jobs`, { headers: { cookie } })).status).toBe(401)
    expect((await call(one, 'DELETE', `/api/keys/${id}`, ROOT.key)).status).toBe(404)
    expect(await status(one, ROOT.key)).toBe(200)
  })

  test('while it is used by many: each answer is a yes or a no, and from some moment on a no', async () => {
    const api = await start([ROOT])
    const { key, id } = await make(api, 'busy', 'viewer', ROOT.key)
    const asking = Array.from({ length: 30 }, () => status(api, key))
    const revoked = call(api, 'DELETE', `/api/keys/${id}`, ROOT.key)
    for (const answered of await Promise.all(asking)) expect([200, 401]).toContain(answered)
    expect((await revoked).status).toBe(204)
    expect(await status(api, key)).toBe(401)
  })

  test('in the middle of an upload leaves nothing of it', async () => {
    const api = await start([ROOT])
    const { key, id } = await make(api, 'slow', 'uploader', ROOT.key)
    const connection = connectRaw(api.url)
    const body = bytes(INSPECT, file('a.log', 'whole'), END)
    const head = uploadHead('/api/jobs', `Content-Length: ${body.length}`, `Authorization: Bearer ${key}`)
    await connection.say(head, body.subarray(0, -10))
    // Its lease: it has begun.
    await eventually(
      () => api.jobKeys(),
      keys => keys.length > 0,
    )
    await call(api, 'DELETE', `/api/keys/${id}`, ROOT.key)
    await connection.say(body.subarray(-10))
    expect((await connection.answer()).json()).toMatchObject({ status: 401, detail: 'This key was revoked.' })
    expect(await api.jobKeys()).toEqual([])
    expect(await api.objects()).toEqual([])
    connection.socket.destroy()
  })

  test('in the middle of a resumable upload does not complete it', async () => {
    const api = await start([ROOT])
    const { key, id } = await make(api, 'slow', 'uploader', ROOT.key)
    const tus = createTus(api.url, bearer(key))
    const { location, jobId } = await tus.begin(3, { filename: 'a.log', pipeline: 'inspect' })
    const connection = connectRaw(api.url)
    await connection.say(
      [
        `PATCH ${new URL(location, api.url).pathname} HTTP/1.1`,
        'Host: localhost',
        'Tus-Resumable: 1.0.0',
        'Content-Type: application/offset+octet-stream',
        'Upload-Offset: 0',
        'Content-Length: 3',
        `Authorization: Bearer ${key}`,
        '\r\nab',
      ].join('\r\n'),
    )
    await eventually(
      () => api.objects(),
      objects => objects.length > 0,
    )
    await call(api, 'DELETE', `/api/keys/${id}`, ROOT.key)
    await connection.say('c')
    expect((await connection.answer()).status).toBe(401)
    connection.socket.destroy()
    const job = await (await call(api, 'GET', `/api/jobs/${jobId}`, ROOT.key)).json()
    expect(job).toMatchObject({ status: 'draft', files: [] })
    // Nor is anything left that the janitor could complete.
    expect(await api.objects()).toEqual([])
    expect(await api.client.zcard('{sluice}:uploads')).toBe(0)
  })

  test('in the middle of a download gets no more of it', async () => {
    const api = await start([ROOT])
    const { key, id } = await make(api, 'reader', 'uploader', ROOT.key)
    const form = new FormData()
    form.append('pipeline', 'inspect')
    // More than lies between the two sides when nobody reads.
    form.append('files', new Blob([Buffer.alloc(32 * 2 ** 20)]), 'a.log')
    const job = (await (
      await fetch(`${api.url}/api/jobs`, { method: 'POST', headers: bearer(key), body: form })
    ).json()) as { id: string }
    const download = await call(api, 'GET', `/api/jobs/${job.id}/files/f1/content`, key)
    expect(download.status).toBe(200)
    expect((await call(api, 'DELETE', `/api/keys/${id}`, ROOT.key)).status).toBe(204)
    await expect(download.arrayBuffer().then(({ byteLength }) => byteLength)).rejects.toThrow('terminated')
  })

  test('frees its name, but its sessions are not the next one’s', async () => {
    const api = await start([ROOT])
    const old = await make(api, 'ci', 'viewer', ROOT.key)
    const login = await fetch(`${api.url}/login`, {
      method: 'POST',
      body: new URLSearchParams({ key: old.key }),
      redirect: 'manual',
    })
    const cookie = login.headers.get('set-cookie')!.split(';')[0]!
    expect((await fetch(`${api.url}/api/jobs`, { headers: { cookie } })).status).toBe(200)
    await call(api, 'DELETE', `/api/keys/${old.id}`, ROOT.key)
    const { key } = await make(api, 'ci', 'viewer', ROOT.key)
    expect(await status(api, key)).toBe(200)
    expect((await fetch(`${api.url}/api/jobs`, { headers: { cookie } })).status).toBe(401)
  })
})

describe('the first key', () => {
  test('is an admin’s, made from this machine without one, and shuts every process', async () => {
    const [one, other] = [await start(), await start()]
    const refused = await call(one, 'POST', '/api/keys', undefined, { name: 'ci', role: 'uploader' })
    expect(await refused.json()).toMatchObject({ code: 'invalid-request', errors: [{ pointer: '/role' }] })
    const listener = await fetch(`${other.url}/api/events`, { headers: { accept: 'text/event-stream' } })
    expect(listener.status).toBe(200)

    const { key } = await make(one, 'boss', 'admin')
    expect(await status(one)).toBe(401)
    await becomes(401, other)
    // Who listened without a key is not listened to any more.
    await listener.text()
    await becomes(200, other, key)
    expect((await call(one, 'POST', '/api/keys', undefined, { name: 'ci', role: 'admin' })).status).toBe(401)
    expect((await make(other, 'ci', 'uploader', key)).role).toBe('uploader')
  })

  test('is one, though two ask at once at two processes', async () => {
    const [one, other] = [await start(), await start()]
    const answers = await Promise.all([
      call(one, 'POST', '/api/keys', undefined, { name: 'me', role: 'admin' }),
      call(other, 'POST', '/api/keys', undefined, { name: 'you', role: 'admin' }),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 401])
  })

  test('of another site’s page is none', async () => {
    const api = await start()
    const answer = await fetch(`${api.url}/api/keys`, {
      method: 'POST',
      headers: { origin: 'https://evil.example', 'content-type': 'application/json' },
      body: '{"name":"evil","role":"admin"}',
    })
    expect(answer.status).toBe(403)
    expect(await status(api)).toBe(200)
  })

  test('and last of an admin cannot be revoked over HTTP, where the environment has none', async () => {
    const api = await start()
    const boss = await make(api, 'boss', 'admin')
    await make(api, 'ci', 'uploader', boss.key)
    expect((await call(api, 'DELETE', `/api/keys/${boss.id}`, boss.key)).status).toBe(403)
    const deputy = await make(api, 'deputy', 'admin', boss.key)
    expect((await call(api, 'DELETE', `/api/keys/${boss.id}`, deputy.key)).status).toBe(204)
    expect(await status(api, boss.key)).toBe(401)
  })
})

test('a Redis that is out of memory takes a key away, and the others are known all the same', async () => {
  const api = await start([ROOT])
  const [eve, ann] = [await make(api, 'eve', 'viewer', ROOT.key), await make(api, 'ann', 'viewer', ROOT.key)]
  await api.client.config('SET', 'maxmemory', '1')
  try {
    expect((await call(api, 'DELETE', `/api/keys/${eve.id}`, ROOT.key)).status).toBe(204)
    expect(await status(api, eve.key, '/api/pipelines')).toBe(401)
    expect(await status(api, ann.key, '/api/pipelines')).toBe(200)
  } finally {
    await api.client.config('SET', 'maxmemory', '0')
  }
})

describe('Redis away', () => {
  test('does not open what a key shut; a key of the environment is known without it', async () => {
    const [shut, mixed] = [await start(), await start([ROOT])]
    const { key } = await make(shut, 'boss', 'admin')
    await becomes(401, shut)
    await redis.kill()
    // It needs no Redis itself. What was known is good for a moment, and then not believed any more.
    const path = '/api/pipelines'
    await eventually(
      () => status(shut, key, path),
      answered => answered === 503,
    )
    expect(await status(shut, undefined, path)).toBe(503)
    expect(await status(mixed, undefined, path)).toBe(503)
    expect(await status(mixed, ROOT.key, path)).toBe(200)
    await redis.restart()
    await becomes(200, shut, key)
    expect(await status(shut)).toBe(401)
  })

  test('and back without its data does not open a process either', async () => {
    const api = await start()
    const { key } = await make(api, 'boss', 'admin')
    await redis.flush()
    await api.services.keyRing.changed()
    expect(await status(api)).toBe(401)
    expect(await status(api, key)).toBe(200)
  })
})
