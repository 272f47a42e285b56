/**
 * The event log of a job: in order, complete, no repeats, resumable from any event's id (I6). A transition appends each
 * event to the global stream and, with the same id, to the job's own log.
 */
import type { Redis } from 'ioredis'
import type { JsonObject } from '../pipelines/pipeline.ts'
import type { EventType, JobDeleted, JobEvent } from './job.ts'
import { keys } from './keys.ts'
import { instant } from './record.ts'

/** `<milliseconds>-<sequence>`, as Redis gives them. */
const EVENT_ID = /^\d{1,15}-\d{1,15}$/

export function isEventId(text: string): boolean {
  return EVENT_ID.test(text)
}

/** Negative, zero, positive: before, same, after. */
export function compareEventIds(one: string, other: string): number {
  const [time, sequence] = one.split('-').map(Number) as [number, number]
  const [otherTime, otherSequence] = other.split('-').map(Number) as [number, number]
  return time - otherTime || sequence - otherSequence
}

/** A job's events later than `after` (null: from the first), oldest first, at most `limit`. */
export async function readLog(
  redis: Redis,
  jobId: string,
  after: string | null,
  limit: number,
): Promise<JobEvent[]> {
  const entries = await redis.xrange(keys.log(jobId), after === null ? '-' : `(${after}`, '+', 'COUNT', limit)
  return entries.map(([id, fields]) => parseEvent(id, fields, jobId))
}

export interface StreamEntry {
  readonly event: JobEvent | JobDeleted
  readonly owner: string
}

/** Whose an entry of the global stream is: its first field. */
export function streamEntryJob(fields: readonly string[]): string {
  return fields[1]!
}

export function parseStreamEntry(id: string, fields: readonly string[]): StreamEntry {
  const { job, owner, type } = toObject(fields)
  const event = parseEvent(id, fields, job!)
  return { event: type === 'deleted' ? { ...event, type: 'job.deleted' } : event, owner: owner! }
}

function parseEvent(id: string, fields: readonly string[], jobId: string): JobEvent {
  const { type, run, data } = toObject(fields)
  return {
    id,
    type: type as EventType,
    jobId,
    run: Number(run),
    at: instant(Number.parseInt(id, 10)),
    data: JSON.parse(data!) as JsonObject,
  }
}

function toObject(fields: readonly string[]): Record<string, string | undefined> {
  const named: Record<string, string> = {}
  for (let index = 0; index < fields.length; index += 2) named[fields[index]!] = fields[index + 1]!
  return named
}
