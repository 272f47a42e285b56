import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { keys } from '../../src/jobs/keys.ts'
import { artifactsOf } from '../../src/jobs/record.ts'
import { keysOf } from '../../src/pipelines/stored-artifact.ts'
import { eventually } from '../support/eventually.ts'
import { type Environment, type RunningProcess, startProcess, WORKER } from '../support/processes.ts'
import { startReceiver } from '../support/receiver.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { callsScript, type RedisProxy, startRedisProxy } from '../support/redis-proxy.ts'
import { createUploader, type Uploader } from '../support/uploader.ts'

const ENTRY = new URL('../support/worker.ts', import.meta.url).pathname

let redis: TestRedis
let jobs: Uploader
const running = new Set<RunningProcess>()

beforeAll(async () => {
  redis = await startTestRedis()
})
beforeEach(async () => {
  jobs = await createUploader(redis.url)
  await redis.flush()
})
afterEach(async () => {
  await Promise.all([...running].map(each => each.kill('SIGKILL')))
  running.clear()
  await jobs.close()
})
afterAll(() => redis.stop())

async function startWorker(env: Environment = {}): Promise<RunningProcess> {
  const worker = await startProcess(ENTRY, { REDIS_URL: redis.url, ...jobs.env, ...env })
  running.add(worker)
  return worker
}

const types = async (id: string) => (await jobs.story(id)).map(event => event.type)

describe('a job', () => {
  test('runs its stages in order and is completed', async () => {
    await startWorker()
    const id = await jobs.upload({ files: { 'a.log': 'a', 'b.log': 'b' } })
    expect(await jobs.ended(id)).toMatchObject({
      status: 'completed',
      attempt: 1,
      result: { stages: 3 },
      error: null,
    })
    const told = await types(id)
    expect(told.filter(type => type !== 'stage.progress')).toEqual([
      'job.created',
      'file.uploaded',
      'file.uploaded',
      'job.submitted',
      'file.attached',
      'file.attached',
      'job.ready',
      'job.started',
      'stage.started',
      'stage.completed',
      'stage.started',
      'stage.completed',
      'stage.started',
      'stage.completed',
      'job.completed',
    ])
  })

  test('that is ready longest runs first, and a higher priority before all', async () => {
    const ids = { first: '', second: '', urgent: '', later: '' }
    ids.first = await jobs.upload()
    ids.second = await jobs.upload()
    ids.later = await jobs.upload({ priority: -5 })
    ids.urgent = await jobs.upload({ priority: 10 })
    await startWorker()
    const started = await Promise.all(
      Object.entries(ids).map(
        async ([name, id]) => [name, (await jobs.happened(id, 'job.ready')).id] as const,
      ),
    )
    const order = started
      .sort(
        (one, other) =>
          Number.parseFloat(one[1].replace('-', '.')) - Number.parseFloat(other[1].replace('-', '.')),
      )
      .map(([name]) => name)
    expect(order[0]).toBe('urgent')
    expect(order.at(-1)).toBe('later')
    for (const id of Object.values(ids)) expect(await jobs.ended(id)).toMatchObject({ status: 'completed' })
  })

  test('whose stage fails is tried again from that stage, and completes', async () => {
    await startWorker()
    const id = await jobs.upload({ files: { 'once-two': '' } })
    expect(await jobs.ended(id)).toMatchObject({ status: 'completed', attempt: 2 })
    const stages = (await jobs.story(id))
      .filter(event => event.type === 'stage.started')
      .map(event => event.data.stage)
    expect(stages).toEqual(['one', 'two', 'two', 'three'])
  })

  test('whose stage always fails is failed after its last attempt, with the stage’s own reason', async () => {
    await startWorker()
    const id = await jobs.upload({ files: { 'fail-two': '' }, maxAttempts: 2 })
    expect(await jobs.ended(id)).toMatchObject({
      status: 'failed',
      attempt: 2,
      error: {
        code: 'stage-failed',
        stage: 'two',
        fileId: 'f1',
        message: 'The stage two was asked to fail.',
        attempts: 2,
      },
    })
  })

  test('whose stage throws something unforeseen fails without a word of it in the event log or the service’s log', async () => {
    const worker = await startWorker()
    const id = await jobs.upload({ files: { 'throw-one': '' }, maxAttempts: 1 })
    expect(await jobs.ended(id)).toMatchObject({ status: 'failed', error: { code: 'stage-failed' } })
    expect(JSON.stringify(await jobs.story(id))).not.toContain('hunter2')
    expect(worker.output()).not.toContain('hunter2')
    expect(worker.output()).toContain('support/misbehaving.ts')
  })

  test('whose stage makes no progress for too long is stopped, though the stage does not listen', async () => {
    await startWorker({ SLUICE_STAGE_TIMEOUT: '300ms' })
    const id = await jobs.upload({ files: { 'deaf-one': '' }, maxAttempts: 1 })
    expect(await jobs.ended(id)).toMatchObject({
      status: 'failed',
      error: { code: 'stage-timeout', stage: 'one' },
    })
  })

  test('that is cancelled stops at once, though a stage is running', async () => {
    const worker = await startWorker()
    const id = await jobs.upload({ files: { 'hang-two': '' } })
    await jobs.happened(id, 'stage.completed')
    await jobs.transitions.cancel(id)
    await worker.printed(new RegExp(`job ${id} is no longer this worker's`))
    expect((await types(id)).at(-1)).toBe('job.cancelled')
  })

  test('leaves no intermediate when it is completed', async () => {
    const worker = await startWorker()
    const id = await jobs.upload()
    await jobs.ended(id)
    await worker.kill('SIGTERM')
    const record = (await jobs.record(id))!
    const named = [...record.files.map(file => file.key), ...keysOf(artifactsOf(record))]
    expect((await Array.fromAsync(jobs.storage.list(id))).map(object => object.key).sort()).toEqual(
      named.sort(),
    )
  })

  test('is retried by hand from the stage that failed', async () => {
    await startWorker()
    const id = await jobs.upload({ files: { 'once-two': '' }, maxAttempts: 1 })
    expect(await jobs.ended(id)).toMatchObject({ status: 'failed' })
    await jobs.transitions.retry(id, 'r')
    await jobs.enqueuer.addFlow((await jobs.record(id))!)
    await jobs.happened(id, 'job.completed')
    const stages = (await jobs.story(id))
      .filter(event => event.type === 'stage.started')
      .map(event => [event.run, event.data.stage])
    expect(stages).toEqual([
      [1, 'one'],
      [1, 'two'],
      [2, 'two'],
      [2, 'three'],
    ])
  })
})

