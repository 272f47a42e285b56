import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createEventFeed, type EventFeed } from '../../src/jobs/event-feed.ts'
import { compareEventIds } from '../../src/jobs/events.ts'
import type { JobEvent } from '../../src/jobs/job.ts'
import { keys } from '../../src/jobs/keys.ts'
import { createLog } from '../../src/log.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { eventually } from '../support/eventually.ts'
import { output, records } from '../support/records.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'

const log = createLog({ level: 'silent', format: 'json', role: 'test' })
let server: TestRedis
let redis: Redis
let feed: EventFeed
let jobs: ReturnType<typeof records>
let stop: AbortController

beforeAll(async () => {
  server = await startTestRedis()
})
beforeEach(async () => {
  redis = connectRedis(server.url, { name: 'test', log })
  await redis.flushall()
  jobs = records(redis)
  stop = new AbortController()
  feed = createEventFeed({ reader: connectRedis(server.url, { name: 'test', log }), redis, log })
})
afterEach(async () => {
  stop.abort()
  await feed.close()
  redis.disconnect()
})
afterAll(() => server.stop())

/** Follows a job to the end of its stream. */
async function follow(id: string, after: string | null = null): Promise<JobEvent[]> {
  const events: JobEvent[] = []
  for await (const event of feed.follow(id, after, stop.signal)) events.push(event)
  return events
}

async function finish(id: string, token: string): Promise<void> {
  await jobs.transitions.finish({
    id,
    token,
    checkpoint: { stage: 'first', index: 1, durationMs: 1, output: output() },
    result: {},
  })
}

/** So many events of another job, which trim what came before them from the global stream. */
async function pushOut(events: number): Promise<void> {
  const pipeline = redis.pipeline()
  const fields = ['job', 'other', 'owner', 'o', 'run', '1', 'type', 'job.log', 'data', '{}']
  for (let index = 0; index < events; index++)
    pipeline.xadd(keys.events, 'MAXLEN', '~', '10000', '*', ...fields)
  await pipeline.exec()
}

