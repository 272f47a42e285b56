/**
 * The janitor: removes what nobody claims, and what has had its time. One at a time among all workers; safe at any
 * moment, concurrently with uploads and runs: bytes go only after one script has seen neither a lease, nor a record that
 * names them, nor a worker that may be writing them, in the Redis that this storage belongs to.
 */
import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { createAudit } from '../jobs/audit.ts'
import type { Deliveries } from '../jobs/deliveries.ts'
import { checkInstallation, raiseCounter, type Stamp } from '../jobs/installation.ts'
import { keys } from '../jobs/keys.ts'
import { LEASE_MS } from '../jobs/leases.ts'
import { defineScript } from '../jobs/script.ts'
import { createStored } from '../jobs/stored.ts'
import { addSweep } from '../jobs/sweep-totals.ts'
import { isRefused, type Transitions } from '../jobs/transitions.ts'
import type { Log } from '../log.ts'
import type { Enqueuer } from '../queues/enqueuer.ts'
import { type Storage, tellsUnfinished } from '../storage/storage.ts'
import { createUploadSweep } from '../uploads/sweep.ts'

export interface JanitorOptions {
  readonly redis: Redis
  readonly storage: Storage
  readonly transitions: Transitions
  readonly deliveries: Deliveries
  /** For an upload that is found complete, and submits its job. */
  readonly enqueuer: Enqueuer
  readonly log: Log
  /** Both in milliseconds. */
  readonly retention: number
  readonly draftTtl: number
}

export interface Swept {
  /** Objects that nobody claimed. */
  readonly objects: number
  /** Uploads in parts that nobody claimed, and nobody ended. */
  readonly unfinished: number
  /** Drafts and final jobs past their time. */
  readonly jobs: number
  readonly deliveries: number
  /** Open uploads past their time, or whose job is no draft any more. */
  readonly uploads: number
  /** Not removed: open uploads whose bytes had all come, but whose request had died before it could name the file. */
  readonly completed: number
}

const COUNTER_EVERY_MS = 60_000
const AT_ONCE = 100

