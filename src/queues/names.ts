/**
 * What the API and the workers agree on: the queues, the shape of what is in them, and the ids of BullMQ's jobs, which
 * are derived, so that adding anything twice has no effect. Payloads are only names: the record is the truth.
 */
import type { JobsOptions } from 'bullmq'
import { PREFIX } from '../jobs/keys.ts'

export { PREFIX }

export const QUEUES = { process: 'process', attach: 'attach-file', deliver: 'deliver-webhook' } as const
export type QueueName = (typeof QUEUES)[keyof typeof QUEUES]

export interface ProcessData {
  readonly jobId: string
  readonly flow: number
}

export interface AttachData extends ProcessData {
  readonly fileId: string
  /** When what is needed to attach it was first found to be away, by a worker's clock. */
  readonly awaySince?: number
}

export interface DeliverData {
  readonly deliveryId: string
  readonly round: number
  /** How many losses of its workers were reckoned with. */
  readonly losses?: number
}

export const processId = (jobId: string, flow: number) => `${jobId}-${flow}`
export const attachId = (jobId: string, flow: number, fileId: string) => `${jobId}-${flow}-${fileId}`
export const deliverId = (deliveryId: string, round: number) => `${deliveryId}-${round}`

/** Where BullMQ keeps a job, its lock, or one of its queue's sets. */
export const bullKeys = {
  job: (queue: QueueName, id: string) => `${PREFIX}:${queue}:${id}`,
  lock: (queue: QueueName, id: string) => `${PREFIX}:${queue}:${id}:lock`,
  completed: (queue: QueueName) => `${PREFIX}:${queue}:completed`,
  failed: (queue: QueueName) => `${PREFIX}:${queue}:failed`,
}

const A_DAY = 86_400

/**
 * BullMQ decides no ending: its attempts are practically unlimited, the record counts. Kept by age, never by count:
 * adding a flow again is harmless only while its completed children are kept.
 */
export const JOB_OPTIONS: JobsOptions = {
  attempts: 1_000_000_000,
  backoff: { type: 'custom' },
  removeOnComplete: { age: A_DAY },
  removeOnFail: { age: A_DAY },
}

/**
 * BullMQ's priority, 2…2002, for one of ours, −1000…1000, higher first. Never 0 or unset, which BullMQ runs last in,
 * first out, and before all others.
 */
export function bullPriority(priority: number): number {
  return 1_002 - priority
}
