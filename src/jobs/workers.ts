/**
 * Which workers there are, and what they do now. Each gives a sign of life every few seconds; what it does stands in
 * the records of its jobs already, so nothing is told twice.
 */
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'
import { instant } from './record.ts'

/** Milliseconds since its last sign of life after which a worker does not count. */
const SEEN_WITHIN = 15_000
/** Longer than that, in ms: who counts also says since when. */
const KEPT = 60_000
/** Signs of life are forgotten after an hour, in ms. */
const FORGOTTEN = 3_600_000
/** Jobs that are looked at: more than a few dozen busy workers have. */
const MOST_JOBS = 5_000

export interface WorkerView {
  /** `host:pid`, as in the events. */
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

/** @param startedAt ms since 1970, by the worker's clock. */
export async function sayAlive(redis: Redis, id: string, startedAt: number): Promise<void> {
  const now = Date.now()
  await redis
    .multi()
    .zadd(keys.workers, now, id)
    .set(keys.worker(id), startedAt, 'PX', KEPT)
    .zremrangebyscore(keys.workers, '-inf', now - FORGOTTEN)
    .exec()
}

export async function sayGone(redis: Redis, id: string): Promise<void> {
  await redis.multi().zrem(keys.workers, id).del(keys.worker(id)).exec()
}

/** Workers that gave a sign of life just now, by Redis's clock. */
export async function countWorkers(redis: Redis): Promise<number> {
  return redis.zcount(keys.workers, await oldestThatCounts(redis), '+inf')
}

/** The same, each with what it does, by their names. */
export async function listWorkers(redis: Redis): Promise<WorkerView[]> {
  const [seen, held] = await Promise.all([
    redis.zrangebyscore(keys.workers, await oldestThatCounts(redis), '+inf', 'WITHSCORES'),
    heldJobs(redis),
  ])
  const ids = seen.filter((_, index) => index % 2 === 0)
  const started = ids.length === 0 ? [] : await redis.mget(ids.map(keys.worker))
  return ids
    .map((id, index): WorkerView => {
      const seenAt = Number(seen[2 * index + 1])
      const colon = id.lastIndexOf(':')
      return {
        id,
        host: id.slice(0, colon),
        pid: Number(id.slice(colon + 1)),
        // It went at this very moment, and took along since when it had been there.
        startedAt: instant(Number(started[index] ?? seenAt)),
        seenAt: instant(seenAt),
        jobs: held.get(id) ?? [],
      }
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1))
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
