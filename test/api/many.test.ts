/** Finding jobs among many, and doing the same to many of them. */
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ApiKey } from '../../src/config.ts'
import type { Job } from '../../src/jobs/job.ts'
import { form, startApi, type TestApi } from '../support/api.ts'
import { fail } from './stand-in.ts'

const KEYS = {
  ada: { name: 'ada', role: 'admin', key: 'a-key-of-ada-000000' },
  bob: { name: 'bob', role: 'uploader', key: 'a-key-of-bob-000000' },
  eve: { name: 'eve', role: 'uploader', key: 'a-key-of-eve-000000' },
  vic: { name: 'vic', role: 'viewer', key: 'a-key-of-vic-000000' },
} satisfies Record<string, ApiKey>
type Who = keyof typeof KEYS

let api: TestApi
beforeAll(async () => {
  api = await startApi({ config: { apiKeys: Object.values(KEYS) } })
})
afterAll(() => api.stop())
beforeEach(() => api.redis.flush())

const bearer = (who: Who) => ({ authorization: `Bearer ${KEYS[who].key}` })

async function draft(who: Who, fields: object = {}): Promise<Job> {
  const response = await fetch(`${api.url}/api/jobs`, {
    method: 'POST',
    headers: { ...bearer(who), 'content-type': 'application/json' },
    body: JSON.stringify(fields),
  })
  expect(response.status).toBe(201)
  return (await response.json()) as Job
}

async function upload(who: Who, name: string): Promise<Job> {
  const response = await fetch(`${api.url}/api/jobs`, {
    method: 'POST',
    headers: bearer(who),
    body: form({ [name]: 'x' }, { pipeline: 'inspect' }),
  })
  expect(response.status).toBe(202)
  return (await response.json()) as Job
}

