/**
 * Random sequences of what clients do, sent to two API processes at once while a worker works and the janitor sweeps
 * without pause. What the answers acknowledged is noted; when all has come to rest, records, event logs, deliveries and
 * storage must say just that. A sequence that fails is printed with its seed.
 */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compareEventIds } from '../../src/jobs/events.ts'
import { isFinal, isFinalEvent, type Job } from '../../src/jobs/job.ts'
import { keys } from '../../src/jobs/keys.ts'
import { artifactsOf, type JobRecord, readRecords } from '../../src/jobs/record.ts'
import { keysOf } from '../../src/pipelines/stored-artifact.ts'
import { eventually } from '../support/eventually.ts'
import { type RunningProcess, startProcess } from '../support/processes.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { storedKeys } from '../support/stored-keys.ts'
import { createUploader, type Uploader } from '../support/uploader.ts'

const SEQUENCES = 20
const LONGEST = 40
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

let redis: TestRedis
let jobs: Uploader
let receiver: Receiver
const processes: RunningProcess[] = []
let apis: readonly string[]

beforeAll(async () => {
  redis = await startTestRedis()
  jobs = await createUploader(redis.url)
  receiver = await startReceiver({ secret: SECRET })
  const env = {
    ...jobs.env,
    REDIS_URL: redis.url,
    SLUICE_LOG_LEVEL: 'warn',
    SLUICE_WEBHOOK_SECRET: SECRET,
    SLUICE_JANITOR_INTERVAL: '50ms',
    SLUICE_ATTEMPTS: '1',
    SLUICE_MAX_FILES: '3',
  }
  const start = (name: string) => startProcess(new URL(`../support/${name}`, import.meta.url).pathname, env)
  processes.push(
    ...(await Promise.all([start('api-process.ts'), start('api-process.ts'), start('worker.ts')])),
  )
  apis = processes.slice(0, 2).map(({ url }) => url)
})
afterAll(async () => {
  await Promise.all(processes.map(each => each.kill('SIGKILL')))
  await receiver?.close()
  await jobs?.close()
  await redis?.stop()
})

/** What is uploaded: most jobs complete, some fail and may be retried. */
const CONTENTS = [['a.log'], ['b.log', 'c.log'], ['fail-two'], ['a.log', 'fail-one']] as const

interface Action {
  readonly what:
    | 'begin'
    | 'resume'
    | 'open'
    | 'upload'
    | 'add'
    | 'takeOut'
    | 'submit'
    | 'cancel'
    | 'retry'
    | 'delete'
    | 'await'
  /** Which of the jobs that are known by then, counted from the newest. */
  readonly job: number
  readonly content: number
  /** Null: without an idempotency key. */
  readonly key: number | null
  /** With a key: sent to both processes at once. */
  readonly twice: boolean
}

const action: fc.Arbitrary<Action> = fc.record({
  what: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('add', 'submit') },
    { weight: 2, arbitrary: fc.constantFrom('begin', 'resume') },
    { weight: 2, arbitrary: fc.constantFrom('open', 'upload') },
    { weight: 2, arbitrary: fc.constantFrom('takeOut', 'cancel', 'delete') },
    { weight: 2, arbitrary: fc.constantFrom('retry', 'await') },
  ) as fc.Arbitrary<Action['what']>,
  job: fc.nat({ max: 2 }),
  content: fc.nat({ max: CONTENTS.length - 1 }),
  key: fc.option(fc.nat({ max: 5 }), { freq: 2 }),
  twice: fc.boolean(),
})

/** What the service has acknowledged in one sequence. */
class Acknowledged {
  readonly jobs: string[] = []
  readonly deleted = new Set<string>()
  /** Files by job: id → name. */
  readonly files = new Map<string, Map<string, string>>()
  readonly removed = new Set<string>()
  /** Resumable uploads that lack their second half: path and file. */
  readonly begun: {
    readonly path: string
    readonly id: string
    readonly fileId: string
    readonly name: string
  }[] = []
  /** What a key was answered with, by its path, itself and its content. */
  readonly answers = new Map<string, string>()

  job(job: Job): void {
    if (!this.jobs.includes(job.id)) this.jobs.push(job.id)
    this.add(job.id, job.files)
  }

  add(id: string, files: Job['files']): void {
    const known = this.files.get(id) ?? new Map<string, string>()
    for (const file of files) known.set(file.id, file.name)
    this.files.set(id, known)
  }

  filesOf(id: string): string[] {
    return [...(this.files.get(id) ?? [])]
      .filter(([fileId]) => !this.removed.has(`${id}/${fileId}`))
      .map(([fileId, name]) => `${fileId} ${name}`)
      .sort()
  }
}

let sequences = 0

