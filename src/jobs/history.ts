/**
 * What came in and what became of it in the last day, as the transitions count it: a hash a minute.
 *
 *   submitted, completed, failed, cancelled    jobs
 *   error:<code>                               failed jobs by their cause
 *   stage:<name>:<bound>, wait:<bound>         durations of at most so many ms (`more`: longer than any bound), each in
 *                                              one; stage:<name>:ms, wait:ms their sum
 *   delivered, attemptsFailed                  attempts at deliveries
 *
 * A script that is sent again after its reply was lost counts once: it changes nothing the second time.
 */
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'
import { instant } from './record.ts'

const MINUTE = 60_000
/** More points than this show no more on a chart, and cost more to send. */
const MOST_POINTS = 120

/** Of what was done so many times, in ms; null where it was not done. */
export interface Durations {
  readonly count: number
  readonly totalMs: number
  /** By interpolation within the bounds that durations are counted under: close, not exact. */
  readonly p50Ms: number | null
  readonly p95Ms: number | null
}

export interface Figures {
  readonly submitted: number
  readonly completed: number
  readonly failed: number
  readonly cancelled: number
  /** From the last file attached to the run's first start. */
  readonly wait: Durations
  readonly stages: Readonly<Record<string, Durations>>
  /** By the code of the job's error. */
  readonly failures: Readonly<Record<string, number>>
  readonly deliveries: { readonly delivered: number; readonly failedAttempts: number }
}

export interface History {
  readonly bucketSeconds: number
  /** The oldest first; the last one is still under way. */
  readonly points: readonly ({ readonly at: string } & Figures)[]
  readonly total: Figures
}

type Counts = Map<string, number>

/**
 * @param minutes back from now, up to a day; beyond two hours several are put together in a point, whose beginnings are
 *   whole multiples of their length, so that a point stays the same from one reading to the next.
 */
export async function readHistory(redis: Redis, minutes: number): Promise<History> {
  const [seconds] = await redis.time()
  const width = Math.ceil(minutes / MOST_POINTS)
  const last = Math.floor(Number(seconds) / 60)
  const points = Math.ceil(minutes / width)
  const first = Math.floor(last / width) * width - (points - 1) * width

  const pipeline = redis.pipeline()
  for (let minute = first; minute <= last; minute += 1) pipeline.hgetall(keys.history(minute))
  const replies = (await pipeline.exec()) ?? []

  const total: Counts = new Map()
  const counts = Array.from({ length: points }, (): Counts => new Map())
  for (const [offset, [error, hash]] of replies.entries()) {
    if (error) throw error
    for (const [field, text] of Object.entries(hash as Record<string, string>)) {
      for (const sum of [total, counts[Math.floor(offset / width)]!])
        sum.set(field, (sum.get(field) ?? 0) + Number(text))
    }
  }
  return {
    bucketSeconds: width * 60,
    points: counts.map((each, index) => ({
      at: instant((first + index * width) * MINUTE),
      ...figures(each),
    })),
    total: figures(total),
  }
}

function figures(counts: Counts): Figures {
  const of = (field: string) => counts.get(field) ?? 0
  const failures: Record<string, number> = {}
  const stages = new Set<string>()
  for (const [field, count] of counts) {
    const [kind, name] = field.split(':')
    if (kind === 'error') failures[name!] = count
    if (kind === 'stage') stages.add(name!)
  }
  return {
    submitted: of('submitted'),
    completed: of('completed'),
    failed: of('failed'),
    cancelled: of('cancelled'),
    wait: durations(counts, 'wait'),
    stages: Object.fromEntries([...stages].sort().map(name => [name, durations(counts, `stage:${name}`)])),
    failures,
    deliveries: { delivered: of('delivered'), failedAttempts: of('attemptsFailed') },
  }
}

function durations(counts: Counts, of: string): Durations {
  const buckets: { bound: number; count: number }[] = []
  for (const [field, count] of counts) {
    if (!field.startsWith(`${of}:`)) continue
    const bound = field.slice(of.length + 1)
    if (bound === 'ms') continue
    buckets.push({ bound: bound === 'more' ? Number.POSITIVE_INFINITY : Number(bound), count })
  }
  buckets.sort((a, b) => a.bound - b.bound)
  const count = buckets.reduce((sum, bucket) => sum + bucket.count, 0)
  return {
    count,
    totalMs: counts.get(`${of}:ms`) ?? 0,
    p50Ms: quantile(buckets, count, 0.5),
    p95Ms: quantile(buckets, count, 0.95),
  }
}

/** What `history.lua` counts durations under, in ms. */
export const BOUNDS = [
  10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 1_800_000,
]

/** As Prometheus' `histogram_quantile`: evenly within a bucket; the greatest bound for what is above it. */
function quantile(
  buckets: readonly { bound: number; count: number }[],
  count: number,
  share: number,
): number | null {
  if (count === 0) return null
  let below = 0
  for (const bucket of buckets) {
    if (below + bucket.count >= count * share) {
      if (bucket.bound === Number.POSITIVE_INFINITY) break
      const least = BOUNDS.findLast(bound => bound < bucket.bound) ?? 0
      return Math.round(least + ((bucket.bound - least) * (count * share - below)) / bucket.count)
    }
    below += bucket.count
  }
  return BOUNDS.at(-1)!
}
