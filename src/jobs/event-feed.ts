/**
 * The live feed. One reader a process tails the global stream and serves every client of that process. A client is
 * registered first (what happens meanwhile is kept for it), then reads its job's log, then what was kept, without the
 * ids that it has had: no polling, no gaps. As long as there is no client, nothing is read: under load the stream is
 * long, and none of it would be anybody's business here.
 *
 * The global stream is trimmed near 10,000 entries. A reader that fell behind the trim, a client that reads too slowly,
 * a Redis that came back older: each sends the clients concerned back to their logs.
 */
import type { Redis } from 'ioredis'
import type { Log } from '../log.ts'
import { compareEventIds, parseStreamEntry, readLog, type StreamEntry, streamEntryJob } from './events.ts'
import { BATCH, streamEnd, streamFrom } from './global-stream.ts'
import { isFinal, isFinalEvent, type JobEvent, type Status } from './job.ts'
import { keys } from './keys.ts'

const PAGE = 500

export type EventFeed = ReturnType<typeof createEventFeed>

/** What waits for one client. */
class Subscription {
  private entries: StreamEntry[] = []
  private gap = false
  private wake: (() => void) | undefined

  push(entry: StreamEntry): void {
    if (this.entries.length >= BATCH) this.lose()
    else this.entries.push(entry)
    this.wake?.()
  }

  lose(): void {
    this.entries = []
    this.gap = true
    this.wake?.()
  }

  /** What has come since, or that some of it was lost; waits for it. Null when the signal aborts. */
  async take(signal: AbortSignal): Promise<StreamEntry[] | 'gap' | null> {
    if (!this.gap && this.entries.length === 0 && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.wake = resolve
      signal.addEventListener('abort', resolve as () => void)
      await promise
      signal.removeEventListener('abort', resolve as () => void)
      this.wake = undefined
    }
    if (signal.aborted) return null
    if (this.gap) {
      this.gap = false
      return 'gap'
    }
    return this.entries.splice(0)
  }
}

/**
 * @param options `reader`: a connection of its own, which blocks; `redis`: one for everything else.
 */
