import { createHash, randomUUID } from 'node:crypto'
import { Queue } from 'bullmq'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compareEventIds, readLog } from '../../src/jobs/events.ts'
import { isFinal, isFinalEvent, type JobEvent } from '../../src/jobs/job.ts'
import { keys } from '../../src/jobs/keys.ts'
import { artifactsOf, type JobRecord, readRecords } from '../../src/jobs/record.ts'
import { keysOf } from '../../src/pipelines/stored-artifact.ts'
import { PREFIX, QUEUES } from '../../src/queues/names.ts'
import { eventually } from '../support/eventually.ts'
import { type Fleet, startFleet } from '../support/fleet.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { storedKeys } from '../support/stored-keys.ts'
import { createUploader, type Uploader } from '../support/uploader.ts'

/**
 * Everything at once: uploads over HTTP while API processes, workers and Redis are killed, workers are told to stop, a
 * queue is emptied by hand. Afterwards every job, event log, delivery and stored byte is looked at.
 */
const JOBS = 320
const UPLOADERS = 8
const WORKER_KILLS = 16
const API_KILLS = 6
const REDIS_KILLS = 3
const TERMS = 3
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

const entry = (name: string) => new URL(`../support/${name}`, import.meta.url).pathname

let redis: TestRedis
let jobs: Uploader
let receiver: Receiver
let apis: Fleet
let workers: Fleet

beforeAll(async () => {
  redis = await startTestRedis()
  jobs = await createUploader(redis.url)
  receiver = await startReceiver({ secret: SECRET })
  const env = {
    REDIS_URL: redis.url,
    ...jobs.env,
    SLUICE_LOG_LEVEL: 'warn',
    SLUICE_WEBHOOK_SECRET: SECRET,
    SLUICE_JANITOR_INTERVAL: '2s',
  }
  apis = await startFleet(entry('api-process.ts'), 2, () => env)
  workers = await startFleet(entry('worker.ts'), 3, () => env)
})
afterAll(async () => {
  await Promise.all([apis?.stop(), workers?.stop()])
  await receiver?.close()
  await jobs?.close()
  await redis?.stop()
})

interface Sent {
  readonly id: string
  readonly outcome: 'completed' | 'failed'
  readonly hashes: readonly string[]
}

