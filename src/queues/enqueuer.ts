/**
 * From the outbox into BullMQ. A job is one flow: `process`, the parent, becomes runnable only when the last of its
 * `attach-file` children has completed. A delivery is one job.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { type FlowJob, Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import type { Deliveries } from '../jobs/deliveries.ts'
import { type DeliveryRound, isFinal } from '../jobs/job.ts'
import type { Enqueued, Outbox, OutboxEntry } from '../jobs/outbox.ts'
import { type JobRecord, readRecord } from '../jobs/record.ts'
import type { Log } from '../log.ts'
import { createFlows } from './flows.ts'
import {
  type AttachData,
  attachId,
  bullKeys,
  bullPriority,
  type DeliverData,
  deliverId,
  JOB_OPTIONS,
  PREFIX,
  type ProcessData,
  processId,
  QUEUES,
} from './names.ts'

/** How long what was enqueued stays in the outbox, ms; much less than the sweeper waits. */
const SETTLE_AFTER_MS = 50

export type Enqueuer = ReturnType<typeof createEnqueuer>

export function createEnqueuer(options: { redis: Redis; outbox: Outbox; deliveries: Deliveries; log: Log }) {
  const { redis, outbox, deliveries, log } = options
  const connection = { connection: redis, prefix: PREFIX }
  const flows = createFlows({ redis, log })
  const deliverQueue = new Queue<DeliverData>(QUEUES.deliver, connection)
  // Redis going away is told once, by the connection; commands that fail tell their callers.
  deliverQueue.on('error', error => log.debug({ err: error }, 'BullMQ'))

  /** Adds a job's flow. @throws where Redis can't be reached; the outbox keeps it. */
  async function addFlow(record: JobRecord): Promise<void> {
    const flow = flowOf(record)
    await flows.add(flow)
    settle({ kind: 'flow', jobId: record.id, flow: record.flow }, [
      bullKeys.job(QUEUES.process, flow.opts!.jobId!),
      ...flow.children!.map(child => bullKeys.job(QUEUES.attach, child.opts!.jobId!)),
    ])
  }

  async function addDelivery({ id, type, round }: DeliveryRound, delayMs: number): Promise<void> {
    const jobId = deliverId(id, round)
    const data: DeliverData = { deliveryId: id, round }
    await deliverQueue.add(type, data, { ...JOB_OPTIONS, jobId, delay: Math.max(0, delayMs) })
    settle({ kind: 'delivery', deliveryId: id, round }, [bullKeys.job(QUEUES.deliver, jobId)])
  }

  let enqueued: Enqueued[] = []
  let settling: Promise<unknown> = Promise.resolve()

  /**
   * Takes an entry out of the outbox, a moment later and in one call with others. What is not settled is only added once
   * more, by the sweeper, without effect.
   */
  function settle(entry: OutboxEntry, keys: readonly string[]): void {
    enqueued.push({ entry, bullKeys: keys })
    if (enqueued.length === 1) settling = Promise.all([settling, settleSoon()])
  }

  async function settleSoon(): Promise<void> {
    await delay(SETTLE_AFTER_MS)
    const batch = enqueued
    enqueued = []
    try {
      for (const entry of await outbox.settle(batch))
        log.warn({ entry }, 'BullMQ took a flow without all of its jobs; it will be added again')
    } catch (error) {
      log.debug({ err: error }, 'the outbox was not settled; the sweeper will')
    }
  }

  return {
    addFlow,

    /** Puts into BullMQ what an outbox entry stands for, if it is still wanted. */
    async enqueue(entry: OutboxEntry): Promise<void> {
      if (entry.kind === 'flow') {
        const record = await readRecord(redis, entry.jobId)
        if (record && !isFinal(record.status) && record.flow === entry.flow) await addFlow(record)
      } else {
        const delivery = await deliveries.read(entry.deliveryId)
        if (delivery?.status === 'pending' && delivery.round === entry.round)
          await addDelivery(delivery, (delivery.nextAttemptAt ?? 0) - Date.now())
      }
    },

    /** A delivery's attempt, `delayMs` from now; if this fails the outbox has it. */
    async deliver(delivery: DeliveryRound | undefined, delayMs = 0): Promise<void> {
      if (delivery) await addDelivery(delivery, delayMs)
    },

    async close(): Promise<void> {
      await settling
      await Promise.all([flows.close(), deliverQueue.close()])
    },
  }
}

/** `process` ← `attach-file` × N, with the same priority: an urgent job must not wait behind everybody's attaching. */
export function flowOf(record: JobRecord): FlowJob {
  const priority = bullPriority(record.priority)
  const data: ProcessData = { jobId: record.id, flow: record.flow }
  return {
    name: record.pipeline,
    queueName: QUEUES.process,
    data,
    opts: { ...JOB_OPTIONS, priority, jobId: processId(record.id, record.flow) },
    children: record.files
      .filter(file => file.status !== 'attached')
      .map(file => ({
        name: file.name,
        queueName: QUEUES.attach,
        data: { ...data, fileId: file.id } satisfies AttachData,
        opts: {
          ...JOB_OPTIONS,
          priority,
          jobId: attachId(record.id, record.flow, file.id),
          failParentOnFailure: true,
        },
      })),
  }
}