describe('a file', () => {
  test('that is gone from storage fails its job as file-missing, at once', async () => {
    const id = await jobs.upload()
    await jobs.storage.remove(`${id}/f-1`)
    await startWorker()
    expect(await jobs.ended(id)).toMatchObject({
      status: 'failed',
      attempt: 0,
      error: { code: 'file-missing', fileId: 'f1' },
    })
    expect((await types(id)).slice(-2)).toEqual(['file.failed', 'job.failed'])
  })

  test('whose bytes were changed in storage fails its job as file-changed; one that was only copied does not', async () => {
    const changed = await jobs.upload({ files: { 'a.log': 'before' } })
    const copied = await jobs.upload({ files: { 'a.log': 'before' } })
    for (const [id, content] of [
      [changed, 'after!'],
      [copied, 'before'],
    ] as const) {
      await jobs.storage.remove(`${id}/f-1`)
      await jobs.storage.put(
        `${id}/f-1`,
        (async function* () {
          yield Buffer.from(content)
        })(),
      )
    }
    await startWorker()
    expect(await jobs.ended(changed)).toMatchObject({ status: 'failed', error: { code: 'file-changed' } })
    expect(await jobs.ended(copied)).toMatchObject({ status: 'completed' })
  })

  test('has the type of its content once it is attached, whatever was declared', async () => {
    await startWorker()
    const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex').toString('latin1')
    const utf16 = Buffer.from('\ufeff2024-03-07 10:00:00 INFO up\n', 'utf16le')
    const latin1 = Buffer.from('2024-03-07 10:00:00 INFO déjà vu\n', 'latin1')
    const id = await jobs.upload({
      files: { 'a.log': 'plain', 'b.txt': png, 'c.log': utf16, 'd.log': latin1 },
    })
    await jobs.ended(id)
    expect((await jobs.record(id))!.files.map(file => file.type)).toEqual([
      'text/plain',
      'application/octet-stream',
      'text/plain',
      'text/plain',
    ])
  })
})

