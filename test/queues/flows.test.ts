import { type FlowJob, Queue, Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { createLog } from '../../src/log.ts'
import { createFlows } from '../../src/queues/flows.ts'
import { PREFIX, QUEUES } from '../../src/queues/names.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'

const log = createLog({ level: 'silent', format: 'json', role: 'test' })
let server: TestRedis
let redis: Redis
let flows: ReturnType<typeof createFlows>
let queue: Queue

beforeAll(async () => {
  server = await startTestRedis()
})
beforeEach(async () => {
  redis = connectRedis(server.url, { name: 'test', log, mode: 'failFast' })
  await server.flush()
  flows = createFlows({ redis, log })
  queue = new Queue(QUEUES.process, { connection: redis, prefix: PREFIX })
})
afterEach(async () => {
  await Promise.all([queue.close(), flows.close()])
  redis.disconnect()
})
afterAll(() => server.stop())

const flow = (id: string, children = 1): FlowJob => ({
  name: id,
  queueName: QUEUES.process,
  opts: { jobId: id, priority: 2 },
  children: Array.from({ length: children }, (_, at) => ({
    name: `${id}-${at}`,
    queueName: QUEUES.attach,
    opts: { jobId: `${id}-${at}`, priority: 2, failParentOnFailure: true },
  })),
})

/** How many scripts Redis has run. */
async function scripts(): Promise<number> {
  const stats = await redis.info('commandstats')
  const calls = [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].map(([, count]) => Number(count))
  return calls.reduce((sum, count) => sum + count, 0)
}

test('flows that come at the same moment are added in one script', async () => {
  const before = await scripts()
  await Promise.all(['a', 'b', 'c'].map(id => flows.add(flow(id, 2))))
  expect((await scripts()) - before).toBe(1)
  for (const id of ['a', 'b', 'c']) {
    const job = (await queue.getJob(id))!
    expect(await job.getDependenciesCount({ unprocessed: true })).toEqual({ unprocessed: 2 })
  }
})

test('Redis is not held by more than a hundred jobs at once, but for a flow that has more by itself: ten thousand', async () => {
  const before = await scripts()
  await Promise.all([
    flows.add(flow('small')),
    flows.add(flow('large', 10_000)),
    ...Array.from({ length: 60 }, (_, at) => flows.add(flow(`many-${at}`))),
  ])
  expect((await scripts()) - before).toBe(4)
  expect(await queue.getJobCounts('waiting-children')).toEqual({ 'waiting-children': 62 })
})

test('a flow that is added again when its children have completed waits for them no longer', async () => {
  const connection = connectRedis(server.url, { name: 'test-worker', log })
  await using closing = new AsyncDisposableStack()
  closing.defer(() => connection.disconnect())
  const worker = new Worker(QUEUES.attach, async () => {}, { connection, prefix: PREFIX })
  closing.defer(() => worker.close())
  const state = () => queue.getJobState('a')
  await flows.add(flow('a', 2))
  await expect.poll(state).toBe('prioritized')
  await queue.remove('a', { removeChildren: false })
  await flows.add(flow('a', 2))
  expect(await state()).toBe('prioritized')
})

test('several flows are added though Redis has forgotten its scripts, even where none has a child', async () => {
  const add = (...ids: string[]) => Promise.all(ids.map(id => flows.add(flow(id, 0))))
  await add('a')
  await redis.script('FLUSH')
  await add('b', 'c')
  expect(await queue.getJobCounts('prioritized')).toEqual({ prioritized: 3 })
})

test('a flow that BullMQ refuses fails those that came with it, and is nothing to those that come later', async () => {
  const results = await Promise.allSettled([flows.add(flow('sound')), flows.add(flow('not:an-id'))])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  await flows.add(flow('sound'))
  expect(await queue.getJobCounts('waiting-children')).toEqual({ 'waiting-children': 1 })
})
