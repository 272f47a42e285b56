import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createDeliveries } from '../../src/jobs/deliveries.ts'
import { readLog } from '../../src/jobs/events.ts'
import { type DeliveryRound, type JobRequest, STATUSES, type Status } from '../../src/jobs/job.ts'
import { keys } from '../../src/jobs/keys.ts'
import { createLeases } from '../../src/jobs/leases.ts'
import { readRecord, viewJob } from '../../src/jobs/record.ts'
import { attemptAnswered } from '../support/attempts.ts'
import { payloadOf } from '../support/payload.ts'
import { output, records, request, uploaded } from '../support/records.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'

let server: TestRedis
let redis: Redis
let jobs: ReturnType<typeof records>

beforeAll(async () => {
  server = await startTestRedis()
  redis = new Redis(server.url)
  jobs = records(redis)
})
beforeEach(() => redis.flushall())
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})

const story = async (id: string) => (await readLog(redis, id, null, 1_000)).map(event => event.type)
const status = async (id: string) => (await readRecord(redis, id))?.status
const outbox = () => redis.zrange(keys.outbox, '0', '-1')
const CAUSE = { code: 'stage-failed', message: 'It failed.', stage: 'first' } as const
const FIRST = { stage: 'first', index: 1, durationMs: 5, output: output('one.txt') }
const SECOND = { stage: 'second', index: 2, durationMs: 5, output: output('two.txt') }

describe('a job from upload to completion', () => {
  test('tells its story in order, once, and ends with everything it made', async () => {
    const token = randomUUID()
    const id = await jobs.processing(token)
    const { transitions } = jobs
    await transitions.stageStarted({ id, token, seq: 1, stage: 'first', index: 1 })
    await transitions.progress({ id, token, seq: 2, stage: 'first', index: 1, percent: 50, message: '1.log' })
    await transitions.checkpoint({ id, token, seq: 3, checkpoint: FIRST })
    await transitions.stageStarted({ id, token, seq: 4, stage: 'second', index: 2 })
    await transitions.finish({ id, token, checkpoint: SECOND, result: { files: 1 } })

    expect(await story(id)).toEqual([
      'job.created',
      'file.uploaded',
      'job.submitted',
      'file.attached',
      'job.ready',
      'job.started',
      'stage.started',
      'stage.progress',
      'stage.completed',
      'stage.started',
      'stage.completed',
      'job.completed',
    ])
    const job = viewJob((await readRecord(redis, id))!)
    expect(job).toMatchObject({
      status: 'completed',
      run: 1,
      attempts: { made: 1, max: 3 },
      result: { files: 1 },
      error: null,
      progress: {
        percent: 100,
        stages: [
          { status: 'completed', percent: 100 },
          { status: 'completed', percent: 100 },
        ],
      },
      artifacts: [{ name: 'one.txt' }, { name: 'two.txt' }],
    })
    const overall = (await readLog(redis, id, null, 100))
      .filter(event => 'overall' in event.data)
      .map(event => event.data.overall)
    expect(overall, 'a stage of weight 1 of 4, half done, is 12 %').toEqual([0, 12, 25, 25, 100])
  })

  test('is in exactly the index of its status at every step', async () => {
    const token = randomUUID()
    const expectOnlyIn = async (id: string, wanted: Status) => {
      for (const each of STATUSES) {
        expect((await redis.zscore(keys.jobsIn(each), id)) !== null, `${each} while ${wanted}`).toBe(
          each === wanted,
        )
      }
    }
    const draft = request()
    await jobs.transitions.create(draft, 't', { lease: null, files: [uploaded('1.log')], submit: false })
    await expectOnlyIn(draft.id, 'draft')
    await jobs.transitions.submit(draft.id)
    await expectOnlyIn(draft.id, 'attaching')
    await jobs.transitions.attached({ id: draft.id, flow: 1, fileId: 'f1', type: 'text/plain' })
    await expectOnlyIn(draft.id, 'pending')
    await jobs.start(draft.id, { token })
    await expectOnlyIn(draft.id, 'processing')
    await jobs.transitions.finish({ id: draft.id, token, checkpoint: FIRST, result: {} })
    await expectOnlyIn(draft.id, 'completed')
  })
})