export function createJanitor(options: JanitorOptions) {
  const { redis, storage, transitions, deliveries, log } = options
  const unclaimed = defineScript(redis, 'unclaimed')
  const stored = createStored(redis)
  const audit = createAudit(redis)
  const sweepUploads = createUploadSweep(options)
  let toldWhy: string | undefined
  let raisedAt = 0

  /** One pass, or null where this storage and this Redis do not belong together. */
  async function sweep(): Promise<Swept | null> {
    const installation = await checkInstallation(redis, storage)
    if (!installation.belongs) {
      if (toldWhy !== installation.why) log.error(installation.why)
      toldWhy = installation.why
      return null
    }
    toldWhy = undefined
    if (Date.now() - raisedAt >= COUNTER_EVERY_MS) {
      await raiseCounter(redis, storage)
      raisedAt = Date.now()
    }
    await audit.expire()
    // Before the drafts: one that is complete may be the last that its draft waited for.
    const uploads = await sweepUploads()
    const removed = {
      jobs: (await expire(keys.finished, options.retention)) + (await expire(keys.drafts, options.draftTtl)),
      deliveries: await expireDeliveries(),
      unfinished: await abortUnclaimed(installation.stamp),
      uploads: uploads.expired,
      objects: await removeUnclaimed(installation.stamp),
    }
    if (Object.values(removed).some(count => count > 0))
      log.info(removed, 'the janitor removed what had had its time')
    if (uploads.completed > 0)
      log.info({ uploads: uploads.completed }, 'the janitor completed uploads whose requests had died')
    await addSweep(redis, removed, await redisNow())
    return { ...removed, completed: uploads.completed }
  }

  async function expire(index: string, age: number): Promise<number> {
    const before = (await redisNow()) - age
    let removed = 0
    for (let skip = 0; ; ) {
      const ids = await redis.zrangebyscore(index, '-inf', before, 'LIMIT', skip, AT_ONCE)
      for (const id of ids) {
        const answer = await transitions.delete({
          id,
          token: randomUUID(),
          expiredBefore: { draft: options.draftTtl, final: options.retention },
        })
        if (isRefused(answer)) {
          // Touched meanwhile; or the index names a job that is gone.
          if (answer.refused === 'gone') await redis.zrem(index, id)
          else skip++
          continue
        }
        removed++
        await storage.removeAll(await Array.fromAsync(storage.list(id), ({ key }) => key))
      }
      if (ids.length < AT_ONCE) return removed
    }
  }

  async function expireDeliveries(): Promise<number> {
    const before = (await redisNow()) - options.retention
    let removed = 0
    for (let skip = 0; ; ) {
      const ids = await redis.zrangebyscore(keys.deliveries, '-inf', before, 'LIMIT', skip, AT_ONCE)
      for (const id of ids) {
        // One that is still open outlives its job.
        if (isRefused(await deliveries.delete(id, options.retention))) skip++
        else removed++
      }
      if (ids.length < AT_ONCE) return removed
    }
  }

  async function removeUnclaimed(stamp: Stamp): Promise<number> {
    let [removed, bytes] = [0, 0]
    const measured = await stored.measure()
    const begunAt = Date.now()
    for await (const { jobId, objects } of storage.listByJob()) {
      const kept = new Map(objects.map(({ key, size }) => [key, size]))
      if (wasMadeSince(begunAt, jobId)) {
        // The next pass's: under load more come than are looked at meanwhile, and this one would not end.
        bytes += sumOf(kept.values())
        continue
      }
      // Listed before the claims are read, no matter how long before: what is written from then on is not on the list,
      // and what was written until then is claimed now, or by nobody.
      const [unclaimed, underWay] = await claimedByNobody(jobId, [...kept.keys()], stamp)
      for (const key of underWay) kept.delete(key)
      for (const key of unclaimed) {
        // One that can't be removed must not keep the rest.
        await storage.remove(key).then(
          () => {
            removed++
            kept.delete(key)
          },
          error => log.warn({ err: error }, `the janitor could not remove ${key}`),
        )
      }
      bytes += sumOf(kept.values())
    }
    await measured(bytes)
    return removed
  }

  /**
   * The same for objects that are still parts, where the store knows of such. An upload under way holds a lease before
   * it begins one, and a worker the job; the age only saves the question.
   */
  async function abortUnclaimed(stamp: Stamp): Promise<number> {
    if (!tellsUnfinished(storage)) return 0
    let aborted = 0
    for await (const upload of storage.listUnfinished()) {
      if (Date.now() - upload.startedAt < LEASE_MS) continue
      const [unclaimedKeys] = await claimedByNobody(upload.jobId, [upload.key], stamp)
      if (unclaimedKeys.length === 0) continue
      await storage.abortUnfinished(upload).then(
        () => aborted++,
        error => log.warn({ err: error }, `the janitor could not end the unfinished upload of ${upload.key}`),
      )
    }
    return aborted
  }

  async function claimedByNobody(
    jobId: string,
    objects: readonly string[],
    { id, counter }: Stamp,
  ): Promise<[unclaimed: string[], underWay: string[]]> {
    if (objects.length === 0) return [[], []]
    return (await unclaimed(
      [keys.job(jobId), keys.leases(jobId), keys.installation, keys.uploads],
      [id, counter, ...objects],
    )) as [string[], string[]]
  }

  async function redisNow(): Promise<number> {
    const [seconds, microseconds] = await redis.time()
    return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000)
  }

  return { sweep }
}

const sumOf = (sizes: Iterable<number>) => [...sizes].reduce((sum, size) => sum + size, 0)

/** By the time in its id. One of the future, by another machine's clock, says nothing. */
function wasMadeSince(time: number, jobId: string): boolean {
  const [, high, low] = /^([0-9a-f]{8})-([0-9a-f]{4})-7/.exec(jobId) ?? []
  const madeAt = Number.parseInt(`${high}${low}`, 16)
  return madeAt > time && madeAt <= Date.now()
}
