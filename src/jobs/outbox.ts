/**
 * The outbox: what a transition wants put into BullMQ. Whoever caused an entry enqueues it at once and settles it; the
 * sweeper does it for those that were left behind. Ids make repeats harmless, so nothing is lost and nothing doubled.
 */
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'
import { defineScript } from './script.ts'

export type OutboxEntry =
  | { readonly kind: 'flow'; readonly jobId: string; readonly flow: number }
  | { readonly kind: 'delivery'; readonly deliveryId: string; readonly round: number }

export interface Enqueued {
  readonly entry: OutboxEntry
  readonly bullKeys: readonly string[]
}

export type Outbox = ReturnType<typeof createOutbox>

export function createOutbox(redis: Redis) {
  const claim = defineScript(redis, 'outbox-claim')
  const settle = defineScript(redis, 'outbox-settle')
  const hold = defineScript(redis, 'outbox-hold')
  return {
    /**
     * Entries that have waited for `olderThan` ms, now this caller's for as long again. Those of which nothing is
     * wanted any more (the job has ended, is gone, or has a newer flow) are dropped.
     */
    async claim(olderThan: number, most: number): Promise<OutboxEntry[]> {
      return ((await claim([keys.outbox], [olderThan, most])) as string[]).map(parseEntry)
    },
    /**
     * @param enqueued each with the keys of BullMQ's jobs for it.
     * @returns those of which a job is not there: they stay in the outbox.
     */
    async settle(enqueued: readonly Enqueued[]): Promise<OutboxEntry[]> {
      const left = await settle(
        [keys.outbox, ...enqueued.flatMap(each => each.bullKeys)],
        enqueued.flatMap(each => [formatEntry(each.entry), each.bullKeys.length]),
      )
      return (left as string[]).map(parseEntry)
    },
    /** Keeps an entry from the sweepers for a while longer: whoever wrote it is still at work on it. */
    async hold(entry: OutboxEntry): Promise<void> {
      await hold([keys.outbox], [formatEntry(entry)])
    },
    /** How many entries wait. */
    size: () => redis.zcard(keys.outbox),
  }
}

function formatEntry(entry: OutboxEntry): string {
  return entry.kind === 'flow'
    ? `flow:${entry.jobId}:${entry.flow}`
    : `delivery:${entry.deliveryId}:${entry.round}`
}

function parseEntry(text: string): OutboxEntry {
  const [kind, id, number] = text.split(':')
  return kind === 'flow'
    ? { kind, jobId: id!, flow: Number(number) }
    : { kind: 'delivery', deliveryId: id!, round: Number(number) }
}
