/** A worker killed exactly between a script and what follows it, at the ends of attempts, runs and deliveries. */
import { Queue } from 'bullmq'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { keys } from '../../src/jobs/keys.ts'
import { PREFIX, QUEUES } from '../../src/queues/names.ts'
import { eventually } from '../support/eventually.ts'
import { type RunningProcess, startProcess } from '../support/processes.ts'
import { answer, type Receiver, retryAfter, type Script, startReceiver } from '../support/receiver.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { callsScript, type RedisProxy, startRedisProxy } from '../support/redis-proxy.ts'
import { createUploader, type Uploader } from '../support/uploader.ts'

const ENTRY = new URL('../support/worker.ts', import.meta.url).pathname
const ATTEMPT_FAILED = callsScript('history', 'prelude', 'attempt-failed')
const HAND_OVER = callsScript('history', 'prelude', 'hand-over')
const ATTEMPTED = callsScript('delivery-prelude', 'audit', 'history', 'webhook-listing', 'delivery-attempted')

let redis: TestRedis
let jobs: Uploader
let proxy: RedisProxy
let victim: RunningProcess
const running = new Set<RunningProcess>()
const receivers = new Set<Receiver>()

beforeAll(async () => {
  redis = await startTestRedis()
})
beforeEach(async () => {
  jobs = await createUploader(redis.url)
  await redis.flush()
  proxy = await startRedisProxy(redis.port)
  victim = await startWorker(proxy.url)
})
afterEach(async () => {
  await Promise.all([...running].map(each => each.kill('SIGKILL')))
  running.clear()
  await Promise.all([...receivers].map(each => each.close()))
  receivers.clear()
  await proxy.close()
  await jobs.close()
})
afterAll(() => redis.stop())

async function startWorker(url: string): Promise<RunningProcess> {
  const worker = await startProcess(ENTRY, { ...jobs.env, REDIS_URL: url })
  running.add(worker)
  return worker
}

/** Kills the victim once `reached`, and lets another take over. */
async function replaceVictim(reached: Promise<unknown>): Promise<void> {
  await reached
  await victim.kill('SIGKILL')
  await startWorker(redis.url)
}

const stopAt = (calls: ReturnType<typeof callsScript>, when: 'before' | 'after') =>
  proxy.stopAt(command => (calls(command) ? when : 'pass'))

const told = async (id: string, type: string) =>
  (await jobs.story(id)).filter(event => event.type === type).map(event => event.data)

