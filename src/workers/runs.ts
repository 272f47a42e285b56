/**
 * The runs that this process holds now, and how each is told to stop: by pub/sub when the job was cancelled, when its
 * BullMQ lock could not be renewed, when the process shuts down; and, should all of that be missed, within seconds by
 * looking whether Redis still has its start token.
 */
import type { Redis } from 'ioredis'
import { keys } from '../jobs/keys.ts'
import type { Log } from '../log.ts'
import { repeat } from '../queues/repeat.ts'
import { FencedError } from './journal.ts'

const LOOK_EVERY_MS = 5_000

export interface OpenRun {
  readonly signal: AbortSignal
  close(): void
}

export type Runs = ReturnType<typeof createRuns>

/** @param subscriber a connection of its own, for pub/sub. */
export function createRuns(options: { redis: Redis; subscriber: Redis; log: Log }) {
  const { redis, subscriber, log } = options
  const open = new Map<string, { token: string; controller: AbortController }>()
  const closed = new AbortController()
  let stopped: Error | undefined

  subscriber.on('message', (_channel, jobId) =>
    open.get(jobId)?.controller.abort(new FencedError('cancelled')),
  )
  const subscribing = subscriber.subscribe(keys.cancelled)
  subscribing.catch(error => log.warn({ err: error }, 'cancellations are heard with some delay'))

  async function look(): Promise<void> {
    if (open.size === 0) return
    const held = [...open]
    const pipeline = redis.pipeline()
    for (const [jobId] of held) pipeline.hget(keys.job(jobId), 'token')
    const replies = (await pipeline.exec()) ?? []
    for (const [at, [, run]] of held.entries()) {
      const [error, token] = replies[at]!
      if (!error && token !== run.token) run.controller.abort(new FencedError('stale'))
    }
  }
  const looking = repeat(look, LOOK_EVERY_MS, closed.signal, error =>
    log.debug({ err: error }, 'runs could not be checked'),
  )

  return {
    open(jobId: string, token: string): OpenRun {
      const run = { token, controller: new AbortController() }
      // One whose lock this process lost and got again: its successor has the token.
      open.get(jobId)?.controller.abort(new FencedError('stale'))
      open.set(jobId, run)
      // Its start was under way when everything was told to stop.
      if (stopped) run.controller.abort(stopped)
      return {
        signal: run.controller.signal,
        close() {
          if (open.get(jobId) === run) open.delete(jobId)
        },
      }
    },
    stop(jobId: string, reason: Error): void {
      open.get(jobId)?.controller.abort(reason)
    },
    stopAll(reason: Error): void {
      stopped = reason
      for (const run of open.values()) run.controller.abort(reason)
    },
    async close(): Promise<void> {
      closed.abort()
      await looking
    },
  }
}