describe('a worker that is told to stop', () => {
  test('in the moment of a start does not begin the run: the job is handed over at once', async () => {
    const proxy = await startRedisProxy(redis.port)
    const worker = await startWorker({ REDIS_URL: proxy.url })
    const started = proxy.holdAt(callsScript('history', 'prelude', 'start'))
    const id = await jobs.upload({ files: { 'hang-one': '' } })
    await started.reached
    const stopped = worker.kill('SIGTERM')
    await worker.printed(/hands its jobs over/)
    started.release()
    await stopped
    expect((await jobs.record(id))!).toMatchObject({ status: 'pending', attempt: 1 })
    await proxy.close()
  })

  test('hands its jobs over: another goes on from the checkpoint, and no attempt is charged', async () => {
    const first = await startWorker()
    const id = await jobs.upload({ files: { 'hang-two': '' } })
    await jobs.happened(id, 'stage.completed')
    await first.kill('SIGTERM')
    expect(await first.gone).toEqual({ code: 0, signal: null })
    expect((await jobs.record(id))!).toMatchObject({ status: 'pending' })
    await startWorker()
    await jobs.transitions.cancel((await jobs.happened(id, 'job.retrying')).jobId)
    expect((await jobs.story(id)).find(event => event.type === 'job.retrying')!.data).toMatchObject({
      reason: 'hand-over',
      attempt: 1,
    })
  })
})

describe('I5: every job ends, and says so', () => {
  test('a delivery that fails is tried again, and one that its receiver takes is delivered', async () => {
    const receiver = await startReceiver()
    await startWorker()
    const id = await jobs.upload({ callbackUrl: receiver.url })
    await jobs.ended(id)
    await receiver.received(1)
    const delivery = (await jobs.redis.zrange(keys.jobDeliveries(id), '0', '-1'))[0]!
    expect(delivery).toBe(`msg_${id}_r1`)
    await receiver.close()
  })
})

describe('a worker that lives but stood still for longer than its lock', () => {
  test('is not counted as lost, however often: its job goes on', { timeout: 240_000 }, async () => {
    const worker = await startWorker()
    const id = await jobs.upload({ files: { 'hang-two': '' } })
    await jobs.happened(id, 'stage.completed')
    for (let time = 1; time <= 2; time++) {
      const starts = (await jobs.record(id))!.starts
      process.kill(worker.pid, 'SIGSTOP')
      // Nobody else is there to take it: what is waited for is only that the lock is gone.
      await eventually(
        () => jobs.redis.exists(`{sluice}:process:${id}-1:lock`),
        there => there === 0,
      )
      process.kill(worker.pid, 'SIGCONT')
      await eventually(
        async () => (await jobs.record(id))!.starts,
        now => now > starts,
      )
    }
    const reasons = (await jobs.story(id))
      .filter(event => event.type === 'job.retrying')
      .map(event => event.data.reason)
    expect(reasons).toEqual(['hand-over', 'hand-over'])
  })
})

