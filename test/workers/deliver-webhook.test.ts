import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { keys } from '../../src/jobs/keys.ts'
import { webhookSecret } from '../../src/jobs/webhook-secret.ts'
import { eventually } from '../support/eventually.ts'
import { type RunningProcess, startProcess } from '../support/processes.ts'
import { answer, HANG, type Receiver, retryAfter, type Script, startReceiver } from '../support/receiver.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { createUploader, type Uploader } from '../support/uploader.ts'

const ENTRY = new URL('../support/worker.ts', import.meta.url).pathname

let redis: TestRedis
let jobs: Uploader
let worker: RunningProcess
const receivers: Receiver[] = []
const others: RunningProcess[] = []
const start = (env: Record<string, string> = {}) =>
  startProcess(ENTRY, { REDIS_URL: redis.url, ...jobs.env, ...env })
/** One more worker, until the test ends. */
const another = async (env?: Record<string, string>) => void others.push(await start(env))

beforeAll(async () => {
  redis = await startTestRedis()
})
beforeEach(async () => {
  jobs = await createUploader(redis.url)
  await redis.flush()
  worker = await start()
})
afterEach(async () => {
  await Promise.all([worker, ...others.splice(0)].map(each => each.kill('SIGKILL')))
  await Promise.all(receivers.splice(0).map(receiver => receiver.close()))
  await jobs.close()
})
afterAll(() => redis.stop())

async function receive(respond?: Script): Promise<Receiver> {
  const receiver = await startReceiver(respond === undefined ? {} : { respond })
  receivers.push(receiver)
  return receiver
}

const deliveryOf = async (id: string) => {
  const record = (await jobs.deliveries.read(`msg_${id}_r1`))!
  return jobs.deliveries.view(record)
}
const settled = async (id: string) => {
  await jobs.ended(id)
  return eventually(
    () => deliveryOf(id),
    delivery => delivery.status !== 'pending',
  )
}