test.each<[string, Partial<JobRequest>, number, boolean]>([
  ['an upload', { priority: 7, metadata: { a: [1, null] }, callbackUrl: 'https://hook.example/' }, 2, true],
  ['a draft with a file', {}, 1, false],
  ['an empty draft', {}, 0, false],
])('whoever makes %s is answered the record as others read it', async (_, given, files, submit) => {
  const wanted = request(given)
  const names = Array.from({ length: files }, (_, at) => ({
    ...uploaded(`${at}.log`),
    metadata: 'name YQ==',
  }))
  const answer = await jobs.transitions.create(wanted, 't', { lease: null, files: names, submit })
  const record = await readRecord(redis, wanted.id)
  expect(answer).toStrictEqual({ record })
  const again = await jobs.transitions.create(wanted, 't', { lease: null, files: names, submit })
  expect(again).toStrictEqual({ record })
})

describe('I1: no job before its files', () => {
  test('start is refused while a file is not attached, and the missing ones are attached anew', async () => {
    const id = await jobs.submitted(2)
    await jobs.transitions.attached({ id, flow: 1, fileId: 'f1', type: 'text/plain' })
    expect(await jobs.start(id)).toMatchObject({ refilled: true })
    expect(await status(id)).toBe('attaching')
    expect(await outbox()).toContain(`flow:${id}:2`)
    expect(await story(id)).not.toContain('job.started')
  })

  test('a queue emptied for the fourth time ends the job as job-lost', async () => {
    const id = await jobs.submitted(1)
    for (let time = 1; time <= 4; time++) await jobs.start(id)
    expect((await readRecord(redis, id))!).toMatchObject({ status: 'failed', error: { code: 'job-lost' } })
  })

  test('only the last file makes the job pending, and says so once', async () => {
    const id = await jobs.submitted(3)
    const attach = (fileId: string) => jobs.transitions.attached({ id, flow: 1, fileId, type: 'text/plain' })
    await Promise.all([attach('f1'), attach('f2'), attach('f2')])
    expect(await status(id)).toBe('attaching')
    await Promise.all([attach('f3'), attach('f3')])
    expect(await status(id)).toBe('pending')
    const events = await readLog(redis, id, null, 100)
    expect(events.filter(event => event.type === 'file.attached')).toHaveLength(3)
    expect(events.filter(event => event.type === 'job.ready').map(event => event.data)).toEqual([
      { status: 'pending', filesAttached: 3, message: 'Job ready for processing' },
    ])
  })
})

describe('I2: one upload, one job', () => {
  test('a create that is sent twice makes one job with one story', async () => {
    const wanted = request()
    const create = () =>
      jobs.transitions.create(wanted, 'token', { lease: null, files: [uploaded('1.log')], submit: true })
    const one = { record: { id: wanted.id, status: 'attaching', files: [{ name: '1.log' }] } }
    expect(await Promise.all([create(), create()])).toMatchObject([one, one])
    expect(await story(wanted.id)).toEqual(['job.created', 'file.uploaded', 'job.submitted'])
  })

  test('nobody else can create a job of the same id', async () => {
    const wanted = request()
    await jobs.transitions.create(wanted, 'one', { lease: null, files: [], submit: false })
    expect(
      await jobs.transitions.create(wanted, 'another', { lease: null, files: [], submit: false }),
    ).toEqual({ refused: 'exists' })
  })

  test('fifty submits at once enqueue one flow', async () => {
    const wanted = request()
    await jobs.transitions.create(wanted, 't', { lease: null, files: [uploaded('1.log')], submit: false })
    await Promise.all(Array.from({ length: 50 }, () => jobs.transitions.submit(wanted.id)))
    expect(await outbox()).toEqual([`flow:${wanted.id}:1`])
    expect((await story(wanted.id)).filter(type => type === 'job.submitted')).toHaveLength(1)
  })
})