describe('a worker that is killed', () => {
  test('before an attempt’s failure reaches Redis: the attempt goes on elsewhere, and counts once', async () => {
    const reached = stopAt(ATTEMPT_FAILED, 'before')
    const id = await jobs.upload({ files: { 'once-two': '' } })
    await replaceVictim(reached)
    expect(await jobs.ended(id)).toMatchObject({ status: 'completed', attempt: 1 })
    expect(await told(id, 'job.retrying')).toMatchObject([{ reason: 'worker-lost', attempt: 1 }])
  })

  test('after an attempt’s failure, before BullMQ hears of it: the next attempt is made, and is the second', async () => {
    const reached = stopAt(ATTEMPT_FAILED, 'after')
    const id = await jobs.upload({ files: { 'once-two': '' } })
    await replaceVictim(reached)
    expect(await jobs.ended(id)).toMatchObject({ status: 'completed', attempt: 2 })
    expect(await told(id, 'job.retrying')).toMatchObject([{ reason: 'failed', attempt: 1 }])
  })

  test('after the last attempt’s failure: the job has failed once, and calls back once', async () => {
    const receiver = await receive()
    const reached = stopAt(ATTEMPT_FAILED, 'after')
    const id = await jobs.upload({ files: { 'fail-two': '' }, maxAttempts: 1, callbackUrl: receiver.url })
    await replaceVictim(reached)
    await receiver.received(1)
    await delivered(id)
    expect(await jobs.ended(id)).toMatchObject({ status: 'failed', error: { code: 'stage-failed' } })
    expect(await told(id, 'job.failed')).toHaveLength(1)
    expect(receiver.requests).toHaveLength(1)
  })

  test.each(['before', 'after'] as const)(
    'in the middle of its hand-over, %s the record knows: the job goes on, at no cost',
    async when => {
      const reached = stopAt(HAND_OVER, when)
      const id = await jobs.upload({ files: { 'linger-two': '' } })
      // By then it lingers; stopped before that, it would do so in the next worker, for ever.
      await eventually(
        () => told(id, 'stage.progress'),
        progress => progress.some(({ stage }) => stage === 'two'),
      )
      const stopped = victim.kill('SIGTERM')
      await replaceVictim(reached)
      await stopped
      expect(await jobs.ended(id)).toMatchObject({ status: 'completed', attempt: 1 })
      expect(await told(id, 'job.retrying')).toMatchObject([
        { reason: when === 'after' ? 'hand-over' : 'worker-lost', attempt: 1 },
      ])
      expect(await told(id, 'stage.completed')).toHaveLength(3)
    },
  )

  test('before the first attempt at a delivery is kept: it is made again, under the same id', async () => {
    const receiver = await receive()
    const reached = stopAt(ATTEMPTED, 'before')
    const id = await jobs.upload({ callbackUrl: receiver.url })
    await replaceVictim(reached)
    const [first, second] = [await receiver.received(1), await receiver.received(2)]
    expect(second.headers['webhook-id']).toBe(first.headers['webhook-id'])
    expect(second.body.equals(first.body)).toBe(true)
    expect((await delivered(id)).attempts).toHaveLength(1)
  })

  test('after the first attempt at a delivery is kept: it is not made again', async () => {
    const receiver = await receive()
    const reached = stopAt(ATTEMPTED, 'after')
    const id = await jobs.upload({ callbackUrl: receiver.url })
    await replaceVictim(reached)
    expect((await delivered(id)).attempts).toHaveLength(1)
    expect(await jobs.redis.zcard(keys.outbox), 'what would have it made again').toBe(0)
    expect(receiver.requests).toHaveLength(1)
  })

  test('before an attempt from the queue is kept: it is made again, under the same id', async () => {
    const receiver = await receive()
    const id = await jobs.upload({ callbackUrl: receiver.url })
    await delivered(id)
    const reached = stopAt(ATTEMPTED, 'before')
    await redeliver(id)
    await replaceVictim(reached)
    const [second, third] = [await receiver.received(2), await receiver.received(3)]
    expect(third.headers['webhook-id']).toBe(second.headers['webhook-id'])
    expect((await delivered(id)).attempts).toHaveLength(2)
  })

  test('after an attempt from the queue is kept: it is not made again', async () => {
    const receiver = await receive()
    const id = await jobs.upload({ callbackUrl: receiver.url })
    await delivered(id)
    const reached = stopAt(ATTEMPTED, 'after')
    await redeliver(id)
    await replaceVictim(reached)
    expect((await delivered(id)).attempts).toHaveLength(2)
    await eventually(
      () => jobs.redis.zscore('{sluice}:deliver-webhook:completed', `msg_${id}_r1-2`),
      score => score !== null,
    )
    expect(receiver.requests).toHaveLength(2)
  })

  test('after a failed attempt at a delivery is kept: the next one is made in its time', async () => {
    const receiver = await receive([answer(500), answer(204)])
    const reached = stopAt(ATTEMPTED, 'after')
    const id = await jobs.upload({ callbackUrl: receiver.url })
    await replaceVictim(reached)
    expect((await delivered(id)).attempts).toMatchObject([{ statusCode: 500 }, { statusCode: 204 }])
    expect(receiver.requests).toHaveLength(2)
  })

  test.each(['before', 'after'] as const)(
    '%s a failed attempt from the queue is kept: the next one can be brought forward by hand',
    async when => {
      const later = retryAfter('3600')
      const receiver = await receive([answer(204), later, ...(when === 'before' ? [later] : []), answer(204)])
      const id = await jobs.upload({ callbackUrl: receiver.url })
      await delivered(id)
      const reached = stopAt(ATTEMPTED, when)
      await redeliver(id)
      await replaceVictim(reached)
      await bringForward(`msg_${id}_r1-2`)
      expect((await delivered(id)).attempts).toMatchObject([
        { statusCode: 204 },
        { statusCode: 503 },
        { statusCode: 204 },
      ])
    },
  )
})

/** As Bull Board does: once it is delayed. */
async function bringForward(jobId: string): Promise<void> {
  const queue = new Queue(QUEUES.deliver, { connection: jobs.redis, prefix: PREFIX })
  try {
    await eventually(
      () => queue.getJobState(jobId),
      state => state === 'delayed',
    )
    await (await queue.getJob(jobId))!.promote()
  } finally {
    await queue.close()
  }
}

async function receive(respond?: Script): Promise<Receiver> {
  const receiver = await startReceiver(respond === undefined ? {} : { respond })
  receivers.add(receiver)
  return receiver
}

async function redeliver(id: string): Promise<void> {
  await jobs.deliveries.redeliver(`msg_${id}_r1`, 'by hand')
  await jobs.enqueuer.deliver((await jobs.deliveries.read(`msg_${id}_r1`))!)
}

async function delivered(id: string) {
  const record = await eventually(
    () => jobs.deliveries.read(`msg_${id}_r1`),
    delivery => delivery?.status === 'delivered',
  )
  return jobs.deliveries.view(record!)
}
