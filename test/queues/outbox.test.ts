import { Queue } from 'bullmq'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { keys } from '../../src/jobs/keys.ts'
import { createOutbox, type Outbox } from '../../src/jobs/outbox.ts'
import { createLog } from '../../src/log.ts'
import { PREFIX, QUEUES } from '../../src/queues/names.ts'
import { createReconciler } from '../../src/queues/reconciler.ts'
import { startSweeper } from '../../src/queues/sweeper.ts'
import { eventually } from '../support/eventually.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { createUploader, type Uploader } from '../support/uploader.ts'

const log = createLog({ level: 'silent', format: 'json', role: 'test' })
let server: TestRedis
let up: Uploader
let outbox: Outbox
let queues: Record<'process' | 'attach' | 'deliver', Queue>

beforeAll(async () => {
  server = await startTestRedis()
})
beforeEach(async () => {
  up = await createUploader(server.url)
  await server.flush()
  outbox = createOutbox(up.redis)
  const open = (name: string) => new Queue(name, { connection: up.redis, prefix: PREFIX })
  queues = { process: open(QUEUES.process), attach: open(QUEUES.attach), deliver: open(QUEUES.deliver) }
})
afterEach(async () => {
  await Promise.all(Object.values(queues).map(queue => queue.close()))
  await up.close()
})
afterAll(() => server.stop())

const reconcile = () => createReconciler({ ...up, log }).run()
const waiting = () => up.redis.zrange(keys.outbox, '0', '-1')
/** All that was added has been taken out of the outbox, too. */
const enqueued = () => expect.poll(waiting).toEqual([])

describe('the outbox', () => {
  test('holds a flow until it and each of its children are in BullMQ, and no longer', async () => {
    const id = await up.upload({ files: { a: '', b: '' }, enqueue: false })
    expect(await waiting()).toEqual([`flow:${id}:1`])
    await up.enqueuer.addFlow((await up.record(id))!)
    await enqueued()
    expect(await queues.process.getJobCounts('waiting-children')).toEqual({ 'waiting-children': 1 })
    expect(await queues.attach.getJobCounts('prioritized')).toEqual({ prioritized: 2 })
  })

  test('I2: adding a flow fifty times at once makes one', async () => {
    const id = await up.upload({ files: { a: '', b: '' }, enqueue: false })
    const record = (await up.record(id))!
    await Promise.all(Array.from({ length: 50 }, () => up.enqueuer.addFlow(record)))
    expect(await queues.process.getJobCounts('waiting-children')).toEqual({ 'waiting-children': 1 })
    expect(await queues.attach.getJobCounts('prioritized')).toEqual({ prioritized: 2 })
  })

  test('a flow is added though Redis has forgotten its scripts meanwhile', async () => {
    await up.enqueuer.addFlow((await up.record(await up.upload({ enqueue: false })))!)
    await up.redis.script('FLUSH')
    const id = await up.upload({ enqueue: false })
    await up.enqueuer.addFlow((await up.record(id))!)
    expect(await queues.process.getJob(`${id}-1`)).toBeDefined()
    await enqueued()
  })

  test('one entry that cannot be enqueued does not hold up those behind it', async () => {
    const [broken, sound] = [await up.upload({ enqueue: false }), await up.upload({ enqueue: false })]
    await up.redis.hset(keys.job(broken), 'stages', 'no JSON')
    for (const entry of await waiting()) await up.redis.zadd(keys.outbox, 0, entry)
    const sweeper = startSweeper({ outbox, enqueuer: up.enqueuer, log })
    await eventually(
      () => queues.process.getJob(`${sound}-1`),
      job => job !== undefined,
    )
    await sweeper.stop()
    await expect.poll(waiting).toEqual([`flow:${broken}:1`])
  })

  test('an entry is not settled while one of its jobs is missing', async () => {
    const id = await up.upload({ enqueue: false })
    const entry = { kind: 'flow', jobId: id, flow: 1 } as const
    expect(await outbox.settle([{ entry, bullKeys: ['{sluice}:process:not-there'] }])).toEqual([entry])
    expect(await waiting()).toEqual([`flow:${id}:1`])
  })

  test('two sweepers that claim at once never get the same entry', async () => {
    await Promise.all(Array.from({ length: 20 }, () => up.upload({ enqueue: false })))
    for (const entry of await waiting()) await up.redis.zadd(keys.outbox, 0, entry)
    const claims = await Promise.all([
      outbox.claim(5_000, 15),
      outbox.claim(5_000, 15),
      outbox.claim(5_000, 15),
    ])
    const ids = claims.flat().map(entry => (entry.kind === 'flow' ? entry.jobId : ''))
    expect(ids).toHaveLength(20)
    expect(new Set(ids).size).toBe(20)
  })

  test('drops what nobody wants any more: the flow of a job that has ended, or is gone, or has a newer one', async () => {
    const [ended, gone] = [await up.upload({ enqueue: false }), await up.upload({ enqueue: false })]
    await up.transitions.cancel(ended)
    await up.transitions.cancel(gone)
    await up.transitions.delete({ id: gone, token: 't' })
    await up.redis.zadd(keys.outbox, 0, `flow:${ended}:9`, 0, 'delivery:none:1')
    expect(await outbox.claim(-1, 100)).toEqual([])
    expect(await waiting()).toEqual([])
  })

  test('a flow of which BullMQ lost the children while adding is noticed, and added again', async () => {
    const id = await up.upload({ files: { a: '', b: '' }, enqueue: false })
    await up.enqueuer.addFlow((await up.record(id))!)
    await up.redis.zadd(keys.outbox, 0, `flow:${id}:1`)
    await up.redis.del(`{sluice}:${QUEUES.attach}:${id}-1-f2`)
    const entry = { kind: 'flow', jobId: id, flow: 1 } as const
    const bullKeys = [`{sluice}:process:${id}-1`, `{sluice}:attach-file:${id}-1-f2`]
    expect(await outbox.settle([{ entry, bullKeys }])).toEqual([entry])
  })
})