export function createEventFeed(options: { reader: Redis; redis: Redis; log: Log }) {
  const { reader, redis, log } = options
  const byJob = new Map<string, Set<Subscription>>()
  const all = new Set<Subscription>()
  let closed = false
  /** The newest entry that was read or, at first, that there was. */
  let last = ''
  /** Resolves when there is a reader, and each later entry will be dispatched. */
  let live: Promise<void> | null = null
  let tailing: Promise<void> = Promise.resolve()

  const clients = () => all.size + [...byJob.values()].reduce((sum, set) => sum + set.size, 0)

  function dispatch(id: string, fields: readonly string[]): void {
    last = id
    // Most of what passes is nobody's business here: it is not even parsed.
    const listeners = byJob.get(streamEntryJob(fields))
    if (!listeners && all.size === 0) return
    const entry = parseStreamEntry(id, fields)
    for (const each of listeners ?? []) each.push(entry)
    for (const each of all) each.push(entry)
  }

  function loseAll(): void {
    for (const each of all) each.lose()
    for (const set of byJob.values()) for (const each of set) each.lose()
  }

  /** Reads on from `last` and, in the same moment, whether anything behind it was trimmed or never was. */
  async function readChecked(): Promise<void> {
    const [info, entries] = await streamFrom(reader, last)
    if (compareEventIds(last, info.lastId) > 0 || info.trimmed(last)) {
      last = info.lastId
      log.warn('the event feed fell behind the stream; every client goes back to its log')
      return loseAll()
    }
    for (const [id, fields] of entries) dispatch(id, fields)
  }

  function listen(): Promise<void> {
    live ??= begin()
    return live
  }

  async function begin(): Promise<void> {
    try {
      last = await streamEnd(redis)
    } catch (error) {
      live = null
      throw error
    }
    tailing = tail()
  }

  async function tail(): Promise<void> {
    let check = false
    while (!closed) {
      if (clients() === 0) {
        live = null
        return
      }
      try {
        if (check) await readChecked()
        check = false
        const reply = await reader.xread('COUNT', BATCH, 'BLOCK', 5_000, 'STREAMS', keys.events, last)
        const entries = reply?.[0]?.[1] ?? []
        // A full batch may have the trim behind it: read it again together with the stream's first id.
        if (entries.length >= BATCH) check = true
        else for (const [id, fields] of entries) dispatch(id, fields)
      } catch (error) {
        if (closed) return
        log.debug({ err: error }, 'the event feed waits for Redis')
        check = true
        await new Promise(resolve => setTimeout(resolve, 200))
      }
    }
  }

  async function* subscribed<T>(
    enter: () => Set<Subscription>,
    run: (subscription: Subscription) => AsyncGenerator<T>,
    leave: (set: Set<Subscription>) => void,
  ) {
    // Here, and not where the generator is made: one that nobody begins to read is never left, either.
    const set = enter()
    const subscription = new Subscription()
    set.add(subscription)
    try {
      await listen()
      yield* run(subscription)
    } finally {
      set.delete(subscription)
      leave(set)
    }
  }

  return {
    /**
     * A job's events later than `after`, each once, in order; live until the final event of its newest run, or until
     * the job is deleted, or the signal aborts. @throws where Redis can't be reached.
     */
    follow(jobId: string, after: string | null, signal: AbortSignal): AsyncGenerator<JobEvent> {
      const enter = () => {
        const set = byJob.get(jobId) ?? new Set()
        byJob.set(jobId, set)
        return set
      }
      const leave = (set: Set<Subscription>) => {
        if (set.size === 0 && byJob.get(jobId) === set) byJob.delete(jobId)
      }
      return subscribed(
        enter,
        async function* (subscription) {
          let seen = after
          for (let readAgain = true; ; ) {
            if (readAgain) {
              for (;;) {
                const page = await readLog(redis, jobId, seen, PAGE)
                for (const event of page) {
                  seen = event.id
                  yield event
                }
                if (page.length < PAGE) break
              }
              if (await hasEnded(redis, jobId, seen)) return
            }
            const taken = await subscription.take(signal)
            if (taken === null) return
            readAgain = taken === 'gap'
            if (taken === 'gap') continue
            for (const { event } of taken) {
              if (event.type === 'job.deleted') return
              // Another run may have been opened by the time that this is read: the log knows.
              if (isFinalEvent(event.type)) readAgain = true
              if (seen !== null && compareEventIds(event.id, seen) <= 0) continue
              seen = event.id
              yield event
            }
          }
        },
        leave,
      )
    },

    /**
     * Every job's events, and which are deleted, live, later than `after` if the stream still holds it. `reset` says
     * that some were missed: reload, then go on.
     */
    followAll(after: string | null, signal: AbortSignal): AsyncGenerator<StreamEntry | 'reset'> {
      return subscribed(
        () => all,
        async function* (subscription) {
          let seen = after
          if (seen !== null) {
            for (let more = true; more; ) {
              const [info, entries] = await streamFrom(redis, seen)
              if (compareEventIds(seen, info.lastId) > 0 || info.trimmed(seen)) {
                seen = info.lastId
                yield 'reset'
                break
              }
              for (const [id, fields] of entries) {
                seen = id
                yield parseStreamEntry(id, fields)
              }
              more = entries.length === BATCH
            }
          }
          for (;;) {
            const taken = await subscription.take(signal)
            if (taken === null) return
            if (taken === 'gap') {
              yield 'reset'
              continue
            }
            for (const entry of taken) {
              if (seen !== null && compareEventIds(entry.event.id, seen) <= 0) continue
              seen = entry.event.id
              yield entry
            }
          }
        },
        () => undefined,
      )
    },

    /** Clients that listen now. */
    clients,

    async close(): Promise<void> {
      closed = true
      reader.disconnect()
      await tailing
    },
  }
}

/** True where the newest event of a job is the final one of its newest run and has been seen, or the job is gone. */
async function hasEnded(redis: Redis, jobId: string, seen: string | null): Promise<boolean> {
  const [status, newest] = await Promise.all([
    redis.hget(keys.job(jobId), 'status'),
    redis.xrevrange(keys.log(jobId), '+', '-', 'COUNT', 1),
  ])
  if (status === null) return true
  return (
    isFinal(status as Status) &&
    seen !== null &&
    newest[0] !== undefined &&
    compareEventIds(newest[0][0], seen) <= 0
  )
}
