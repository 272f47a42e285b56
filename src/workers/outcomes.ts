/**
 * How a processor ends, in BullMQ's terms. BullMQ decides no ending: the record does, and a processor tells BullMQ only
 * whether to keep the job, when to try again, or that it is over.
 */
import { type Job, UnrecoverableError, WaitingError } from 'bullmq'
import type { JobRecord } from '../jobs/record.ts'

/** Another attempt follows, so much later: the record, or the schedule, said so. */
export class RetryLater extends Error {
  override readonly name = 'RetryLater'
  readonly delayMs: number

  constructor(message: string, delayMs: number, options?: ErrorOptions) {
    super(message, options)
    this.delayMs = delayMs
  }
}

/** BullMQ's back-off: what the error asks for; for anything unforeseen 1 s, doubling up to a minute. */
export function backoff(attemptsMade: number, _type?: string, error?: Error): number {
  return error instanceof RetryLater
    ? error.delayMs
    : Math.min(60_000, 1_000 * 2 ** Math.min(attemptsMade - 1, 6))
}

/** Stops a run because its worker process shuts down. */
export class ShuttingDown extends Error {
  override readonly name = 'ShuttingDown'
  constructor() {
    super('the worker is shutting down')
  }
}

/** The lock on the job ran out under a worker that lives: Redis was away, or the process stood still. */
export class LockLost extends Error {
  override readonly name = 'LockLost'
}

/** Gives a job back to its queue, for another worker; costs neither an attempt nor a stall. */
export async function handBack(job: Job, lock: string | undefined): Promise<never> {
  await job.moveToWait(lock)
  throw new WaitingError()
}

/**
 * A refused processor returns only if nothing is left to be done: the record is completed, cancelled, gone, or of a
 * newer flow. Of a failed one it throws the record's own reason, which Bull Board then shows.
 */
export function settleRefused(record: JobRecord | null, flow: number): void {
  if (
    record === null ||
    record.status === 'completed' ||
    record.status === 'cancelled' ||
    record.flow !== flow
  )
    return
  if (record.status === 'failed') throw new UnrecoverableError(record.error?.message ?? 'The job has failed.')
  throw new Error(`the job is ${record.status} and was not to be had`)
}
