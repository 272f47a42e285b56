/**
 * The sweeper: puts into BullMQ what was left in the outbox, because its writer died, or Redis went away, between the
 * transition and the add. Runs in every worker; an entry is claimed by one of them at a time.
 */
import type { Outbox } from '../jobs/outbox.ts'
import type { Log } from '../log.ts'
import type { Enqueuer } from './enqueuer.ts'
import { repeat } from './repeat.ts'

/** An entry younger than this is its writer's own business. */
export const CLAIM_AFTER_MS = 5_000
const EVERY_MS = 1_000
const AT_ONCE = 100

export function startSweeper(options: { outbox: Outbox; enqueuer: Enqueuer; log: Log }): {
  stop(): Promise<void>
} {
  const { outbox, enqueuer, log } = options
  const stopping = new AbortController()

  async function sweep(): Promise<void> {
    for (const entry of await outbox.claim(CLAIM_AFTER_MS, AT_ONCE)) {
      if (stopping.signal.aborted) return
      try {
        await enqueuer.enqueue(entry)
        log.info({ entry }, 'enqueued what had been left in the outbox')
      } catch (error) {
        // One that cannot be enqueued must not hold up those behind it.
        log.warn({ err: error, entry }, 'an entry of the outbox could not be enqueued; it is tried again')
      }
    }
  }

  const sweeping = repeat(sweep, EVERY_MS, stopping.signal, error =>
    log.debug({ err: error }, 'the sweeper waits for Redis'),
  )
  return {
    async stop() {
      stopping.abort()
      await sweeping
    },
  }
}
