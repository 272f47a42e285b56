/**
 * From the outbox into BullMQ. A job is one flow: `process`, the parent, becomes runnable only when the last of its
 * `attach-file` children has completed. A delivery is one job.
 */
import { type FlowJob, FlowProducer, Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import type { Deliveries, DeliveryRecord } from '../jobs/deliveries.ts'
import { isFinal } from '../jobs/job.ts'
import type { Outbox, OutboxEntry } from '../jobs/outbox.ts'
import { type JobRecord, readRecord } from '../jobs/record.ts'
import type { Log } from '../log.ts'
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

export type Enqueuer = ReturnType<typeof createEnqueuer>

export function createEnqueuer(options: { redis: Redis; outbox: Outbox; deliveries: Deliveries; log: Log }) {
  const { redis, outbox, deliveries, log } = options
  const connection = { connection: redis, prefix: PREFIX }
  const flows = new FlowProducer(connection)
  const deliverQueue = new Queue<DeliverData>(QUEUES.deliver, connection)
  // Redis going away is told once, by the connection; commands that fail tell their callers.
  const told = (error: Error) => log.debug({ err: error }, 'BullMQ')
  flows.on('error', told)
  deliverQueue.on('error', told)

  /** Adds a job's flow and takes it out of the outbox. @throws where Redis can't be reached; the outbox keeps it. */
  async function addFlow(record: JobRecord): Promise<void> {
    const flow = flowOf(record)
    await flows.add(flow).catch(error => addAfterFlush(flow, error))
    await settle({ kind: 'flow', jobId: record.id, flow: record.flow }, [
      bullKeys.job(QUEUES.process, flow.opts!.jobId!),
      ...flow.children!.map(child => bullKeys.job(QUEUES.attach, child.opts!.jobId!)),
    ])
  }

  /**
   * After SCRIPT FLUSH a connection still believes that Redis knows its scripts, and a MULTI has no way to find out in
   * time: no flow would ever be added again. Connected anew, it believes nothing.
   */
  async function addAfterFlush(flow: FlowJob, error: Error): Promise<void> {
    if (!error.message.includes('NOSCRIPT')) throw error
    log.warn('Redis has forgotten its scripts (SCRIPT FLUSH?); connecting anew')
    redis.disconnect(true)
    await flows.add(flow)
  }

  async function addDelivery(delivery: DeliveryRecord): Promise<void> {
    const jobId = deliverId(delivery.id, delivery.round)
    const data: DeliverData = { deliveryId: delivery.id, round: delivery.round }
    await deliverQueue.add(delivery.type, data, { ...JOB_OPTIONS, jobId })
    await settle({ kind: 'delivery', deliveryId: delivery.id, round: delivery.round }, [
      bullKeys.job(QUEUES.deliver, jobId),
    ])
  }

  async function settle(entry: OutboxEntry, keys: string[]): Promise<void> {
    if (!(await outbox.settle(entry, keys)))
      log.warn({ entry }, 'BullMQ took a flow without all of its jobs; it will be added again')
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
        if (delivery?.status === 'pending' && delivery.round === entry.round) await addDelivery(delivery)
      }
    },

    /** The delivery of a job that just ended, at once; if that fails the outbox has it. */
    async deliver(deliveryId: string | undefined): Promise<void> {
      if (deliveryId === undefined) return
      const delivery = await deliveries.read(deliveryId)
      if (delivery?.status === 'pending') await addDelivery(delivery)
    },

    async close(): Promise<void> {
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