describe('the stages that run in threads', () => {
  test('tell everything: each one’s start and completion, in every job', async () => {
    const worker = await startProcess(WORKER, { REDIS_URL: redis.url, ...jobs.env })
    running.add(worker)
    const names = ['ingestion', 'redaction', 'analysis', 'report']
    const stages = names.map(name => ({ name, weight: 1 }))
    const ids = await Promise.all(
      Array.from({ length: 60 }, (_, at) =>
        jobs.upload({
          pipeline: 'log-analysis',
          stages,
          files: { [`${at}.log`]: '2026-01-01T00:00:00Z INFO up\n' },
        }),
      ),
    )
    for (const id of ids) {
      expect(await jobs.ended(id)).toMatchObject({ status: 'completed' })
      const told = (await jobs.story(id))
        .filter(event => /^stage\.(started|completed)$/.test(event.type))
        .map(event => `${event.type} ${event.data.stage}`)
      expect(told).toEqual(names.flatMap(name => [`stage.started ${name}`, `stage.completed ${name}`]))
    }
  })
})

describe('a stage that hangs in its thread', () => {
  test('is stopped, though it gives nothing else a turn: each attempt fails, then the job, and its place is another’s', async () => {
    await startWorker({ SLUICE_STAGE_TIMEOUT: '1s' })
    const inThread = { pipeline: 'misbehaving-in-thread', stages: [{ name: 'one', weight: 1 }] }
    const hanging = await jobs.upload({ ...inThread, files: { 'spin-one': '' }, maxAttempts: 2 })
    expect(await jobs.ended(hanging)).toMatchObject({
      status: 'failed',
      attempt: 2,
      error: { code: 'stage-timeout', stage: 'one', attempts: 2 },
    })
    expect(await jobs.happened(hanging, 'job.retrying')).toMatchObject({
      data: { reason: 'failed', attempt: 1, error: { code: 'stage-timeout', stage: 'one' } },
    })
    // A worker has one place for stages that run in threads. On a slow machine this one may be stopped, too, and is
    // tried again.
    const next = await jobs.upload({ ...inThread, maxAttempts: 100 })
    expect(await jobs.ended(next)).toMatchObject({ status: 'completed' })
  })
})

describe('the outbox', () => {
  test('an API killed between the record and the flow: the job is enqueued and completes', async () => {
    await startWorker()
    const id = await jobs.upload({ enqueue: false })
    const record = await eventually(
      () => jobs.record(id),
      each => each?.status === 'completed',
      30_000,
    ).catch(() => jobs.record(id))
    expect(record).toMatchObject({ status: 'completed' })
  })
})

describe('a worker that is killed', () => {
  let proxy: RedisProxy
  beforeEach(async () => {
    proxy = await startRedisProxy(redis.port)
  })
  afterEach(() => proxy.close())

  const points: [string, ReturnType<typeof callsScript>, 'before' | 'after'][] = [
    ['before attached reaches Redis', callsScript('history', 'prelude', 'ready', 'attached'), 'before'],
    ['after attached', callsScript('history', 'prelude', 'ready', 'attached'), 'after'],
    ['after start', callsScript('history', 'prelude', 'start'), 'after'],
    ['before a checkpoint reaches Redis', callsScript('history', 'prelude', 'checkpoint'), 'before'],
    ['after a checkpoint', callsScript('history', 'prelude', 'checkpoint'), 'after'],
    ['before finish reaches Redis', callsScript('history', 'prelude', 'finish'), 'before'],
    ['after finish, before the delivery is enqueued', callsScript('history', 'prelude', 'finish'), 'after'],
  ]
  test.each(points)(
    '%s: its job completes once, tells it once, and calls back',
    async (_name, calls, when) => {
      const receiver = await startReceiver()
      const victim = await startWorker({ REDIS_URL: proxy.url })
      const reached = proxy.stopAt(command => (calls(command) ? when : 'pass'))
      const id = await jobs.upload({ callbackUrl: receiver.url })
      await reached
      await victim.kill('SIGKILL')
      await startWorker()

      expect(await jobs.ended(id)).toMatchObject({ status: 'completed', attempt: 1 })
      await receiver.received(1)
      const told = await types(id)
      for (const once of ['job.created', 'file.attached', 'job.ready', 'job.completed']) {
        expect(
          told.filter(type => type === once),
          once,
        ).toHaveLength(1)
      }
      expect(told.filter(type => type === 'stage.completed')).toHaveLength(3)
      await receiver.close()
    },
  )
})