/** Bytes of each half of a resumable upload. */
const HALF = 1_000
const half = (name: string, which: 0 | 1) => Buffer.alloc(HALF, `${name} ${which}\n`)

/** Answers that a client may get to what it does at a bad moment; anything else is a defect. */
const REFUSALS = new Set([404, 409, 413, 422])

async function perform(api: string, does: Action, seen: Acknowledged, sequence: number): Promise<void> {
  const names = CONTENTS[does.content]!
  const headers: Record<string, string> =
    does.key === null ? {} : { 'idempotency-key': `${sequence}-${does.key}` }
  const id = seen.jobs.at(-1 - does.job) ?? 'none'
  const request = (method: string, path: string, init: RequestInit = {}) =>
    fetch(`${api}/api/jobs${path}`, {
      method,
      ...init,
      headers: { ...headers, ...(init.headers as Record<string, string>) },
    })
  const settings = { pipeline: 'misbehaving', callbackUrl: receiver.url }
  const form = (fields: Record<string, string>) => {
    const data = new FormData()
    for (const [name, value] of Object.entries(fields)) data.append(name, value)
    for (const name of names) data.append('files', new Blob([`${name} of ${sequence}\n`]), name)
    return data
  }
  const isRefused = async (response: Response): Promise<boolean> => {
    if (response.ok) return false
    const text = await response.text()
    if (!REFUSALS.has(response.status)) throw new Error(`${does.what}: ${response.status} ${text}`)
    return true
  }
  const answerOf = async (response: Response): Promise<unknown> => {
    if (await isRefused(response)) return undefined
    return response.status === 204 ? null : response.json()
  }
  const tus = async (method: string, path: string, body: Buffer, more: Record<string, string>) => {
    const response = await fetch(`${api}/api/uploads${path}`, {
      method,
      body: new Uint8Array(body),
      headers: {
        'tus-resumable': '1.0.0',
        'content-type': 'application/offset+octet-stream',
        ...more,
      },
    })
    return (await isRefused(response)) ? null : response
  }
  /** The same key with the same content is given the same thing. */
  const once = (path: string, content: string, given: string) => {
    if (does.key === null) return
    const under = `${path} ${does.key} ${content}`
    expect(seen.answers.get(under) ?? given, under).toBe(given)
    seen.answers.set(under, given)
  }

  switch (does.what) {
    case 'open': {
      const json = { 'content-type': 'application/json' }
      const made = await answerOf(
        await request('POST', '', { body: JSON.stringify(settings), headers: json }),
      )
      if (!made) return
      seen.job(made as Job)
      return once('', 'draft', (made as Job).id)
    }
    case 'upload': {
      const made = await answerOf(await request('POST', '', { body: form(settings) }))
      if (!made) return
      seen.job(made as Job)
      return once('', names.join(), (made as Job).id)
    }
    case 'begin': {
      const name = names[0]
      const answer = await tus('POST', '', half(name, 0), {
        'upload-length': String(2 * HALF),
        'upload-metadata': `filename ${btoa(name)},jobId ${btoa(id)}`,
      })
      const path = answer?.headers.get('location')
      if (!path) return
      const [, fileId = ''] = /_(f\d+)$/.exec(path) ?? []
      seen.begun.push({ path, id, fileId, name })
      return
    }
    case 'resume': {
      const begun = seen.begun.at(-1 - does.job)
      if (!begun) return
      const { path, fileId, name } = begun
      const answer = await tus('PATCH', path.slice('/api/uploads'.length), half(name, 1), {
        'upload-offset': String(HALF),
      })
      if (answer) seen.add(begun.id, [{ id: fileId, name } as Job['files'][number]])
      return
    }
    case 'add': {
      const added = (await answerOf(await request('POST', `/${id}/files`, { body: form({}) }))) as
        | Pick<Job, 'files'>
        | undefined
      if (added) seen.add(id, added.files)
      return
    }
    case 'takeOut': {
      const [fileId] = [...(seen.files.get(id) ?? [])].at(-1) ?? ['f1']
      if ((await answerOf(await request('DELETE', `/${id}/files/${fileId}`))) === null)
        seen.removed.add(`${id}/${fileId}`)
      return
    }
    case 'await':
      // Until the job has come to rest, as a client does that follows it.
      await eventually(
        async () => (await readRecords(jobs.redis, [id]))[0]?.status ?? 'draft',
        status => status === 'draft' || isFinal(status),
      )
      return
    case 'delete':
      if ((await answerOf(await request('DELETE', `/${id}`))) === null) seen.deleted.add(id)
      return
    default:
      await answerOf(await request('POST', `/${id}/${does.what}`))
  }
}

