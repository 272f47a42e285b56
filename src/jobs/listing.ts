/** Reading many jobs: the list, newest first, and the counts. */
import type { Redis } from 'ioredis'
import { type ErrorCode, STATUSES, type Status } from './job.ts'
import { keys } from './keys.ts'
import { askedValue, isIndexed, metadataLabel, ownerLabel } from './labels.ts'
import { type Cursor, type Page, readPage } from './paging.ts'
import { type JobRecord, readRecords } from './record.ts'

export interface JobFilter {
  /** Any of these; empty means all. */
  readonly statuses: readonly Status[]
  readonly pipeline?: string | undefined
  readonly owner?: string | undefined
  /** Why they failed. */
  readonly error?: ErrorCode | undefined
  /** Values by key, as `askedValue` gives them; all of them. */
  readonly metadata?: readonly (readonly [key: string, value: string])[]
  /** In the id, a file's name or the metadata, whatever its case. */
  readonly text?: string | undefined
  /** Milliseconds; both exclusive. */
  readonly createdAfter?: number | undefined
  readonly createdBefore?: number | undefined
}

export interface ListQuery extends JobFilter {
  readonly limit: number
  readonly cursor: Cursor | null
}

export function listJobs(redis: Redis, query: ListQuery): Promise<Page<JobRecord>> {
  return readPage<JobRecord>(redis, {
    ...query,
    indexes: indexesFor(query),
    read: ids => readRecords(redis, ids),
    fits: record => fits(record, query),
  })
}

/** Of those that hold every job that fits, the one that most likely holds fewest others. */
function indexesFor({ statuses, owner, error, metadata = [] }: JobFilter): string[] {
  // Only what failed has an error.
  if (error !== undefined && statuses.length > 0 && !statuses.includes('failed')) return []
  const pair = metadata.find(([key, value]) => isIndexed(key, value))
  if (pair) return [keys.jobsLabelled(metadataLabel(...pair))]
  if (error !== undefined && owner === undefined) return [keys.jobsIn('failed')]
  if (statuses.length > 0 && owner === undefined) return statuses.map(keys.jobsIn)
  return [owner === undefined ? keys.jobs : keys.jobsLabelled(ownerLabel(owner))]
}

function fits(record: JobRecord, filter: JobFilter): boolean {
  const { statuses, pipeline, owner, error, metadata = [], text } = filter
  return (
    (statuses.length === 0 || statuses.includes(record.status)) &&
    (pipeline === undefined || record.pipeline === pipeline) &&
    (owner === undefined || record.owner === owner) &&
    (error === undefined || record.error?.code === error) &&
    metadata.every(
      ([key, value]) => Object.hasOwn(record.metadata, key) && askedValue(record.metadata[key]) === value,
    ) &&
    (text === undefined || mentions(record, text.toLowerCase()))
  )
}

function mentions({ id, files, metadata }: JobRecord, text: string): boolean {
  return (
    id.includes(text) ||
    files.some(({ name }) => name.toLowerCase().includes(text)) ||
    JSON.stringify(metadata).toLowerCase().includes(text)
  )
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
