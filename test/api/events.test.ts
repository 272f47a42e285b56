/** I6: the event log is the story, complete, in order, without repeats, and resumable. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { HEARTBEAT_MS } from '../../src/api/event-stream.ts'
import type { Job, JobEvent } from '../../src/jobs/job.ts'
import { draft, form, startApi, type TestApi, upload } from '../support/api.ts'
import { attach, complete, fail } from './stand-in.ts'

let api: TestApi
let left: AbortController
beforeAll(async () => {
  api = await startApi()
})
afterEach(() => left?.abort())
afterAll(() => api.stop())

const get = (path: string, headers: Record<string, string> = {}) => fetch(`${api.url}${path}`, { headers })

async function open(path: string, headers: Record<string, string> = {}) {
  left = new AbortController()
  const response = await fetch(`${api.url}${path}`, {
    headers: { accept: 'text/event-stream', ...headers },
    signal: left.signal,
  })
  return { response, events: response.body ? parse(response) : null }
}

interface Told {
  readonly id: string | undefined
  readonly event: string
  readonly data: JobEvent
}

async function* parse(response: Response): AsyncGenerator<Told> {
  let text = ''
  for await (const chunk of response.body!) {
    text += Buffer.from(chunk as Uint8Array).toString()
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n')
      text = text.slice(end + 2)
      const field = (name: string) => lines.find(line => line.startsWith(`${name}: `))?.slice(name.length + 2)
      if (field('event')) yield { id: field('id'), event: field('event')!, data: JSON.parse(field('data')!) }
    }
  }
}

async function take(events: AsyncGenerator<Told>, count: number): Promise<Told[]> {
  const taken: Told[] = []
  while (taken.length < count) {
    const { value, done } = await events.next()
    if (done) throw new Error(`the stream ended after ${taken.length} events`)
    taken.push(value)
  }
  return taken
}

async function all(events: AsyncGenerator<Told>): Promise<Told[]> {
  const taken: Told[] = []
  for await (const each of events) taken.push(each)
  return taken
}

const STORY = [
  'job.created',
  'file.uploaded',
  'job.submitted',
  'file.attached',
  'job.ready',
  'job.started',
  'stage.completed',
  'job.completed',
]
const history = async (job: Job, query = '') =>
  (await (await get(`/api/jobs/${job.id}/events${query}`)).json()) as {
    items: JobEvent[]
    nextAfter: string | null
  }

describe('the history', () => {
  test('is told in order, in pages that join without a gap', async () => {
    const job = await upload(api)
    await complete(api, job)
    const whole = await history(job)
    expect(whole.items.map(({ type }) => type)).toEqual(STORY)
    expect(whole.nextAfter).toBeNull()
    expect(whole.items[0]).toMatchObject({
      jobId: job.id,
      run: 1,
      data: { status: 'draft', pipeline: 'inspect' },
    })

    const joined: JobEvent[] = []
    for (let after = ''; ; ) {
      const page = await history(job, `?limit=3${after && `&after=${after}`}`)
      joined.push(...page.items)
      if (page.nextAfter === null) break
      after = page.nextAfter
    }
    expect(joined).toEqual(whole.items)
  })

  test('tells the same of one upload as of a draft that is filled and submitted', async () => {
    const one = await upload(api)
    const other = await draft(api)
    await fetch(`${api.url}/api/jobs/${other.id}/files`, {
      method: 'POST',
      body: form({ 'app.log': 'hello\n' }),
    })
    await fetch(`${api.url}/api/jobs/${other.id}/submit`, { method: 'POST' })
    const told = async (job: Job) => (await history(job)).items.map(({ type, data }) => ({ type, data }))
    expect(await told(one)).toEqual(await told(other))
  })

  test.each(['after=1', 'after=x-1', 'after=', 'limit=0', 'limit=1001', 'before=1-1'])(
    'refuses ?%s',
    async query => {
      const job = await upload(api)
      expect((await get(`/api/jobs/${job.id}/events?${query}`)).status).toBe(400)
    },
  )
})

describe('the stream of a job', () => {
  test('tells everything, live, and ends after the final event', async () => {
    const job = await upload(api)
    const { response, events } = await open(`/api/jobs/${job.id}/events`)
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(response.headers.get('cache-control')).toBe('no-cache, no-transform')
    expect(response.headers.get('x-accel-buffering')).toBe('no')
    const first = await take(events!, 3)
    await complete(api, job)
    const told = [...first, ...(await all(events!))]
    expect(told.map(({ event }) => event)).toEqual(STORY)
    expect(told.map(({ data }) => data)).toEqual((await history(job)).items)
    for (const { id, event, data } of told) expect([id, event]).toEqual([data.id, data.type])
  })

  test('goes on from any event, by header or parameter', async () => {
    const job = await upload(api)
    await complete(api, job)
    const { items } = await history(job)
    for (const [index, { id }] of items.entries()) {
      const byHeader = await open(`/api/jobs/${job.id}/events`, { 'last-event-id': id })
      if (index === items.length - 1) {
        expect(byHeader.response.status).toBe(204)
        continue
      }
      expect((await all(byHeader.events!)).map(({ data }) => data)).toEqual(items.slice(index + 1))
      const byParameter = await open(`/api/jobs/${job.id}/events?after=${id}`)
      expect((await all(byParameter.events!)).map(({ data }) => data)).toEqual(items.slice(index + 1))
    }
  })

  test('goes on through a new run', async () => {
    const job = await upload(api)
    await fail(api, job)
    await fetch(`${api.url}/api/jobs/${job.id}/retry`, { method: 'POST' })
    const { events } = await open(`/api/jobs/${job.id}/events`)
    await take(events!, 6)
    await fetch(`${api.url}/api/jobs/${job.id}/cancel`, { method: 'POST' })
    expect((await all(events!)).map(({ event, data }) => [event, data.run])).toEqual([['job.cancelled', 2]])
  })

  test('ends when the job is deleted; a reconnect finds nothing', async () => {
    const job = await draft(api)
    const { events } = await open(`/api/jobs/${job.id}/events`)
    await take(events!, 1)
    await fetch(`${api.url}/api/jobs/${job.id}`, { method: 'DELETE' })
    expect(await all(events!)).toEqual([])
    expect((await open(`/api/jobs/${job.id}/events`)).response.status).toBe(404)
  })

  test('refuses an id that is none', async () => {
    const job = await upload(api)
    const { response } = await open(`/api/jobs/${job.id}/events`, { 'last-event-id': 'nope' })
    expect(await response.json()).toMatchObject({ status: 400, errors: [{ parameter: 'Last-Event-ID' }] })
  })

  test('is no longer followed once its client has left', async () => {
    const job = await upload(api)
    const { events } = await open(`/api/jobs/${job.id}/events`)
    await take(events!, 3)
    expect(api.services.feed.clients()).toBe(1)
    left.abort()
    await expect.poll(() => api.services.feed.clients()).toBe(0)
  })

  test('is told to 200 clients at once, to each in full', async () => {
    const job = await upload(api)
    const clients = await Promise.all(
      Array.from(
        { length: 200 },
        async () => await get(`/api/jobs/${job.id}/events`, { accept: 'text/event-stream' }),
      ),
    )
    await expect.poll(() => api.services.feed.clients()).toBe(200)
    await complete(api, job)
    for (const told of await Promise.all(clients.map(response => all(parse(response))))) {
      expect(told.map(({ event }) => event)).toEqual(STORY)
    }
  })
})

describe('the stream of all jobs', () => {
  test('tells what happens from now on, and resumes without gaps', async () => {
    const live = await open('/api/events')
    await expect.poll(() => api.services.feed.clients()).toBe(1)
    const job = await upload(api)
    const told = await take(live.events!, 3)
    expect(told.map(({ event, data }) => [event, data.jobId])).toEqual(
      STORY.slice(0, 3).map(type => [type, job.id]),
    )
    left.abort()
    await attach(api, job)
    const resumed = await open('/api/events', { 'last-event-id': told[1]!.id! })
    expect((await take(resumed.events!, 3)).map(({ event }) => event)).toEqual(STORY.slice(2, 5))
  })

  test('tells of a deletion, live and when resumed, though the job’s own history is gone with it', async () => {
    const job = await draft(api)
    const [created] = ((await (await get(`/api/jobs/${job.id}/events`)).json()) as { items: JobEvent[] })
      .items
    const live = await open('/api/events')
    await expect.poll(() => api.services.feed.clients()).toBe(1)
    await fetch(`${api.url}/api/jobs/${job.id}`, { method: 'DELETE' })
    const deleted = { event: 'job.deleted', data: { type: 'job.deleted', jobId: job.id, run: 1, data: {} } }
    const [told] = await take(live.events!, 1)
    expect(told).toMatchObject(deleted)
    expect(told!.data.id).toBe(told!.id)
    left.abort()
    const resumed = await open('/api/events', { 'last-event-id': created!.id })
    expect(await take(resumed.events!, 1)).toMatchObject([{ id: told!.id, ...deleted }])
  })

  test('tells of one job alone where that is asked for, beyond its end, to its deletion', async () => {
    const job = await draft(api)
    const { events } = await open(`/api/events?jobId=${job.id}`)
    await expect.poll(() => api.services.feed.clients()).toBe(1)
    await draft(api)
    await fetch(`${api.url}/api/jobs/${job.id}/cancel`, { method: 'POST' })
    await draft(api)
    await fetch(`${api.url}/api/jobs/${job.id}`, { method: 'DELETE' })
    expect((await take(events!, 2)).map(({ event, data }) => [event, data.jobId])).toEqual([
      ['job.cancelled', job.id],
      ['job.deleted', job.id],
    ])
  })

  test('says reset first where the id is of the future', async () => {
    const { events } = await open('/api/events?after=99999999999999-0')
    expect(await take(events!, 1)).toMatchObject([{ event: 'reset', data: {} }])
  })

  test('is not for who wants something else', async () => {
    expect((await get('/api/events', { accept: 'application/json' })).status).toBe(406)
    expect((await get('/api/events?after=nope')).status).toBe(400)
  })
})

test('a shutdown ends the streams', async () => {
  const other = await startApi({ redis: api.redis })
  const response = await fetch(`${other.url}/api/events`, { headers: { accept: 'text/event-stream' } })
  const ended = all(parse(response))
  await other.stop()
  // It may have been told to reload, having come before the feed had found its place; then it ends.
  expect((await ended).filter(({ event }) => event !== 'reset')).toEqual([])
})

test('who asks a stream for its headers alone gets them, and nothing is left running', async () => {
  const job = await upload(api)
  const interval = vi.spyOn(globalThis, 'setInterval')
  for (const path of ['/api/events', `/api/jobs/${job.id}/events`]) {
    const response = await fetch(`${api.url}${path}`, {
      method: 'HEAD',
      headers: { accept: 'text/event-stream' },
    })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  }
  // A look at what Redis has not answered yet may begin at any time.
  expect(interval.mock.calls.map(([, ms]) => ms)).not.toContain(HEARTBEAT_MS)
  interval.mockRestore()
})
