/**
 * Which workers there are, and what they do now. Each gives a sign of life every few seconds; what it does stands in
 * the records of its jobs already, so nothing is told twice.
 */
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'
import { instant } from './record.ts'

/** Milliseconds since its last sign of life after which a worker does not count. */
const SEEN_WITHIN = 15_000
/** Signs of life are forgotten after an hour, in ms; until then, who has not said goodbye is lost. */
const FORGOTTEN = 3_600_000
/** Jobs that are looked at: more than a few dozen busy workers have. */
const MOST_JOBS = 5_000

export interface WorkerView {
  /** `host:pid`, as in the events; in a container each start has the same. */
  readonly id: string
  readonly host: string
  readonly pid: number
  readonly startedAt: string
  readonly seenAt: string
  /** The oldest first. */
  readonly jobs: readonly {
    readonly id: string
    /** Null before its first stage. */
    readonly stage: string | null
    /** The whole job's. */
    readonly percent: number
  }[]
}

/** Of one start of a worker. @property startedAt ms since 1970, by its clock. */
export interface Start {
  readonly id: string
  readonly startedAt: number
}

export async function sayAlive(redis: Redis, start: Start): Promise<void> {
  const now = Date.now()
  await redis
    .multi()
    .zadd(keys.workers, now, memberOf(start))
    .zremrangebyscore(keys.workers, '-inf', now - FORGOTTEN)
    .exec()
}

export async function sayGone(redis: Redis, start: Start): Promise<void> {
  await redis.zrem(keys.workers, memberOf(start))
}

/** One that dies in a container is back under the same name at once: without its start its loss would not be seen. */
export function memberOf({ id, startedAt }: Start): string {
  return `${id}@${startedAt}`
}

/** Workers that gave a sign of life just now, by Redis's clock. */
export async function countWorkers(redis: Redis): Promise<number> {
  return redis.zcount(keys.workers, await oldestThatCounts(redis), '+inf')
}

/**
 * The same, each with what it does, by their names; and, the newest loss first, those that have gone in the last hour without
 * saying so, with what nobody has taken up from them yet.
 */
export async function listWorkers(redis: Redis): Promise<{ items: WorkerView[]; lost: WorkerView[] }> {
  const oldest = await oldestThatCounts(redis)
  const [seen, held] = await Promise.all([
    redis.zrangebyscore(keys.workers, oldest + SEEN_WITHIN - FORGOTTEN, '+inf', 'WITHSCORES'),
    heldJobs(redis),
  ])
  const all = seen.flatMap((member, at) => (at % 2 === 0 ? [startOf(member, Number(seen[at + 1]))] : []))
  // Of several starts under one name the newest has them, or will have lost them in a moment.
  const newest = new Map(all.map(each => [each.id, each]))
  const view = (each: (typeof all)[number]): WorkerView => ({
    ...each,
    startedAt: instant(each.startedAt),
    seenAt: instant(each.seenAt),
    jobs: newest.get(each.id) === each ? (held.get(each.id) ?? []) : [],
  })
  const isPresent = ({ seenAt }: { seenAt: number }) => seenAt >= oldest
  return {
    items: all
      .filter(isPresent)
      .map(view)
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
    lost: all
      .filter(each => !isPresent(each))
      .map(view)
      .reverse(),
  }
}

function startOf(member: string, seenAt: number) {
  const [, id, host, pid, startedAt] = /^((.*):(\d+))@(\d+)$/.exec(member)!
  return { id: id!, host: host!, pid: Number(pid), startedAt: Number(startedAt), seenAt }
}

/** Jobs that are being processed, by the worker that holds them. */
async function heldJobs(redis: Redis): Promise<Map<string, WorkerView['jobs'][number][]>> {
  const ids = await redis.zrange(keys.jobsIn('processing'), '0', String(MOST_JOBS - 1))
  const pipeline = redis.pipeline()
  for (const id of ids) pipeline.hmget(keys.job(id), 'status', 'worker', 'stage', 'percent')
  const held = new Map<string, WorkerView['jobs'][number][]>()
  for (const [index, [error, fields]] of ((await pipeline.exec()) ?? []).entries()) {
    if (error) throw error
    const [status, worker, stage, percent] = fields as (string | null)[]
    if (status !== 'processing' || !worker) continue
    const jobs = held.get(worker) ?? []
    jobs.push({ id: ids[index]!, stage: stage ?? null, percent: Number(percent ?? 0) })
    held.set(worker, jobs)
  }
  return held
}

async function oldestThatCounts(redis: Redis): Promise<number> {
  const [seconds, microseconds] = await redis.time()
  return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000) - SEEN_WITHIN
}