describe('a draft', () => {
  test('takes files, gives each an id of its own, and never uses one again', async () => {
    const wanted = request()
    const leases = createLeases(redis)
    await jobs.transitions.create(wanted, 't', { lease: null, files: [], submit: false })
    const add = async (...names: string[]) => {
      const lease = await leases.take(wanted.id, 'draft')
      if ('refused' in lease) return lease
      lease.stop()
      return jobs.transitions.addFiles({
        id: wanted.id,
        token: randomUUID(),
        lease: lease.token,
        maxFiles: 3,
        files: names.map(uploaded),
      })
    }
    expect(await add('a', 'b')).toEqual({ added: ['f1', 'f2'] })
    for (const fileId of ['f9', 'f2:status', ''])
      expect(await jobs.transitions.removeFile({ id: wanted.id, token: fileId, fileId })).toEqual({
        refused: 'no-such-file',
      })
    expect(await jobs.transitions.removeFile({ id: wanted.id, token: 'r', fileId: 'f2' })).toMatchObject({
      file: { name: 'b' },
    })
    expect(await add('c')).toEqual({ added: ['f3'] })
    expect(await add('d', 'e')).toEqual({ refused: 'too-many-files' })
    await redis.del(keys.leases(wanted.id))
    await jobs.transitions.submit(wanted.id)
    expect(await add('f')).toEqual({ refused: 'job-not-draft' })
    expect((await readRecord(redis, wanted.id))!.files.map(file => file.name)).toEqual(['a', 'c'])
  })

  test('is not submitted while an upload is under way, nor without a file', async () => {
    const wanted = request()
    await jobs.transitions.create(wanted, 't', { lease: null, files: [], submit: false })
    expect(await jobs.transitions.submit(wanted.id)).toEqual({ refused: 'no-files' })
    const lease = await createLeases(redis).take(wanted.id, 'draft')
    expect(await jobs.transitions.submit(wanted.id)).toEqual({ refused: 'uploads-in-progress' })
    if ('token' in lease) await lease.release()
    expect(await jobs.transitions.submit(wanted.id)).toEqual({ refused: 'no-files' })
  })

  test('an upload whose lease is gone is refused and adds nothing', async () => {
    const wanted = request()
    await jobs.transitions.create(wanted, 't', { lease: null, files: [], submit: false })
    expect(
      await jobs.transitions.addFiles({
        id: wanted.id,
        token: 'a',
        lease: 'none',
        maxFiles: 9,
        files: [uploaded('x')],
      }),
    ).toEqual({ refused: 'lease-lost' })
    const other = request()
    expect(
      await jobs.transitions.create(other, 't', { lease: 'none', files: [uploaded('x')], submit: true }),
    ).toEqual({ refused: 'lease-lost' })
    expect(await redis.exists(keys.job(other.id))).toBe(0)
  })
})

describe('the fences of a run', () => {
  test('a worker that lost BullMQ’s lock gets no token', async () => {
    const id = await jobs.pending()
    expect(await jobs.start(id, { lock: 'not the lock' })).toEqual({ refused: 'lock-lost' })
    expect(await status(id)).toBe('pending')
  })

  test('nothing that a zombie sends counts once another worker has started', async () => {
    const id = await jobs.processing('old')
    await jobs.start(id, { token: 'new' })
    const before = await story(id)
    const { transitions } = jobs
    const holder = { id, token: 'old' }
    expect(await transitions.stageStarted({ ...holder, seq: 1, stage: 'first', index: 1 })).toEqual({
      refused: 'stale',
    })
    expect(await transitions.progress({ ...holder, seq: 2, stage: 'first', index: 1, percent: 99 })).toEqual({
      refused: 'stale',
    })
    expect(
      await transitions.log({ ...holder, seq: 3, stage: 'first', level: 'info', message: 'boo' }),
    ).toEqual({ refused: 'stale' })
    expect(await transitions.checkpoint({ ...holder, seq: 4, checkpoint: FIRST })).toEqual({
      refused: 'stale',
    })
    expect(await transitions.attemptFailed({ ...holder, incurable: true, error: CAUSE })).toEqual({
      refused: 'stale',
    })
    expect(await transitions.handOver(holder)).toEqual({ refused: 'stale' })
    expect(await transitions.finish({ ...holder, checkpoint: SECOND, result: {} })).toEqual({
      refused: 'stale',
    })
    expect(await story(id)).toEqual(before)
    expect(await status(id)).toBe('processing')
  })

  test('whoever has ended the job or handed it over has no attempt left that could fail', async () => {
    const { transitions } = jobs
    const id = await jobs.processing('a')
    const fail = (token: string) => transitions.attemptFailed({ id, token, incurable: false, error: CAUSE })
    expect(await fail('a')).toMatchObject({ final: false })
    await jobs.start(id, { token: 'b' })
    await transitions.handOver({ id, token: 'b' })
    expect(await fail('b')).toEqual({ refused: 'stale' })
    await jobs.start(id, { token: 'c' })
    await transitions.finish({ id, token: 'c', checkpoint: SECOND, result: {} })
    expect(await fail('c')).toEqual({ refused: 'completed' })
  })

  test('each transition that is sent twice counts once and answers as the first time', async () => {
    const token = randomUUID()
    const id = await jobs.pending()
    const { transitions } = jobs
    const twice = async <T>(send: () => Promise<T>) => {
      const first = await send()
      expect(await send()).toEqual(first)
    }
    const starts = [await jobs.start(id, { token }), await jobs.start(id, { token })]
    expect(starts.every(answer => 'record' in answer)).toBe(true)
    await twice(() => transitions.stageStarted({ id, token, seq: 1, stage: 'first', index: 1 }))
    await twice(() => transitions.progress({ id, token, seq: 2, stage: 'first', index: 1, percent: 10 }))
    await twice(() => transitions.log({ id, token, seq: 3, stage: 'first', level: 'info', message: 'm' }))
    await twice(() => transitions.checkpoint({ id, token, seq: 4, checkpoint: FIRST }))
    await twice(() => transitions.attemptFailed({ id, token, incurable: false, error: CAUSE }))
    await jobs.start(id, { token: 'b' })
    await twice(() => transitions.handOver({ id, token: 'b' }))
    await jobs.start(id, { token: 'c' })
    await twice(() => transitions.attemptFailed({ id, token: 'c', incurable: true, error: CAUSE }))
    await twice(() => transitions.retry(id, 'retry'))
    await jobs.start(id, { token: 'd' })
    await twice(() => transitions.finish({ id, token: 'd', checkpoint: SECOND, result: {} }))
    expect((await story(id)).slice(5)).toEqual([
      'job.started',
      'stage.started',
      'stage.progress',
      'job.log',
      'stage.completed',
      'job.retrying',
      'job.started',
      'job.retrying',
      'job.started',
      'job.failed',
      'job.retried',
      'job.ready',
      'job.started',
      'stage.completed',
      'job.completed',
    ])
    await twice(() => transitions.delete({ id, token: 'gone' }))
    expect(await transitions.delete({ id, token: 'another' })).toEqual({ refused: 'gone' })
  })
})