describe('I6: the event log is the story', () => {
  test('a client that comes first, one that comes in the middle and one that comes last are told the same', async () => {
    const id = await jobs.pending(3)
    const early = follow(id)
    await jobs.start(id, { token: 't' })
    const middle = follow(id)
    for (let seq = 1; seq <= 50; seq++)
      await jobs.transitions.log({ id, token: 't', seq, stage: 'first', level: 'info', message: `${seq}` })
    await finish(id, 't')
    const stories = [await early, await middle, await follow(id)]
    expect(stories[0]!.at(-1)!.type).toBe('job.completed')
    for (const story of stories) {
      expect(story).toEqual(stories[0])
      expect(story.every((event, at) => at === 0 || compareEventIds(event.id, story[at - 1]!.id) > 0)).toBe(
        true,
      )
    }
  })

  test('whoever resumes from any event gets every later one once', async () => {
    const id = await jobs.processing('t')
    for (let seq = 1; seq <= 10; seq++)
      await jobs.transitions.log({ id, token: 't', seq, stage: 'first', level: 'info', message: `${seq}` })
    await finish(id, 't')
    const whole = await follow(id)
    for (const [at, event] of whole.entries()) {
      expect(await follow(id, event.id)).toEqual(whole.slice(at + 1))
    }
  })

  test('the stream of a job that is retried goes on with its next run', async () => {
    const id = await jobs.processing('t')
    await jobs.transitions.attemptFailed({
      id,
      token: 't',
      incurable: true,
      error: { code: 'stage-failed', message: 'No.' },
    })
    await jobs.transitions.retry(id, 'r')
    const story = follow(id)
    await jobs.start(id, { token: 'u' })
    await finish(id, 'u')
    expect(
      (await story)
        .filter(event => /failed|retried|completed$/.test(event.type))
        .map(event => [event.run, event.type]),
    ).toEqual([
      [1, 'job.failed'],
      [2, 'job.retried'],
      [2, 'stage.completed'],
      [2, 'job.completed'],
    ])
  })

  test('the stream of a job that has ended ends at once for who resumes from beyond its end', async () => {
    const id = await jobs.processing('t')
    const beyond = follow(id, '99999999999999-0')
    await eventually(
      () => feed.clients(),
      clients => clients === 1,
    )
    await finish(id, 't')
    expect(await beyond).toEqual([])
    expect(await follow(id, '99999999999999-0')).toEqual([])
  })

  test('the stream ends when the job is deleted, also for who came late', async () => {
    const id = await jobs.submitted()
    const story = follow(id)
    await eventually(
      () => feed.clients(),
      clients => clients === 1,
    )
    await jobs.transitions.cancel(id)
    expect((await story).at(-1)!.type).toBe('job.cancelled')
    await jobs.transitions.delete({ id, token: 'd' })
    expect(await follow(id)).toEqual([])
  })

  test('nothing is missed or told twice when Redis is killed and comes back', async () => {
    const id = await jobs.processing('t')
    const story = follow(id)
    const writing = (async () => {
      for (let seq = 1; seq <= 300; seq++)
        await jobs.transitions.log({ id, token: 't', seq, stage: 'first', level: 'info', message: `${seq}` })
    })()
    await eventually(
      () => redis.xlen(keys.log(id)).catch(() => 0),
      length => length > 50,
    )
    await server.restart()
    await writing
    await finish(id, 't')
    const told = (await story)
      .filter(event => event.type === 'job.log')
      .map(event => Number(event.data.message))
    expect(told).toEqual(Array.from({ length: 300 }, (_, at) => at + 1))
  })

  test('a client that reads slowly while thousands of events pass gets each of its job’s once', async () => {
    const id = await jobs.processing('t')
    const stream = feed.follow(id, null, stop.signal)
    const story: JobEvent[] = []
    for (let taken = 0; taken < 3; taken++) story.push((await stream.next()).value as JobEvent)
    for (let seq = 1; seq <= 900; seq++)
      await jobs.transitions.log({ id, token: 't', seq, stage: 'first', level: 'info', message: `${seq}` })
    await pushOut(12_000)
    await jobs.transitions.log({ id, token: 't', seq: 901, stage: 'first', level: 'info', message: '901' })
    await finish(id, 't')
    for await (const event of stream) story.push(event)
    const told = story.filter(event => event.type === 'job.log').map(event => Number(event.data.message))
    expect(told).toEqual(Array.from({ length: 901 }, (_, at) => at + 1))
  })

  test('a hundred clients of twenty jobs are each told their own story, whole', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => jobs.pending()))
    const stories = Array.from({ length: 100 }, (_, at) => follow(ids[at % 20]!))
    await Promise.all(
      ids.map(async id => {
        await jobs.start(id, { token: id })
        await finish(id, id)
      }),
    )
    for (const [at, story] of (await Promise.all(stories)).entries()) {
      expect(new Set(story.map(event => event.jobId))).toEqual(new Set([ids[at % 20]]))
      expect(story.map(event => event.type)).toEqual([
        'job.created',
        'file.uploaded',
        'job.submitted',
        'file.attached',
        'job.ready',
        'job.started',
        'stage.completed',
        'job.completed',
      ])
    }
    expect(feed.clients(), 'and none is still registered').toBe(0)
  })
})

describe('the stream of all jobs', () => {
  test('resumes where it was left, while the stream still holds it', async () => {
    const first = await jobs.submitted()
    const last = (await redis.xrevrange(keys.events, '+', '-', 'COUNT', 1))[0]![0]
    const second = await jobs.submitted()
    const stream = feed.followAll(last, stop.signal)
    const told = await Promise.all([stream.next(), stream.next(), stream.next()])
    expect(told.map(({ value }) => value.event.jobId)).toEqual([second, second, second])
    expect(first).not.toBe(second)
    await stream.return(undefined)
  })

  test.each([
    ['trimmed away', '1-1'],
    ['of the future', '99999999999999-0'],
  ])('says reset to who resumes from an id that is %s, then goes on', async (_name, after) => {
    await pushOut(11_000)
    const stream = feed.followAll(after, stop.signal)
    expect((await stream.next()).value).toBe('reset')
    const id = await jobs.submitted()
    let next = (await stream.next()).value
    // The feed itself may still have been behind the burst above.
    while (next === 'reset' || next.event.jobId === 'other') next = (await stream.next()).value
    expect(next.event).toMatchObject({ jobId: id, type: 'job.created' })
    await stream.return(undefined)
  })
})
