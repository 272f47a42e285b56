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
/** Signs of life are forgotten after an hour, in ms; until then, who has not said goodbye is lost. */
const FORGOTTEN = 3_600_000
/** Jobs that are looked at: more than a few dozen busy workers have. */
const MOST_JOBS = 5_000

export interface LostWorker {
  /** `host:pid`, as in the events. */
  readonly id: string
  readonly host: string
  readonly pid: number
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

export interface WorkerView extends LostWorker {
  readonly startedAt: string
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

/**
 * The same, each with what it does, by their names; and, the newest loss first, those that have gone in the last hour without
 * saying so, with what nobody has taken up from them yet.
 */
export async function listWorkers(redis: Redis): Promise<{ items: WorkerView[]; lost: LostWorker[] }> {
  const oldest = await oldestThatCounts(redis)
  const [seen, held] = await Promise.all([
    redis.zrangebyscore(keys.workers, oldest + SEEN_WITHIN - FORGOTTEN, '+inf', 'WITHSCORES'),
    heldJobs(redis),
  ])
  const all = seen.flatMap((id, index) => (index % 2 === 0 ? [{ id, at: Number(seen[index + 1]) }] : []))
  const view = ({ id, at }: { id: string; at: number }): LostWorker => {
    const colon = id.lastIndexOf(':')
    return {
      id,
      host: id.slice(0, colon),
      pid: Number(id.slice(colon + 1)),
      seenAt: instant(at),
      jobs: held.get(id) ?? [],
    }
  }
  const present = all.filter(({ at }) => at >= oldest).sort((a, b) => (a.id < b.id ? -1 : 1))
  const started = present.length === 0 ? [] : await redis.mget(present.map(({ id }) => keys.worker(id)))
  return {
    items: present.map((each, index) => ({
      ...view(each),
      // It went at this very moment, and took along since when it had been there.
      startedAt: instant(Number(started[index] ?? each.at)),
    })),
    lost: all
      .filter(({ at }) => at < oldest)
      .map(view)
      .reverse(),
  }
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