describe('the reconciler', () => {
  test('leaves alone what is queued, what is still in the outbox, and what has ended', async () => {
    const queued = await up.upload()
    const unsent = await up.upload({ enqueue: false })
    const ended = await up.upload()
    await up.transitions.cancel(ended)
    await reconcile()
    expect((await up.record(queued))!.flow).toBe(1)
    expect((await up.record(unsent))!.flow).toBe(1)
    expect((await up.record(ended))!.flow).toBe(1)
  })

  test('puts back a job whose queue was emptied by hand, three times, and then ends it as job-lost with its callback', async () => {
    const id = await up.upload({ callbackUrl: 'http://127.0.0.1:1/' })
    const empty = async () => {
      await enqueued()
      // A parent whose children are gone becomes runnable, and goes with the rest of its queue.
      await queues.attach.obliterate({ force: true })
      await queues.process.obliterate({ force: true })
    }
    for (let time = 1; time <= 3; time++) {
      await empty()
      await reconcile()
      expect((await up.record(id))!).toMatchObject({ status: 'attaching', flow: time + 1, run: 1 })
      expect(await queues.process.getJob(`${id}-${time + 1}`)).toBeDefined()
    }
    await empty()
    await reconcile()
    expect((await up.record(id))!).toMatchObject({ status: 'failed', error: { code: 'job-lost' } })
    expect(await queues.deliver.getJobCountByTypes('waiting')).toBe(1)
  })

  test('puts back a delivery whose queue was emptied by hand, three times, and then it is failed', async () => {
    const id = await up.upload({ callbackUrl: 'http://127.0.0.1:1/' })
    await up.transitions.cancel(id)
    await up.enqueuer.deliver((await up.deliveries.read(`msg_${id}_r1`))!)
    for (let time = 1; time <= 3; time++) {
      await enqueued()
      await queues.deliver.obliterate({ force: true })
      await reconcile()
      expect((await up.deliveries.read(`msg_${id}_r1`))!).toMatchObject({
        status: 'pending',
        round: time + 1,
      })
    }
    await enqueued()
    await queues.deliver.obliterate({ force: true })
    await reconcile()
    expect((await up.deliveries.read(`msg_${id}_r1`))!).toMatchObject({ status: 'failed' })
  })
})
