/** The audit log: everything that somebody does is in it once, and nothing that is secret. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ApiKey } from '../../src/config.ts'
import { AUDIT_RETENTION, type AuditEntry } from '../../src/jobs/audit.ts'
import { keys } from '../../src/jobs/keys.ts'
import { readScript } from '../../src/jobs/script.ts'
import { draft, form, startApi, type TestApi, upload } from '../support/api.ts'
import { attemptAnswered } from '../support/attempts.ts'
import { auditText } from '../support/audit.ts'
import { createTus } from '../support/tus.ts'
import { complete, fail } from './stand-in.ts'

const ROOT = { name: 'root', role: 'admin', key: 'admin-key-0123456789' } as const satisfies ApiKey
const ALICE = { name: 'alice', role: 'uploader', key: 'alice-key-0123456789' } as const satisfies ApiKey
const admin = { authorization: `Bearer ${ROOT.key}` }
const alice = { authorization: `Bearer ${ALICE.key}` }

let api: TestApi
beforeAll(async () => {
  const webhookAllow = [{ cidr: '127.0.0.1/32', port: null }]
  api = await startApi({ config: { apiKeys: [ROOT, ALICE], webhookAllow } })
})
afterAll(() => api.stop())

const call = (
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: string | FormData | URLSearchParams,
) => fetch(`${api.url}${path}`, { method, headers, redirect: 'manual', ...(body !== undefined && { body }) })

async function audit(query = ''): Promise<{ items: AuditEntry[]; nextCursor: string | null }> {
  const response = await call('GET', `/api/audit${query}`, admin)
  expect(response.status).toBe(200)
  return (await response.json()) as { items: AuditEntry[]; nextCursor: string | null }
}

/** What was done to something, oldest first. */
async function doneTo(target: string): Promise<Partial<AuditEntry>[]> {
  const { items } = await audit('?limit=200')
  return items
    .filter(entry => entry.target === target)
    .map(({ actor, action }) => ({ actor, action }))
    .reverse()
}

test('tells who did what to a job, after the job is gone, too', async () => {
  const { id } = await draft(api, { pipeline: 'inspect' }, alice)
  await call('POST', `/api/jobs/${id}/files`, alice, form({ 'a.log': 'x', 'b.log': 'y' }))
  await call('DELETE', `/api/jobs/${id}/files/f2`, alice)
  await call('POST', `/api/jobs/${id}/submit`, alice)
  await call('POST', `/api/jobs/${id}/submit`, alice)
  await call('POST', `/api/jobs/${id}/cancel`, admin)
  await call('POST', `/api/jobs/${id}/cancel`, admin)
  expect((await call('DELETE', `/api/jobs/${id}`, admin)).status).toBe(204)
  expect(await doneTo(id)).toEqual([
    { actor: 'alice', action: 'job.created' },
    { actor: 'alice', action: 'file.added' },
    { actor: 'alice', action: 'file.added' },
    { actor: 'alice', action: 'file.removed' },
    { actor: 'alice', action: 'job.submitted' },
    { actor: 'root', action: 'job.cancelled' },
    { actor: 'root', action: 'job.deleted' },
  ])
  const { items } = await audit('?action=job.deleted')
  expect(items[0]).toEqual({
    id: expect.stringMatching(/^\d+-\d+$/),
    at: expect.stringMatching(/Z$/),
    actor: 'root',
    action: 'job.deleted',
    target: id,
    outcome: 'ok',
    address: expect.stringMatching(/127\.0\.0\.1$/),
    details: { owner: 'alice', status: 'cancelled' },
  })
})

test('tells of an upload in one request, and of a retry', async () => {
  const job = await upload(api, {}, alice)
  await fail(api, job)
  await call('POST', `/api/jobs/${job.id}/retry`, alice)
  expect(await doneTo(job.id)).toEqual([
    { actor: 'alice', action: 'job.created' },
    { actor: 'alice', action: 'job.retried' },
  ])
  const { items } = await audit('?action=job.created')
  expect(items[0]).toMatchObject({ target: job.id, details: { files: 1, submitted: true } })
})

test('tells of resumable uploads, completed and given up', async () => {
  const tus = createTus(api.url, alice)
  const one = await tus.begin(3, { filename: 'a.log', pipeline: 'inspect' })
  await tus.patch(one.location, 0, 'abc')
  const other = await tus.begin(3, { filename: 'b.log', jobId: one.jobId })
  await tus.end(other.location)
  expect(await doneTo(one.jobId)).toEqual([
    { actor: 'alice', action: 'job.created' },
    { actor: 'alice', action: 'file.added' },
    { actor: 'alice', action: 'upload.ended' },
  ])
})