describe('attempts', () => {
  test('are made with a doubling back-off until the last, which fails the job', async () => {
    const id = await jobs.pending()
    const delays: unknown[] = []
    for (const token of ['a', 'b', 'c']) {
      await jobs.start(id, { token })
      delays.push(await jobs.transitions.attemptFailed({ id, token, incurable: false, error: CAUSE }))
    }
    expect(delays).toEqual([
      { final: false, delayMs: 1_000 },
      { final: false, delayMs: 2_000 },
      { final: true },
    ])
    expect((await readRecord(redis, id))!).toMatchObject({
      status: 'failed',
      attempt: 3,
      error: { ...CAUSE, attempts: 3 },
    })
  })

  test('what another attempt cannot cure ends the run at once', async () => {
    const id = await jobs.processing('a')
    const answer = await jobs.transitions.attemptFailed({
      id,
      token: 'a',
      incurable: true,
      error: { code: 'unsupported-content', message: 'Binary.' },
    })
    expect(answer).toEqual({ final: true })
    expect((await readRecord(redis, id))!.attempt).toBe(1)
  })

  test('a hand-over and a lost worker cost none', async () => {
    const id = await jobs.processing('a')
    await jobs.transitions.handOver({ id, token: 'a' })
    await jobs.start(id, { token: 'b' })
    await jobs.start(id, { token: 'c' })
    expect((await readRecord(redis, id))!).toMatchObject({ status: 'processing', attempt: 1, starts: 3 })
    const reasons = (await readLog(redis, id, null, 100))
      .filter(event => event.type === 'job.retrying')
      .map(event => event.data.reason)
    expect(reasons).toEqual(['hand-over', 'worker-lost'])
  })

  test('from the second loss on a job is a suspect, and the fifth in a row ends it', async () => {
    const id = await jobs.processing('0')
    expect(await jobs.start(id, { token: '1' })).toHaveProperty('record')
    expect(await jobs.start(id, { token: '2' })).toEqual({ suspect: true })
    for (const token of ['2', '3', '4'])
      expect(await jobs.start(id, { token, suspect: true })).toHaveProperty('record')
    expect(await jobs.start(id, { token: '5', suspect: true })).toMatchObject({ lost: true })
    expect((await readRecord(redis, id))!).toMatchObject({ status: 'failed', error: { code: 'worker-lost' } })
  })

  test('a checkpoint wipes out the losses before it', async () => {
    const id = await jobs.processing('0')
    for (const token of ['1', '2', '3', '4']) await jobs.start(id, { token, suspect: true })
    await jobs.transitions.checkpoint({ id, token: '4', seq: 1, checkpoint: FIRST })
    expect(await jobs.start(id, { token: '5' })).toHaveProperty('record')
  })

  test('percent never goes back within a run, though a stage starts over', async () => {
    const id = await jobs.processing('a')
    const { transitions } = jobs
    await transitions.progress({ id, token: 'a', seq: 1, stage: 'first', index: 1, percent: 80 })
    await transitions.attemptFailed({ id, token: 'a', incurable: false, error: CAUSE })
    await jobs.start(id, { token: 'b' })
    await transitions.progress({ id, token: 'b', seq: 1, stage: 'first', index: 1, percent: 5 })
    const progress = (await readLog(redis, id, null, 100))
      .filter(event => event.type === 'stage.progress')
      .map(event => event.data)
    expect(progress).toEqual([
      { stage: 'first', percent: 80, overall: 20 },
      { stage: 'first', percent: 80, overall: 20 },
    ])
  })

  test('a run logs 1,000 lines and then one that says so', async () => {
    const id = await jobs.processing('a')
    for (let seq = 1; seq <= 1_005; seq++)
      await jobs.transitions.log({ id, token: 'a', seq, stage: 'first', level: 'info', message: String(seq) })
    const lines = (await readLog(redis, id, null, 2_000)).filter(event => event.type === 'job.log')
    expect(lines).toHaveLength(1_001)
    expect(lines.at(-1)!.data).toMatchObject({ level: 'warn' })
  })

  test('half a character at the end of a text that was cut is told as a replacement for it', async () => {
    const id = await jobs.processing('a')
    const line = {
      id,
      token: 'a',
      seq: 1,
      stage: 'first',
      level: 'info',
      message: String.raw`\ud83d: \ud83d`,
    }
    await jobs.transitions.log({ ...line, message: `${line.message} 🚰`.slice(0, -1) })
    const [logged] = (await readLog(redis, id, null, 100)).filter(event => event.type === 'job.log')
    expect(logged!.data).toMatchObject({ message: `${line.message} \ufffd` })
  })
})

