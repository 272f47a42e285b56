/** Reading many jobs: the list, newest first, and the counts. */
import type { Redis } from 'ioredis'
import { STATUSES, type Status } from './job.ts'
import { keys } from './keys.ts'
import { type Cursor, readPage } from './paging.ts'
import { type JobRecord, readRecords } from './record.ts'

export interface ListQuery {
  /** Any of these; empty means all. */
  readonly statuses: readonly Status[]
  readonly pipeline?: string | undefined
  readonly owner?: string | undefined
  /** Milliseconds; both exclusive. */
  readonly createdAfter?: number | undefined
  readonly createdBefore?: number | undefined
  readonly limit: number
  readonly cursor: Cursor | null
}

export function listJobs(
  redis: Redis,
  query: ListQuery,
): Promise<{ items: JobRecord[]; next: Cursor | null }> {
  return readPage<JobRecord>(redis, {
    ...query,
    indexes: query.statuses.length === 0 ? [keys.jobs] : query.statuses.map(keys.jobsIn),
    read: ids => readRecords(redis, ids),
    fits: record =>
      (query.statuses.length === 0 || query.statuses.includes(record.status)) &&
      (query.pipeline === undefined || record.pipeline === query.pipeline) &&
      (query.owner === undefined || record.owner === query.owner),
  })
}

/** Jobs in each status, and how many have ended in the last minute. */
export async function countJobs(
  redis: Redis,
): Promise<{ jobs: Record<Status, number>; finishedPerMinute: number }> {
  const [seconds] = await redis.time()
  const [finishedPerMinute, ...counts] = await Promise.all([
    redis.zcount(keys.finished, (Number(seconds) - 60) * 1_000, '+inf'),
    ...STATUSES.map(status => redis.zcard(keys.jobsIn(status))),
  ])
  const jobs = Object.fromEntries(STATUSES.map((status, index) => [status, counts[index]!])) as Record<
    Status,
    number
  >
  return { jobs, finishedPerMinute }
}