test('tells who sent a delivery again, by the API and by Bull Board', async () => {
  const job = await upload(api, { callbackUrl: 'http://127.0.0.1:7250/' }, alice)
  await complete(api, job)
  const id = `msg_${job.id}_r1`
  const ended = (round: number) =>
    api.services.deliveries.attempted({
      id,
      round,
      token: `token ${round}`,
      attempt: attemptAnswered(200),
      verdict: 'delivered',
    })
  await ended(1)
  expect((await call('POST', `/api/deliveries/${id}/redeliver`, alice)).status).toBe(202)
  await ended(2)
  const board = '/admin/queues/api/queues/deliver-webhook'
  expect((await call('PUT', `${board}/${id}-2/retry`, admin)).status).toBe(204)
  expect(await doneTo(id)).toEqual([
    { actor: 'alice', action: 'delivery.redelivered' },
    { actor: 'root', action: 'delivery.redelivered' },
  ])
})

test('tells who had a delivery tried sooner in Bull Board', async () => {
  const { Queue } = await import('bullmq')
  const queue = new Queue('deliver-webhook', { connection: { url: api.redis.url }, prefix: '{sluice}' })
  try {
    await queue.add('deliver', {}, { jobId: 'msg_late_r1-1', delay: 3_600_000 })
    const path = '/admin/queues/api/queues/deliver-webhook/msg_late_r1-1/promote'
    expect((await call('PUT', path, admin)).ok).toBe(true)
    expect(await doneTo('msg_late_r1')).toEqual([{ actor: 'root', action: 'delivery.promoted' }])
    expect((await call('PUT', path.replace('late', 'none'), admin)).ok).toBe(false)
    expect(await doneTo('msg_none_r1')).toEqual([])
  } finally {
    await queue.close()
  }
})

test('tells of keys, of logins that were let in and refused, and of logouts', async () => {
  const json = { ...admin, 'content-type': 'application/json' }
  const made = await call('POST', '/api/keys', json, '{"name":"eve","role":"viewer"}')
  const { id, key } = (await made.json()) as { id: string; key: string }
  const logIn = (text: string) => call('POST', '/login', {}, new URLSearchParams({ key: text }))
  const cookie = (await logIn(key)).headers.get('set-cookie')!.split(';')[0]!
  await logIn('a wrong one')
  await call('POST', '/logout', { cookie })
  await call('DELETE', `/api/keys/${id}`, admin)
  const { items } = await audit('?limit=5')
  expect(items.map(({ actor, action, outcome }) => [actor, action, outcome])).toEqual([
    ['root', 'key.revoked', 'ok'],
    ['eve', 'logout', 'ok'],
    ['nobody', 'login', 'refused'],
    ['eve', 'login', 'ok'],
    ['root', 'key.created', 'ok'],
  ])
  expect(items[4]).toMatchObject({ target: id, details: { name: 'eve', role: 'viewer' } })
})

test('holds no secret', async () => {
  await upload(api, { callbackUrl: 'http://127.0.0.1:7250/?token=planted' }, alice)
  const all = await auditText(api.client)
  for (const secret of ['planted', 'slk_', ROOT.key, ALICE.key, 'a wrong one'])
    expect(all).not.toContain(secret)
})