describe('cancel', () => {
  test.each(['draft', 'attaching', 'pending', 'processing'] as const)(
    'ends a job that is %s, at once and for good',
    async from => {
      const make = {
        draft: async () => {
          const wanted = request()
          await jobs.transitions.create(wanted, 't', {
            lease: null,
            files: [uploaded('1.log')],
            submit: false,
          })
          return wanted.id
        },
        attaching: () => jobs.submitted(),
        pending: () => jobs.pending(),
        processing: () => jobs.processing('a'),
      }
      const id = await make[from]()
      expect(await status(id)).toBe(from)
      expect(await jobs.transitions.cancel(id)).toEqual({ ok: true })
      expect(await jobs.transitions.cancel(id)).toEqual({ ok: true })
      expect((await story(id)).filter(type => type === 'job.cancelled')).toHaveLength(1)
      expect(await jobs.start(id)).toEqual({ refused: 'cancelled' })
      expect(await jobs.transitions.attached({ id, flow: 1, fileId: 'f1', type: 'x' })).toEqual({
        refused: 'cancelled',
      })
      expect(await jobs.transitions.submit(id)).toEqual(
        from === 'draft' ? { refused: 'job-final' } : { refused: 'job-final' },
      )
    },
  )

  test('is refused once the job is completed or failed', async () => {
    const id = await jobs.processing('a')
    await jobs.transitions.finish({ id, token: 'a', checkpoint: SECOND, result: {} })
    expect(await jobs.transitions.cancel(id)).toEqual({ refused: 'job-final' })
  })
})

