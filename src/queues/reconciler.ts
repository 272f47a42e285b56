/**
 * The reconciler: finds submitted jobs and open deliveries of which BullMQ knows nothing any more (somebody emptied a
 * queue) and which nothing in the outbox would bring back. It reads the truth: no watermark, no failed set.
 */
import type { Redis } from 'ioredis'
import type { Deliveries } from '../jobs/deliveries.ts'
import { keys } from '../jobs/keys.ts'
import type { Transitions } from '../jobs/transitions.ts'
import { isRefused } from '../jobs/transitions.ts'
import type { Log } from '../log.ts'
import type { Enqueuer } from './enqueuer.ts'
import { bullKeys, deliverId, processId, QUEUES, type QueueName } from './names.ts'

const SLICE = 200

export function createReconciler(options: {
  redis: Redis
  transitions: Transitions
  deliveries: Deliveries
  enqueuer: Enqueuer
  log: Log
}) {
  const { redis, transitions, deliveries, enqueuer, log } = options

  /** Of some BullMQ jobs those that are not there, or have ended: waiting, delayed, active and their like are alive. */
  async function dead(queue: QueueName, ids: readonly string[]): Promise<number[]> {
    const pipeline = redis.pipeline()
    for (const id of ids) {
      pipeline
        .exists(bullKeys.job(queue, id))
        .zscore(bullKeys.completed(queue), id)
        .zscore(bullKeys.failed(queue), id)
    }
    const replies = ((await pipeline.exec()) ?? []).map(([error, reply]) => {
      if (error) throw error
      return reply
    })
    return [...ids.keys()].filter(
      at => replies[at * 3] === 0 || replies[at * 3 + 1] !== null || replies[at * 3 + 2] !== null,
    )
  }

  async function* slices(index: string): AsyncGenerator<string[]> {
    for (let cursor = '0'; ; ) {
      const [next, flat] = await redis.zscan(index, cursor, 'COUNT', SLICE)
      yield flat.filter((_, at) => at % 2 === 0)
      if (next === '0') return
      cursor = next
    }
  }

  async function reconcileJobs(ids: readonly string[]): Promise<void> {
    const flows = await readField(redis, ids.map(keys.job), 'flow')
    const jobs = ids.map((id, at) => processId(id, flows[at]!))
    for (const at of await dead(QUEUES.process, jobs)) {
      const answer = await transitions.refill({ id: ids[at]!, flow: flows[at]!, job: jobs[at]! }, [
        bullKeys.job(QUEUES.process, jobs[at]!),
        bullKeys.completed(QUEUES.process),
        bullKeys.failed(QUEUES.process),
      ])
      if (isRefused(answer)) continue
      log.warn(
        `job ${ids[at]} was no longer in its queue; ${answer.delivery === undefined ? 'it is put back' : 'it has ended'}`,
      )
      await enqueuer.enqueue({ kind: 'flow', jobId: ids[at]!, flow: flows[at]! + 1 })
      await enqueuer.deliver(answer.delivery)
    }
  }

  async function reconcileDeliveries(ids: readonly string[]): Promise<void> {
    const rounds = await readField(redis, ids.map(keys.delivery), 'round')
    const jobs = ids.map((id, at) => deliverId(id, rounds[at]!))
    for (const at of await dead(QUEUES.deliver, jobs)) {
      const answer = await deliveries.refill({ id: ids[at]!, round: rounds[at]!, job: jobs[at]! }, [
        bullKeys.job(QUEUES.deliver, jobs[at]!),
        bullKeys.completed(QUEUES.deliver),
        bullKeys.failed(QUEUES.deliver),
      ])
      if (isRefused(answer)) continue
      log.warn(`delivery ${ids[at]} was no longer in its queue; it is put back`)
      await enqueuer.enqueue({ kind: 'delivery', deliveryId: ids[at]!, round: rounds[at]! + 1 })
    }
  }

  /** One that can't be put back must not keep the others. */
  async function each(
    slice: AsyncGenerator<string[]>,
    work: (ids: readonly string[]) => Promise<void>,
  ): Promise<void> {
    for await (const ids of slice) {
      await work(ids).catch(error =>
        log.warn({ err: error }, 'some of what was looked at could not be put back'),
      )
    }
  }

  return {
    /** One pass over everything that is not final, a bounded slice at a time. */
    async run(): Promise<void> {
      for (const status of ['attaching', 'pending', 'processing']) {
        await each(slices(keys.jobsIn(status)), reconcileJobs)
      }
      await each(slices(keys.deliveriesIn('pending')), reconcileDeliveries)
    },
  }
}

async function readField(redis: Redis, hashes: readonly string[], field: string): Promise<number[]> {
  const pipeline = redis.pipeline()
  for (const hash of hashes) pipeline.hget(hash, field)
  return ((await pipeline.exec()) ?? []).map(([error, value]) => {
    if (error) throw error
    return Number(value)
  })
}
