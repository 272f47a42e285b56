import { type Job, Worker } from 'bullmq'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readRecord } from '../../src/jobs/record.ts'
import { type AttachData, PREFIX, type ProcessData, QUEUES } from '../../src/queues/names.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { createUploader, type Uploader } from '../support/uploader.ts'

/**
 * The gate itself, seen from BullMQ: consumers of our own stand where the workers would, one that attaches when the test
 * says so, and one that notes which jobs it was given, and when.
 */
let redis: TestRedis
let jobs: Uploader
const consumers: Worker[] = []

beforeAll(async () => {
  redis = await startTestRedis()
})
beforeEach(async () => {
  jobs = await createUploader(redis.url)
  await redis.flush()
})
afterEach(async () => {
  await Promise.all(consumers.splice(0).map(consumer => consumer.close(true)))
  await jobs.close()
})
afterAll(() => redis.stop())

function consume<Data>(queue: string, processor: (job: Job<Data>) => Promise<void>): Worker {
  const consumer = new Worker(queue, processor, {
    connection: { host: '127.0.0.1', port: redis.port, maxRetriesPerRequest: null },
    prefix: PREFIX,
    concurrency: 50,
  })
  consumers.push(consumer)
  return consumer
}

describe('I1: no job before its files', () => {
  test('no worker is given a job while one of its files is not attached; then it is, once', async () => {
    const latch = Promise.withResolvers<void>()
    const given: { jobId: string; status: string; attached: number }[] = []
    const arrivals = new Map<string, () => void>()
    const arrived = (id: string) => new Promise<void>(resolve => arrivals.set(id, resolve))

    consume<ProcessData>(QUEUES.process, async job => {
      const record = (await readRecord(jobs.redis, job.data.jobId))!
      given.push({
        jobId: record.id,
        status: record.status,
        attached: record.files.filter(file => file.status === 'attached').length,
      })
      arrivals.get(record.id)?.()
    })
    consume<AttachData>(QUEUES.attach, async job => {
      const { jobId, flow, fileId } = job.data
      if (jobId === slow && fileId === 'f3') await latch.promise
      await jobs.transitions.attached({ id: jobId, flow, fileId, type: 'text/plain' })
    })

    let slow = ''
    slow = await jobs.upload({ files: { a: '1', b: '2', c: '3' }, enqueue: false })
    const slowArrived = arrived(slow)
    await jobs.enqueuer.addFlow((await jobs.record(slow))!)
    // Had the first become runnable, it would have been given before this later one: same queue, same priority.
    const quick = await jobs.upload({ files: { a: '1' }, enqueue: false })
    const quickArrived = arrived(quick)
    await jobs.enqueuer.addFlow((await jobs.record(quick))!)
    await quickArrived
    expect(given).toEqual([{ jobId: quick, status: 'pending', attached: 1 }])

    latch.resolve()
    await slowArrived
    expect(given).toEqual([
      { jobId: quick, status: 'pending', attached: 1 },
      { jobId: slow, status: 'pending', attached: 3 },
    ])
  })
})