/** One upload, as a client makes it: tried until it is acknowledged. */
async function upload(index: number): Promise<Sent> {
  const kind = index % 10
  const names = kind === 0 ? ['fail-two'] : kind === 1 ? ['once-two', 'b.log'] : ['a.log', 'b.log']
  const contents = names.map(name => `${name} ${randomUUID()}\n`.repeat(1 + (index % 200)))
  for (;;) {
    const form = new FormData()
    for (const [at, name] of names.entries()) form.append('files', new Blob([contents[at]!]), name)
    form.append('pipeline', kind < 5 ? 'misbehaving' : 'inspect')
    form.append('callbackUrl', receiver.url)
    form.append('metadata', JSON.stringify({ index }))
    const api = apis.running[index % Math.max(1, apis.running.length)]
    const response =
      api && (await fetch(`${api.url}/api/jobs`, { method: 'POST', body: form }).catch(() => null))
    if (response?.status === 202) {
      const { id } = (await response.json().catch(() => ({}))) as { id?: string }
      const outcome = kind === 0 ? 'failed' : 'completed'
      if (id)
        return { id, outcome, hashes: contents.map(text => createHash('sha256').update(text).digest('hex')) }
    } else if (response && response.status !== 503) {
      throw new Error(`an upload was answered ${response.status}: ${await response.text()}`)
    }
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

/** Strikes each time that so many more uploads were acknowledged: faults keep pace with the work, on any machine. */
async function strikes(acknowledged: () => number): Promise<void> {
  const faults = [
    ...Array.from({ length: WORKER_KILLS }, () => () => workers.strike('SIGKILL')),
    ...Array.from({ length: API_KILLS }, () => () => apis.strike('SIGKILL')),
    ...Array.from({ length: REDIS_KILLS }, () => () => redis.restart()),
    ...Array.from({ length: TERMS }, () => () => workers.strike('SIGTERM')),
    () => emptyQueue(),
  ]
    .map(fault => ({ fault, at: Math.random() }))
    .sort((one, other) => one.at - other.at)
  for (const [at, { fault }] of faults.entries()) {
    const due = Math.floor(((at + 1) * JOBS) / (faults.length + 1))
    await eventually(acknowledged, count => count >= due, 300_000)
    await fault()
  }
}

/** What somebody may do in Bull Board, or with redis-cli. */
async function emptyQueue(): Promise<void> {
  const queue = new Queue(QUEUES.attach, { connection: jobs.redis, prefix: PREFIX })
  queue.on('error', () => undefined)
  await queue.drain()
  await queue.close()
}

describe('under kills of every process and of Redis', () => {
  let sent: Sent[]
  let records: JobRecord[]
  let stories: Map<string, JobEvent[]>

  beforeAll(async () => {
    sent = []
    let next = 0
    const uploading = Promise.all(
      Array.from({ length: UPLOADERS }, async () => {
        while (next < JOBS) sent.push(await upload(next++))
      }),
    )
    await Promise.all([uploading, strikes(() => sent.length)])

    const all = await jobs.redis.zrange(keys.jobs, '0', '-1')
    records = (await eventually(
      async () => (await readRecords(jobs.redis, all)).filter(record => record !== null),
      found => found.every(record => isFinal(record.status)),
      300_000,
    )) as JobRecord[]
    stories = new Map()
    for (const record of records) stories.set(record.id, await readLog(jobs.redis, record.id, null, 5_000))
    await eventually(
      () => jobs.redis.zcard(keys.deliveriesIn('pending')),
      open => open === 0,
      300_000,
    )
    await eventually(
      () => jobs.redis.zcard(keys.outbox),
      left => left === 0,
    )
  }, 900_000)

  test('I3: every upload that was acknowledged is there, with the outcome that it must have', () => {
    const found = new Map(records.map(record => [record.id, record]))
    const wrong = sent
      .filter(({ id, outcome }) => found.get(id)?.status !== outcome)
      .map(({ id, outcome }) => ({
        id,
        outcome,
        is: found.get(id)?.status ?? 'lost',
        error: found.get(id)?.error,
      }))
    expect(sent).toHaveLength(JOBS)
    expect(wrong).toEqual([])
  })

  test('I1: no stage started before every file was attached', () => {
    for (const [id, story] of stories) {
      const started = story.findIndex(event => event.type === 'job.started')
      const attached = story.filter(event => event.type === 'file.attached').length
      const before = story
        .slice(0, started === -1 ? undefined : started)
        .filter(event => event.type === 'file.attached').length
      expect(before, id).toBe(attached)
      expect(attached, id).toBe(story.filter(event => event.type === 'file.uploaded').length)
    }
  })

  test('I2: no upload made two jobs, and none failed for want of its files', () => {
    expect(new Set(sent.map(({ id }) => id)).size).toBe(JOBS)
    expect(records.filter(record => record.files.length === 0)).toEqual([])
    expect(
      records
        .filter(record => record.error && record.error.code !== 'stage-failed')
        .map(record => record.error),
    ).toEqual([])
  })

  test('I6: each event log is in order, without repeats, and ends with the job’s one final event', () => {
    for (const [id, story] of stories) {
      expect(
        story.every((event, at) => at === 0 || compareEventIds(event.id, story[at - 1]!.id) > 0),
        id,
      ).toBe(true)
      const counts = Object.groupBy(story, event => event.type)
      for (const once of ['job.created', 'job.submitted', 'job.ready'] as const)
        expect(counts[once], `${once} of ${id}`).toHaveLength(1)
      const completed = (counts['stage.completed'] ?? []).map(event => event.data.stage)
      expect(new Set(completed).size, `stages of ${id}`).toBe(completed.length)
      expect(
        story.filter(event => isFinalEvent(event.type)),
        id,
      ).toHaveLength(1)
      expect(isFinalEvent(story.at(-1)!.type), id).toBe(true)
    }
  })

  test('I5: each job was called back, signed, under one id, with the outcome that it has', async () => {
    const told = Map.groupBy(receiver.requests, request => String(request.headers['webhook-id']))
    for (const record of records) {
      const calls = told.get(`msg_${record.id}_r1`) ?? []
      expect(calls.length, record.id).toBeGreaterThanOrEqual(1)
      for (const call of calls)
        expect(receiver.verify(call)).toMatchObject({
          type: `job.${record.status}`,
          data: { job: { id: record.id, status: record.status } },
        })
    }
    expect(told.size, 'and nobody else').toBe(records.length)
    expect(await jobs.redis.zcard(keys.deliveriesIn('failed'))).toBe(0)
  })

  test('I4: storage holds the bytes that records name, whole, and no others', async () => {
    const named = new Map<string, string | null>()
    for (const record of records) {
      for (const file of record.files) named.set(file.key, file.sha256)
      for (const key of keysOf(artifactsOf(record))) named.set(key, null)
      if (record.status === 'failed')
        for (const output of record.outputs)
          for (const left of output?.intermediates ?? []) named.set(left.key, null)
    }
    const stored = await eventually(
      () => storedKeys(jobs.storage),
      // A killed upload's bytes are its lease's for 30 s, and the janitor's two intervals later.
      found => found.length <= named.size,
    )
    expect(stored).toEqual([...named.keys()].sort())
    for (const [key, sha256] of named) {
      if (sha256 === null) continue
      const digest = createHash('sha256')
      for await (const chunk of await jobs.storage.open(key)) digest.update(chunk as Buffer)
      expect(digest.digest('hex'), key).toBe(sha256)
    }
    const acknowledged = new Map(records.map(record => [record.id, record.files.map(file => file.sha256)]))
    for (const { id, hashes } of sent) expect(acknowledged.get(id), id).toEqual(hashes)
  })
})