describe('a callback', () => {
  test('is signed, tells the job as it ended, and keeps what the receiver answered', async () => {
    const receiver = await receive(answer(201, { body: 'thank you' }))
    const id = await jobs.upload({ callbackUrl: receiver.url, metadata: { ticket: 'INC-42' } })
    const call = await receiver.received(1)
    expect(receiver.verify(call, await webhookSecret(jobs.redis, null))).toMatchObject({
      type: 'job.completed',
      data: { job: { id, status: 'completed', metadata: { ticket: 'INC-42' }, result: { stages: 3 } } },
    })
    expect(await settled(id)).toMatchObject({
      status: 'delivered',
      nextAttemptAt: null,
      attempts: [{ statusCode: 201, error: null, response: 'thank you' }],
    })
  })

  test('that is refused is sent again after 5 s, give or take a fifth, under the same id', async () => {
    const receiver = await receive([answer(500), answer(204)])
    const id = await jobs.upload({ callbackUrl: receiver.url })
    const [first, second] = [await receiver.received(1), await receiver.received(2)]
    expect(second.headers['webhook-id']).toBe(first.headers['webhook-id'])
    expect(second.arrivedAt - first.arrivedAt).toBeGreaterThanOrEqual(4_000)
    const delivery = await settled(id)
    expect(delivery).toMatchObject({
      status: 'delivered',
      attempts: [{ statusCode: 500 }, { statusCode: 204 }],
    })
    expect(second.body.equals(first.body), 'to the byte').toBe(true)
  })

  test('is left alone for as long as its receiver asks, and then made', async () => {
    const receiver = await receive([retryAfter(8), answer(204)])
    const id = await jobs.upload({ callbackUrl: receiver.url })
    const first = await receiver.received(1)
    const waiting = await eventually(
      () => deliveryOf(id),
      delivery => delivery.attempts.length > 0,
    )
    expect(Date.parse(waiting.nextAttemptAt!) - first.arrivedAt).toBeGreaterThanOrEqual(8_000)
    const second = await receiver.received(2)
    expect(
      second.arrivedAt - first.arrivedAt,
      'and not after the five seconds of the schedule',
    ).toBeGreaterThanOrEqual(8_000)
    expect(await settled(id)).toMatchObject({ status: 'delivered' })
  })

  test('that its receiver wants no more (410) is failed at once, and can be sent again by hand', async () => {
    const receiver = await receive([answer(410), answer(204)])
    const id = await jobs.upload({ callbackUrl: receiver.url })
    expect(await settled(id)).toMatchObject({ status: 'failed', attempts: [{ statusCode: 410 }] })
    await jobs.deliveries.redeliver(`msg_${id}_r1`, 'r')
    await jobs.enqueuer.deliver((await jobs.deliveries.read(`msg_${id}_r1`))!)
    expect(await settled(id)).toMatchObject({
      status: 'delivered',
      attempts: [{ statusCode: 410 }, { statusCode: 204 }],
    })
  })

  test('to an address that is not allowed is never connected to, though it was when the job was made', async () => {
    const receiver = await receive()
    await worker.kill('SIGTERM')
    worker = await startProcess(ENTRY, {
      REDIS_URL: redis.url,
      ...jobs.env,
      SLUICE_WEBHOOK_ALLOW: '127.0.0.2/32',
    })
    const id = await jobs.upload({ callbackUrl: receiver.url })
    const delivery = await eventually(
      () => deliveryOf(id).catch(() => null),
      each => (each?.attempts.length ?? 0) > 0,
    )
    expect(delivery!.attempts[0]).toMatchObject({ statusCode: null })
    expect(delivery!.attempts[0]!.error).toContain('127.0.0.1')
    expect(receiver.connections).toBe(0)
  })

  test('whose first attempt takes longer than the outbox waits is made once', async () => {
    const latch = Promise.withResolvers<void>()
    const receiver = await receive(async () => {
      await latch.promise
      return answer(204)
    })
    const id = await jobs.upload({ callbackUrl: receiver.url })
    await receiver.received(1)
    // A sweep that takes up what came later has looked at this one, too.
    const left = await jobs.upload({ enqueue: false })
    expect(await jobs.ended(left)).toMatchObject({ status: 'completed' })
    latch.resolve()
    expect(await settled(id)).toMatchObject({ status: 'delivered', attempts: [{ statusCode: 204 }] })
    expect(receiver.requests).toHaveLength(1)
  })

  test('to a receiver that never answers holds up nobody else’s', async () => {
    const [slow, quick] = [await receive(HANG), await receive()]
    const stuck = await Promise.all(Array.from({ length: 150 }, () => jobs.upload({ callbackUrl: slow.url })))
    await slow.received(1)
    const others = await Promise.all(
      Array.from({ length: 20 }, () => jobs.upload({ callbackUrl: quick.url })),
    )
    for (const id of others) expect(await settled(id)).toMatchObject({ status: 'delivered' })
    const attempts = await Promise.all(
      stuck.map(async id =>
        (await jobs.record(id))?.status === 'completed' ? (await deliveryOf(id)).attempts.length : 0,
      ),
    )
    expect(Math.max(...attempts), 'attempts at the slow one that had ended by then').toBe(0)
  })

  test.each([1, 2])(
    'to one of 45 receivers does not wait for 5 others that hang, with all their slots taken: %d workers',
    async workers => {
      if (workers === 2) await another()
      const hanging = await Promise.all(Array.from({ length: 5 }, () => receive(HANG)))
      const stuck = await Promise.all(
        hanging.flatMap(({ url }) =>
          Array.from({ length: 10 * workers }, () => jobs.upload({ callbackUrl: url })),
        ),
      )
      await Promise.all(hanging.map(each => each.received(8)))
      const answering = await Promise.all(Array.from({ length: 45 }, () => receive()))
      const others = await Promise.all(answering.map(({ url }) => jobs.upload({ callbackUrl: url })))
      for (const id of others) expect(await settled(id)).toMatchObject({ status: 'delivered' })
      for (const id of stuck)
        expect(await jobs.deliveries.read(`msg_${id}_r1`)).toMatchObject({ status: 'pending', tried: 0 })
    },
  )

  test('is one of few at its origin, however many workers there are, and those that wait cost no attempt', async () => {
    const SLOTS = 4
    await worker.kill('SIGKILL')
    const env = { SLUICE_WEBHOOK_SLOTS: String(SLOTS) }
    worker = await start(env)
    await another(env)
    let now = 0
    let most = 0
    const full = Promise.withResolvers<void>()
    const open = Promise.withResolvers<void>()
    const receiver = await receive(async () => {
      most = Math.max(most, ++now)
      if (now === SLOTS) full.resolve()
      await open.promise
      now--
      return answer(204)
    })
    const ids = await Promise.all(
      Array.from({ length: 30 }, () => jobs.upload({ callbackUrl: receiver.url })),
    )
    await full.promise
    // All others have been sent away: they wait in the line.
    const line = keys.originLine(new URL(receiver.url).origin)
    await eventually(
      () => jobs.redis.zcard(line),
      waiting => waiting === ids.length - SLOTS,
    )
    expect(most).toBe(SLOTS)
    open.resolve()
    for (const id of ids)
      expect(await settled(id)).toMatchObject({ status: 'delivered', attempts: [{ statusCode: 204 }] })
    expect(most).toBe(SLOTS)
    expect(await jobs.redis.zcard(line)).toBe(0)
    expect(await jobs.redis.zcard(keys.originSlots(new URL(receiver.url).origin))).toBe(0)
  })

  test('does not wait for ever for the slots of a worker that was killed', async () => {
    await worker.kill('SIGKILL')
    worker = await start({ SLUICE_WEBHOOK_SLOTS: '2' })
    const receiver = await receive(HANG)
    const ids = await Promise.all([1, 2].map(() => jobs.upload({ callbackUrl: receiver.url })))
    await receiver.received(2)
    await worker.kill('SIGKILL')
    receiver.respond(answer(204))
    worker = await start({ SLUICE_WEBHOOK_SLOTS: '2' })
    for (const id of ids) expect(await settled(id)).toMatchObject({ status: 'delivered' })
  })

  test('under way when the worker is told to stop gets its time', async () => {
    const latch = Promise.withResolvers<void>()
    const receiver = await receive(async () => {
      await latch.promise
      return answer(204)
    })
    const id = await jobs.upload({ callbackUrl: receiver.url })
    await receiver.received(1)
    const stopped = worker.kill('SIGTERM')
    await worker.printed(/stops: hands its jobs over/)
    // It has no jobs any more: nobody is to take it for one that was killed.
    await eventually(
      () => jobs.redis.zcard(keys.workers),
      count => count === 0,
    )
    latch.resolve()
    await stopped
    expect(await deliveryOf(id)).toMatchObject({ status: 'delivered', attempts: [{ statusCode: 204 }] })
    expect(receiver.requests).toHaveLength(1)
  })
})