describe('retry', () => {
  test('opens a run of its own, keeps what was completed, and forgets what was not', async () => {
    const id = await jobs.processing('a')
    await jobs.transitions.checkpoint({ id, token: 'a', seq: 1, checkpoint: FIRST })
    await jobs.transitions.progress({ id, token: 'a', seq: 2, stage: 'second', index: 2, percent: 50 })
    await jobs.transitions.attemptFailed({ id, token: 'a', incurable: true, error: CAUSE })
    expect(await jobs.transitions.retry(id, 'r')).toEqual({ ok: true })
    expect(viewJob((await readRecord(redis, id))!)).toMatchObject({
      status: 'pending',
      run: 2,
      attempts: { made: 0 },
      error: null,
      startedAt: null,
      finishedAt: null,
      progress: { percent: 25, stages: [{ status: 'completed' }, { status: 'pending', percent: 0 }] },
    })
    expect(await outbox()).toContain(`flow:${id}:2`)
    expect((await story(id)).slice(-2)).toEqual(['job.retried', 'job.ready'])
  })

  test('a file that could not be attached is attached again', async () => {
    const id = await jobs.submitted(2)
    await jobs.transitions.attached({ id, flow: 1, fileId: 'f1', type: 'text/plain' })
    await jobs.transitions.attachFailed({
      id,
      flow: 1,
      fileId: 'f2',
      error: { code: 'storage-unavailable', message: 'Away.', fileId: 'f2' },
    })
    expect((await story(id)).slice(-2)).toEqual(['file.failed', 'job.failed'])
    await jobs.transitions.retry(id, 'r')
    expect((await readRecord(redis, id))!).toMatchObject({
      status: 'attaching',
      files: [{ status: 'attached' }, { status: 'uploaded' }],
    })
  })

  test('is refused where the file itself is at fault, and for a job that has not failed', async () => {
    const id = await jobs.submitted(1)
    expect(await jobs.transitions.retry(id, 'r')).toEqual({ refused: 'job-not-failed' })
    await jobs.transitions.attachFailed({
      id,
      flow: 1,
      fileId: 'f1',
      error: { code: 'file-changed', message: 'Changed.', fileId: 'f1' },
    })
    expect(await jobs.transitions.retry(id, 'r')).toEqual({ refused: 'job-not-retryable' })
  })
})

describe('I5: every job ends, and says so', () => {
  test('the delivery holds the job as it was when it ended, whatever happens to it later', async () => {
    const deliveries = createDeliveries(redis)
    const id = await jobs.processing('a', { callbackUrl: 'http://127.0.0.1:1/' })
    const answer = await jobs.transitions.attemptFailed({ id, token: 'a', incurable: true, error: CAUSE })
    const delivery = (answer as { delivery: DeliveryRound }).delivery.id
    expect(await outbox()).toContain(`delivery:${delivery}:1`)
    await jobs.transitions.retry(id, 'r')
    await jobs.transitions.cancel(id)
    await jobs.transitions.delete({ id, token: 'd' })
    const payload = await payloadOf(deliveries, delivery)
    expect(payload).toMatchObject({
      type: 'job.failed',
      data: { job: { id, run: 1, status: 'failed', error: { code: 'stage-failed' } } },
    })
    expect(payload.timestamp).toBe(payload.data.job!.finishedAt)
  })

  test('each run has a delivery of its own; a cancelled draft has none', async () => {
    const id = await jobs.processing('a', { callbackUrl: 'http://127.0.0.1:1/' })
    await jobs.transitions.attemptFailed({ id, token: 'a', incurable: true, error: CAUSE })
    await jobs.transitions.retry(id, 'r')
    await jobs.transitions.cancel(id)
    const draft = request({ callbackUrl: 'http://127.0.0.1:1/' })
    await jobs.transitions.create(draft, 't', { lease: null, files: [], submit: false })
    await jobs.transitions.cancel(draft.id)
    expect((await redis.zrange(keys.deliveries, '0', '-1')).sort()).toEqual([`msg_${id}_r1`, `msg_${id}_r2`])
  })

  test('an attempt is kept once, and a redelivery opens a new round under the same id', async () => {
    const deliveries = createDeliveries(redis)
    const id = await jobs.processing('a', { callbackUrl: 'http://127.0.0.1:1/' })
    await jobs.transitions.cancel(id)
    const delivery = `msg_${id}_r1`
    const attempt = attemptAnswered(500)
    await deliveries.attempted({ id: delivery, round: 1, token: 'x', attempt, verdict: 'failed' })
    await deliveries.attempted({ id: delivery, round: 1, token: 'x', attempt, verdict: 'failed' })
    expect(await deliveries.redeliver(delivery, 'r')).toEqual({ ok: true })
    expect(await deliveries.redeliver(delivery, 'r')).toEqual({ ok: true })
    expect(await deliveries.redeliver(delivery, 's')).toEqual({ refused: 'delivery-pending' })
    const record = (await deliveries.read(delivery))!
    expect(record).toMatchObject({ status: 'pending', round: 2, tried: 0 })
    expect((await deliveries.view(record)).attempts).toHaveLength(1)
    expect(
      await deliveries.attempted({ id: delivery, round: 1, token: 'y', attempt, verdict: 'delivered' }),
    ).toEqual({ refused: 'stale' })
  })
})