async function ask(query: string, who: Who = 'ada') {
  const response = await fetch(`${api.url}/api/jobs?${query}`, { headers: bearer(who) })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

/** Of every page. */
async function found(query: string, who: Who = 'ada'): Promise<string[]> {
  const ids: string[] = []
  for (let cursor = ''; ; ) {
    const { body } = await ask(`${query}${cursor && `&cursor=${cursor}`}`, who)
    ids.push(...(body.items as Job[]).map(({ id }) => id))
    if (body.nextCursor === null) return ids
    cursor = body.nextCursor as string
  }
}

async function bulk(body: unknown, who: Who = 'ada') {
  const response = await fetch(`${api.url}/api/jobs/bulk`, {
    method: 'POST',
    headers: { ...bearer(who), 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

const ids = (...jobs: readonly Job[]) => jobs.map(({ id }) => id)

describe('the list', () => {
  test('finds exact values of the metadata: texts, numbers and truth values, all that are asked for', async () => {
    const one = await draft('ada', { metadata: { ticket: 'INC-1', size: 1.5, urgent: true, 'a=b': 'c&d' } })
    const two = await draft('ada', { metadata: { ticket: 'INC-1', size: 10, nested: { deep: 'INC-1' } } })
    await draft('ada', { metadata: { ticket: 'inc-1', other: 'INC-1' } })
    expect(await found('metadata.ticket=INC-1')).toEqual(ids(two, one))
    expect(await found('metadata.ticket=INC-1&metadata.size=1.5')).toEqual(ids(one))
    expect(await found('metadata.size=10')).toEqual(ids(two))
    expect(await found('metadata.urgent=true')).toEqual(ids(one))
    expect(await found('metadata.a%3Db=c%26d')).toEqual(ids(one))
    expect(await found('metadata.a=b%3Dc')).toEqual([])
    expect(await found('metadata.nested=INC-1')).toEqual([])
    expect(await found('metadata.__proto__=x')).toEqual([])
  })

  test('finds a job by the first 20 of its values, as its document says, and by a text beyond them', async () => {
    const metadata = {
      nested: {},
      ...Object.fromEntries(Array.from({ length: 21 }, (_, at) => [`k${at}`, `v${at}`])),
    }
    const job = await draft('ada', { metadata })
    expect(await found('metadata.k19=v19')).toEqual(ids(job))
    expect(await found('metadata.k20=v20')).toEqual([])
    expect(await found('metadata.k19=v19&metadata.k20=v20')).toEqual(ids(job))
    expect(await found('q=v20')).toEqual(ids(job))
    const document = await (await fetch(`${api.url}/api/openapi.json`, { headers: bearer('ada') })).text()
    expect(document).toContain('a job is found by the first 20 of its metadata')
  })

  test('finds a value that is too long for an index, too', async () => {
    const long = 'x'.repeat(3_000)
    const job = await draft('ada', { metadata: { long } })
    await draft('ada', { metadata: { long: `${long}y` } })
    expect(await found(`metadata.long=${long}`)).toEqual(ids(job))
  })

  test('finds a text in ids, names of files and metadata, whatever its case', async () => {
    const named = await upload('ada', 'Checkout-Incident.log')
    const noted = await draft('ada', { metadata: { note: 'the CHECKOUT broke' } })
    await draft('ada')
    expect(await found('q=checkout')).toEqual(ids(noted, named))
    expect(await found(`q=${named.id.slice(4, 20).toUpperCase()}`)).toContain(named.id)
    expect(await found('q=nothing-of-it')).toEqual([])
  })

  test('finds what failed for one reason, whoever else failed', async () => {
    const [mine, other] = [await upload('bob', 'a.log'), await upload('eve', 'b.log')]
    await fail(api, mine, 'stage-timeout')
    await fail(api, other, 'stage-failed')
    await upload('bob', 'c.log')
    expect(await found('error=stage-timeout')).toEqual(ids(mine))
    expect(await found('error=stage-timeout&status=completed')).toEqual([])
    expect(await found('error=stage-failed&owner=bob')).toEqual([])
    expect(await found('error=stage-failed', 'bob')).toEqual([])
    expect((await ask('error=nothing')).status).toBe(400)
    const filter = { error: 'stage-timeout' }
    expect((await bulk({ action: 'retry', filter })).body).toMatchObject({ matched: 1, done: 1 })
    expect(await found('error=stage-timeout')).toEqual([])
  })

  test('is narrowed by everything at once, and pages through it', async () => {
    const wanted: Job[] = []
    for (let index = 0; index < 7; index += 1) {
      wanted.unshift(await draft('ada', { metadata: { team: 'red' }, pipeline: 'inspect' }))
      await draft('ada', { metadata: { team: 'red' } })
      await draft('bob', { metadata: { team: 'red' }, pipeline: 'inspect' })
    }
    const query = 'metadata.team=red&pipeline=inspect&owner=ada&status=draft&q=red&limit=2'
    expect(await found(query)).toEqual(ids(...wanted))
  })

  test('tells how far it has looked, and null at the end', async () => {
    const jobs = [await draft('ada'), await draft('ada'), await draft('ada')]
    const { body } = await ask('limit=2')
    expect(body.lookedBackTo).toBe(jobs[1]!.createdAt)
    expect((await ask('limit=3')).body.lookedBackTo).toBe(null)
  })

  test('of an owner is only its own; an uploader cannot ask for another', async () => {
    const mine = await draft('bob', { metadata: { team: 'red' } })
    await draft('eve', { metadata: { team: 'red' } })
    expect(await found('owner=bob')).toEqual(ids(mine))
    for (const query of ['', 'owner=bob', 'metadata.team=red', 'q=red']) {
      expect([query, await found(query, 'bob')]).toEqual([query, ids(mine)])
    }
    expect(await found('owner=eve', 'bob')).toEqual([])
  })

  test('finds jobs of an earlier version, which knew no such indexes, as soon as an API of this one runs', async () => {
    const job = await draft('bob', { metadata: { ticket: 'INC-1' } })
    await api.client.hdel(`{sluice}:job:${job.id}`, 'labels')
    await api.client.del('{sluice}:jobs:of:bob', '{sluice}:jobs:with:ticket:INC-1')
    expect(await found('', 'bob')).toEqual([])
    await (await startApi({ redis: api.redis })).stop()
    expect(await found('', 'bob')).toEqual(ids(job))
    expect(await found('metadata.ticket=INC-1')).toEqual(ids(job))
  })

  test('finds nothing of a job that was deleted, and keeps nothing of it', async () => {
    const job = await draft('ada', { metadata: { ticket: 'INC-1' } })
    await fetch(`${api.url}/api/jobs/${job.id}`, { method: 'DELETE', headers: bearer('ada') })
    expect(await found('metadata.ticket=INC-1')).toEqual([])
    expect(await api.client.keys('{sluice}:jobs*')).toEqual([])
  })

  test.each([
    'metadata.=x',
    'metadata=x',
    'metadata.a=1&metadata.a=2',
    'q=',
    `q=${'x'.repeat(201)}`,
    'state=draft',
  ])('refuses %s, and names it', async query => {
    const { status, body } = await ask(query)
    expect(status).toBe(400)
    expect(body).toMatchObject({
      code: 'invalid-request',
      errors: [{ parameter: query.replace(/=.*/, '') }],
    })
  })
})

describe('many at once', () => {
  test('those that are named are changed, and each that is not is told with its reason, once', async () => {
    const [one, two, final] = [await draft('ada'), await draft('ada'), await draft('ada')]
    await bulk({ action: 'cancel', ids: [final.id] })
    const { status, body } = await bulk({
      action: 'cancel',
      ids: [...ids(one, two, two, final), 'no-such-job'],
    })
    expect(status).toBe(200)
    expect(body).toEqual({
      matched: 3,
      done: 2 + 1,
      refused: [{ id: 'no-such-job', code: 'not-found' }],
      more: false,
      nextCursor: null,
    })
    expect(await found('status=cancelled')).toHaveLength(3)
  })

  test('what cannot be retried or deleted is refused by its code', async () => {
    const job = await upload('ada', 'a.log')
    expect((await bulk({ action: 'retry', ids: [job.id] })).body.refused).toEqual([
      { id: job.id, code: 'job-not-failed' },
    ])
    expect((await bulk({ action: 'delete', ids: [job.id] })).body.refused).toEqual([
      { id: job.id, code: 'job-not-final' },
    ])
  })

  test('a filter means those that it can be done to, and leaves the others', async () => {
    const red = [
      await draft('ada', { metadata: { team: 'red' } }),
      await draft('ada', { metadata: { team: 'red' } }),
    ]
    const blue = await draft('ada', { metadata: { team: 'blue' } })
    const before = await api.objects()
    const under = await upload('ada', 'red.log')
    const { body } = await bulk({ action: 'delete', filter: { 'metadata.team': 'red' } })
    expect(body).toEqual({ matched: 2, done: 2, refused: [], more: false, nextCursor: null })
    expect(await found('')).toEqual(ids(under, blue))
    expect((await bulk({ action: 'delete', filter: {} })).body).toMatchObject({ matched: 1, done: 1 })
    expect((await bulk({ action: 'cancel', filter: { status: ['completed'] } })).body).toMatchObject({
      matched: 0,
    })
    expect(red).toHaveLength(2)
    expect(await api.objects()).toHaveLength(before.length + 1)
  })

  test('1,500 drafts are deleted in one go, with all that was theirs', async () => {
    const made = Array.from({ length: 1_500 }, (_, index) => ({ metadata: { index } }))
    while (made.length > 0) await Promise.all(made.splice(0, 50).map(fields => draft('ada', fields)))
    const { body } = await bulk({ action: 'delete', filter: { status: 'draft' } })
    expect(body).toEqual({ matched: 1_500, done: 1_500, refused: [], more: false, nextCursor: null })
    expect(await api.client.keys('{sluice}:jobs*')).toEqual([])
  })

  test('where hardly any job fits, the answer comes all the same, and says where to go on', async () => {
    const wanted = await draft('ada', { metadata: { note: 'needle' } })
    // Newer than it, and named by the index alone: as many to look at, and quick to make.
    const later = Date.now() + 1_000
    const hay = `for number = ARGV[1], ARGV[1] + 9999 do
      redis.call('ZADD', KEYS[1], ARGV[2] + number, 'hay-' .. number)
    end`
    // In slices: a script that runs for seconds has Redis refuse all else.
    for (let from = 0; from < 250_000; from += 10_000) {
      await api.client.eval(hay, 1, '{sluice}:jobs:draft', from, later)
    }
    const request = { action: 'cancel', filter: { status: 'draft', q: 'needle' } }
    const { body: first } = await bulk(request)
    expect(first).toEqual({ matched: 0, done: 0, refused: [], more: true, nextCursor: expect.any(String) })
    let last = first
    while (last.more) last = (await bulk({ ...request, cursor: last.nextCursor })).body
    expect(last).toEqual({ matched: 1, done: 1, refused: [], more: false, nextCursor: null })
    expect(await found('status=cancelled')).toEqual(ids(wanted))
  })

  test('an uploader changes its own, and others are not there for it', async () => {
    const [mine, others] = [await draft('bob'), await draft('eve')]
    expect((await bulk({ action: 'cancel', ids: ids(mine, others) }, 'bob')).body).toEqual({
      matched: 1,
      done: 1,
      refused: [{ id: others.id, code: 'not-found' }],
      more: false,
      nextCursor: null,
    })
    expect((await bulk({ action: 'delete', filter: {} }, 'bob')).body).toMatchObject({ matched: 1, done: 1 })
    expect((await bulk({ action: 'delete', filter: { owner: 'eve' } }, 'bob')).body).toMatchObject({
      matched: 0,
    })
    expect(await found('')).toEqual(ids(others))
  })

  test('a key that is revoked in the middle changes nothing more', async () => {
    const made = await fetch(`${api.url}/api/keys`, {
      method: 'POST',
      headers: { ...bearer('ada'), 'content-type': 'application/json' },
      body: '{"name":"gone","role":"admin"}',
    })
    const { id, key } = (await made.json()) as { id: string; key: string }
    for (let count = 0; count < 60; count += 1) await draft('ada')
    const { transitions } = api.services
    const cancel = transitions.cancel
    // None of the first ones goes on before the key is gone; and the others are still under way when the first has ended.
    let revoked: Promise<unknown> | undefined
    const slow = vi.spyOn(transitions, 'cancel').mockImplementation(async (...args) => {
      const isFirst = revoked === undefined
      revoked ??= fetch(`${api.url}/api/keys/${id}`, { method: 'DELETE', headers: bearer('ada') })
      await revoked
      for (let turns = isFirst ? 0 : 100; turns > 0; turns -= 1) await api.client.ping()
      return cancel(...args)
    })
    const response = await fetch(`${api.url}/api/jobs/bulk`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: '{"action":"cancel","filter":{}}',
    })
    slow.mockRestore()
    expect(response.status).toBe(401)
    expect((await found('status=draft')).length).toBeGreaterThan(0)
    const done = (await found('status=cancelled')).length
    expect(done).toBeGreaterThan(1)
    expect(await response.json()).toMatchObject({
      code: 'unauthenticated',
      outcome: { matched: 60, done, refused: [], more: true, nextCursor: null },
    })
  })

  test('a viewer changes nothing', async () => {
    const job = await draft('ada')
    expect((await bulk({ action: 'delete', ids: [job.id] }, 'vic')).status).toBe(403)
  })

  test('each is in the audit log, by whom', async () => {
    const job = await draft('ada')
    await bulk({ action: 'delete', ids: [job.id] })
    const response = await fetch(`${api.url}/api/audit?action=job.deleted`, { headers: bearer('ada') })
    expect(((await response.json()) as { items: unknown[] }).items).toMatchObject([
      { actor: 'ada', target: job.id },
    ])
  })

  test.each([
    [{ action: 'cancel' }],
    [{ action: 'cancel', ids: [], filter: {} }],
    [{ action: 'cancel', ids: ['a'], filter: {} }],
    [{ action: 'archive', ids: ['a'] }],
    [{ action: 'cancel', ids: ['a:b'] }],
    [{ action: 'cancel', ids: Array(10_001).fill('a') }],
    [{ action: 'cancel', filter: { state: 'draft' } }],
    [{ action: 'cancel', filter: { 'metadata.a': 1 } }],
    [{ action: 'cancel', filter: { limit: 5 } }],
    [{ action: 'cancel', filter: null }],
    [{ action: 'cancel', filter: {}, cursor: 'none-of-ours' }],
    [{ action: 'cancel', ids: ['a'], cursor: 'MTppZA' }],
  ])('%j is refused', async body => {
    expect(await bulk(body)).toMatchObject({ status: 400, body: { code: 'invalid-request' } })
  })
})