/** Everything has ended that ever will: jobs, deliveries, what was to be enqueued. */
async function rest(): Promise<JobRecord[]> {
  const records = await eventually(
    async () => {
      const ids = await jobs.redis.zrange(keys.jobs, '0', '-1')
      return (await readRecords(jobs.redis, ids)).filter(record => record !== null)
    },
    found => found.every(({ status }) => status === 'draft' || isFinal(status)),
  )
  for (const left of [keys.deliveriesIn('pending'), keys.outbox]) {
    await eventually(
      () => jobs.redis.zcard(left),
      count => count === 0,
    )
  }
  return records
}

const stored = () => storedKeys(jobs.storage)

function named(records: readonly JobRecord[]): string[] {
  return records
    .flatMap(record => {
      const { status, files, uploads, outputs } = record
      const objects = [
        ...files,
        ...(status === 'draft' ? uploads : []),
        ...(status === 'failed' ? outputs.flatMap(output => output?.intermediates ?? []) : []),
      ]
      return [...objects.map(({ key }) => key), ...keysOf(artifactsOf(record))]
    })
    .sort()
}

async function check(seen: Acknowledged, records: readonly JobRecord[]): Promise<void> {
  // I2, I3: the jobs that were acknowledged, with the files that were, and no others.
  const expected = seen.jobs.filter(id => !seen.deleted.has(id)).sort()
  expect(records.map(({ id }) => id).sort()).toEqual(expected)
  for (const { id, files } of records)
    expect(files.map(file => `${file.id} ${file.name}`).sort(), id).toEqual(seen.filesOf(id))

  // I4: storage holds just what the records name. The janitor is at work.
  const claimed = named(records)
  expect(await eventually(stored, found => found.length === claimed.length)).toEqual(claimed)
  for (const { files } of records) {
    for (const file of files) {
      const digest = createHash('sha256')
      for await (const chunk of await jobs.storage.open(file.key)) digest.update(chunk as Buffer)
      expect(digest.digest('hex'), file.key).toBe(file.sha256)
    }
  }
  expect(await jobs.redis.keys('{sluice}:job:*:leases')).toEqual([])

  const calls = Map.groupBy(receiver.requests, request => String(request.headers['webhook-id']))
  for (const { id, run, status } of records) {
    const story = await jobs.story(id)
    expect(
      story.every((event, at) => at === 0 || compareEventIds(event.id, story[at - 1]!.id) > 0),
      `I6: order of ${id}`,
    ).toBe(true)
    // I1: whenever it starts, as many files have been attached as were submitted.
    const submitted = story.find(({ type }) => type === 'job.submitted')?.data.files ?? 0
    for (const [at, event] of story.entries()) {
      if (event.type !== 'job.started') continue
      const attached = story.slice(0, at).filter(({ type }) => type === 'file.attached').length
      expect(attached, `I1: files of ${id} attached before a start`).toBe(submitted)
    }
    if (status === 'draft') continue
    // I5: each run has ended once, and said so.
    const ends = story.filter(({ type }) => isFinalEvent(type))
    expect(ends, `I5: ends of ${id}`).toHaveLength(run)
    if (submitted === 0) continue
    for (const end of ends)
      expect(
        calls.get(`msg_${id}_r${end.run}`)?.map(call => receiver.verify(call)),
        `I5: callbacks of ${id}`,
      ).toEqual(expect.arrayContaining([expect.objectContaining({ type: end.type })]))
  }
}

/** Not by emptying Redis: the janitor would not trust it any more. */
async function removeAll(): Promise<void> {
  for (const id of await jobs.redis.zrange(keys.jobs, '0', '-1')) {
    await fetch(`${apis[0]}/api/jobs/${id}/cancel`, { method: 'POST' })
    expect((await fetch(`${apis[1]}/api/jobs/${id}`, { method: 'DELETE' })).status).toBe(204)
  }
  await eventually(stored, found => found.length === 0)
}

describe('after any sequence of what clients do to two processes at once', () => {
  test('I1 to I6 hold, and storage holds what the jobs say', async () => {
    const lanes = fc.tuple(
      fc.array(action, { minLength: 1, maxLength: LONGEST, size: 'max' }),
      fc.array(action, { minLength: 1, maxLength: LONGEST, size: 'max' }),
    )
    await fc.assert(
      fc.asyncProperty(lanes, async both => {
        const sequence = ++sequences
        const seen = new Acknowledged()
        await Promise.all(
          both.map(async (lane, at) => {
            for (const each of lane) {
              const to = each.key !== null && each.twice ? apis : [apis[at]!]
              await Promise.all(to.map(api => perform(api, each, seen, sequence)))
            }
          }),
        )
        await check(seen, await rest())
        await removeAll()
      }),
      // Not shrunk: a race that is lost once is seldom lost again.
      { numRuns: SEQUENCES, endOnFailure: true },
    )
  }, 900_000)
})