describe('read in pages', () => {
  test('is whole, newest first, with filters and without', async () => {
    const [whole] = [(await audit('?limit=200')).items]
    for (const filter of ['', '&actor=alice', '&action=file.added', '&actor=root&action=job.cancelled']) {
      const found: AuditEntry[] = []
      for (let cursor = ''; ; ) {
        const page = await audit(`?limit=2${filter}${cursor}`)
        found.push(...page.items)
        if (page.nextCursor === null) break
        cursor = `&cursor=${page.nextCursor}`
      }
      const wanted = new URLSearchParams(filter)
      const fits = (entry: AuditEntry) =>
        (!wanted.has('actor') || entry.actor === wanted.get('actor')) &&
        (!wanted.has('action') || entry.action === wanted.get('action'))
      expect(found, filter).toEqual(whole.filter(fits))
      expect(found.length, filter).toBeGreaterThan(0)
    }
  })

  test('tells what was done in one moment in its order, each once, whatever it was done to', async () => {
    const actions = ['job.created', 'file.added', 'key.created', 'job.submitted', 'file.removed', 'logout']
    const write = `${readScript('audit')} for _, action in ipairs(ARGV) do audit({ actor = 'quick' }, action, '') end`
    await api.client.eval(write, 0, ...actions)
    const found: string[] = []
    for (let cursor = ''; found.length < actions.length; ) {
      const { items, nextCursor } = await audit(`?limit=1${cursor}`)
      found.push(...items.map(({ action }) => action))
      cursor = `&cursor=${nextCursor}`
    }
    expect(found.reverse()).toEqual(actions)
  })

  test.each([
    '?cursor=x',
    // One of the jobs' list.
    `?cursor=${Buffer.from('5:0198f6c2-0000').toString('base64url')}`,
    `?cursor=${Buffer.from('5:99999999999999999999999').toString('base64url')}`,
    '?action=nothing',
    '?limit=0',
    '?who=me',
  ])('refuses %s', async query => {
    expect((await call('GET', `/api/audit${query}`, admin)).status).toBe(400)
  })

  test('is for admins', async () => {
    expect((await call('GET', '/api/audit', alice)).status).toBe(403)
    expect((await call('GET', '/api/audit', {})).status).toBe(401)
  })
})

test('forgets what is older than 90 days, and nothing else', async () => {
  const { items } = await audit('?limit=1')
  const at = Number.parseInt(items[0]!.id, 10)
  const before = (await audit('?limit=200')).items
  await api.services.audit.expire(at - 1 + AUDIT_RETENTION)
  const left = (await audit('?limit=200')).items
  expect(left).toEqual(before.filter(({ id }) => Number.parseInt(id, 10) >= at - 1))
  expect(left.length).toBeLessThan(before.length)
})

test('keeps what was done to keys and who came in, however much is uploaded and however many keys are guessed', async () => {
  const json = { ...admin, 'content-type': 'application/json' }
  const made = await call('POST', '/api/keys', json, '{"name":"kept","role":"viewer"}')
  const { id } = (await made.json()) as { id: string }
  const logIn = () => call('POST', '/login', {}, new URLSearchParams({ key: ALICE.key }))
  await logIn()
  await logIn()
  const logins = '?action=login&actor=alice&limit=1'
  const { nextCursor } = await audit(logins)

  // The same script, with a bound that is soon reached.
  const script = readScript('audit').replace('200000', '200')
  const flood = `${script} for _ = 1, 1000 do audit({ actor = 'mallory' }, ARGV[1], 'x', nil, ARGV[2]) end`
  for (const [action, outcome, kind] of [
    ['job.created', 'ok', 'job'],
    ['login', 'refused', 'login:refused'],
  ] as const) {
    await api.client.eval(flood, 0, action, outcome)
    expect(await api.client.xlen(keys.audit(kind))).toBeLessThan(400)
  }
  expect((await audit('?action=key.created&limit=1')).items).toMatchObject([{ target: id }])
  expect((await audit(`${logins}&cursor=${nextCursor}`)).items).toMatchObject([{ outcome: 'ok' }])
})

test('tells what was done to an endpoint, and no secret of it', async () => {
  const json = { ...admin, 'content-type': 'application/json' }
  const body = JSON.stringify({ url: 'http://127.0.0.1:7250/hook?token=hidden', events: ['job.completed'] })
  const made = (await (await call('POST', '/api/webhooks', json, body)).json()) as {
    id: string
    secret: string
  }
  const path = `/api/webhooks/${made.id}`
  expect((await call('PATCH', path, json, '{"description":"ours"}')).status).toBe(200)
  expect((await call('POST', `${path}/rotate-secret`, admin)).status).toBe(200)
  expect((await call('POST', `${path}/test`, admin)).status).toBe(202)
  expect((await call('POST', `${path}/recover`, json, '{"since":"2026-01-01T00:00:00Z"}')).status).toBe(202)
  expect((await call('DELETE', path, admin)).status).toBe(204)
  expect(await doneTo(made.id)).toEqual(
    ['created', 'updated', 'secret-rotated', 'tested', 'recovered', 'deleted'].map(what => ({
      actor: 'root',
      action: `webhook.${what}`,
    })),
  )
  const { items } = await audit('?action=webhook.updated')
  expect(items[0]).toMatchObject({ target: made.id, details: { changed: ['description'] } })
  const all = JSON.stringify(await audit('?limit=200'))
  expect(all).not.toContain(made.secret)
  expect(all).not.toContain('hidden')
})
