/**
 * Deliveries: one webhook message each, made by the transition that ends a job, with the job frozen as it was then.
 *
 *   pending ──2xx──▶ delivered        pending ──last attempt, or 410──▶ failed
 *   delivered, failed ──redeliver──▶ pending: a new round, the same id
 */
import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { By } from './audit.ts'
import type {
  Delivery,
  DeliveryAttempt,
  DeliveryRound,
  DeliveryStatus,
  DeliveryType,
  DueDelivery,
  Job,
  JobEvent,
} from './job.ts'
import { isFinalEvent } from './job.ts'
import { keys } from './keys.ts'
import { type Cursor, readPage } from './paging.ts'
import { instant, type JobRecord, parseFields, viewJob } from './record.ts'
import { defineScript } from './script.ts'
import type { Refused } from './transitions.ts'

/** A delivery as Redis holds it, without its attempts. */
export interface DeliveryRecord extends DueDelivery {
  /** Null for a `ping`. */
  readonly jobId: string | null
  readonly owner: string
  readonly status: DeliveryStatus
  readonly nextAttemptAt: number | null
}

export interface DeliveryQuery {
  readonly jobId?: string | undefined
  readonly webhookId?: string | undefined
  readonly status?: DeliveryStatus | undefined
  readonly owner?: string | undefined
  readonly limit: number
  readonly cursor: Cursor | null
}

/** What a receiver gets. Events that do not end a run come beside the job, which says little of them. */
export interface Payload {
  readonly type: DeliveryType
  readonly timestamp: string
  readonly data: { readonly job?: Job; readonly event?: JobEvent; readonly webhook?: { readonly id: string } }
}

/** An attempt that may be made, with what is to be sent; or when to ask again. */
export type Claimed =
  | { readonly verdict: 'taken'; readonly payload: Payload }
  | { readonly verdict: 'busy'; readonly delayMs: number }
  | { readonly verdict: 'gone' }

/** One attempt's claim to a slot at its origin. */
export interface Claim {
  readonly origin: string
  /** The attempt's own: by it the slot is given back. */
  readonly token: string
  /** How many attempts there may be at the origin at once, over all workers. */
  readonly slots: number
  /** First attempts leave some slots to those that were sent away before. */
  readonly first: boolean
  /** How long an attempt there has lately taken, ms: what those in line wait by. */
  readonly pace: number
  /** True: only waits in line, as its process has no place for it now. */
  readonly full?: boolean
}

/** A slot that a job's end takes for the first attempt at its callback. */
export interface Slot {
  /** Where the slots of its origin are. */
  readonly key: string
  readonly token: string
  /** How many may be taken before it. */
  readonly most: number
  /** Milliseconds after which it comes free by itself. */
  readonly held: number
}

/** An attempt ends within 15 s; the slot of one whose worker has died comes free after this, ms. */
const SLOT_HELD_MS = 20_000
/** Deliveries that one script looks at. */
const BATCH = 500
/** What attempts lack that an earlier version kept. */
const UNTIMED = { dnsMs: null, connectMs: null } as const

export type Deliveries = ReturnType<typeof createDeliveries>

export function createDeliveries(redis: Redis) {
  const define = <Answer extends object>(...files: string[]) => {
    const script = defineScript(redis, 'delivery-prelude', ...files)
    return async <Args extends { readonly id: string }>(
      args: Args,
      more: readonly string[] = [],
    ): Promise<Answer> =>
      JSON.parse(
        (await script([keys.delivery(args.id), ...more], [JSON.stringify(args)])) as string,
      ) as Answer
  }
  type Ok = { readonly ok: true }
  const attempted = define<(Ok & { disabled?: string }) | Refused<'gone' | 'stale' | DeliveryStatus>>(
    'audit',
    'history',
    'webhook-listing',
    'delivery-attempted',
  )
  const claim = defineScript(redis, 'delivery-prelude', 'delivery-claim')
  const redeliver = define<Ok | Refused<'gone' | 'delivery-pending'>>('audit', 'redeliver')
  const refill = define<{ refilled: true } | Refused<'stale' | 'queued'>>('delivery-refill')
  const ping = define<Ok>('audit', 'webhook-ping')
  const recover = defineScript(redis, 'audit', 'webhook-recover')
  const recent = defineScript(redis, 'delivery-recent')
  const remove = define<Ok | Refused<'kept'>>('delivery-delete')

  const read = async (id: string): Promise<DeliveryRecord | null> =>
    parse(await redis.hgetall(keys.delivery(id)))

  return {
    read,
    /** The delivery as clients see it, with every attempt. */
    async view(before: DeliveryRecord): Promise<Delivery> {
      // Both at one moment: an attempt that is told has had its effect on the rest.
      const replies = await redis
        .multi()
        .hgetall(keys.delivery(before.id))
        .lrange(keys.deliveryAttempts(before.id), 0, -1)
        .exec()
      const [hash, attempts] = (replies ?? []).map(([error, reply]) => {
        if (error) throw error
        return reply
      }) as [Record<string, string>, string[]]
      const record = parse(hash) ?? before
      return {
        id: record.id,
        jobId: record.jobId,
        webhookId: record.webhookId,
        url: record.url,
        type: record.type,
        status: record.status,
        attempts: attempts.map(text => ({ ...UNTIMED, ...(JSON.parse(text) as DeliveryAttempt) })),
        nextAttemptAt: record.nextAttemptAt === null ? null : instant(record.nextAttemptAt),
        createdAt: instant(record.createdAt),
      }
    },
    list: (query: DeliveryQuery) =>
      readPage<DeliveryRecord>(redis, {
        indexes: [
          query.jobId !== undefined
            ? keys.jobDeliveries(query.jobId)
            : query.webhookId !== undefined
              ? keys.webhookDeliveries(query.webhookId)
              : query.status
                ? keys.deliveriesIn(query.status)
                : keys.deliveries,
        ],
        limit: query.limit,
        cursor: query.cursor,
        read: ids => Promise.all(ids.map(read)),
        fits: record =>
          (query.jobId === undefined || record.jobId === query.jobId) &&
          (query.webhookId === undefined || record.webhookId === query.webhookId) &&
          (query.status === undefined || record.status === query.status) &&
          (query.owner === undefined || record.owner === query.owner),
      }),
    /** How the newest deliveries to each endpoint went, at most `most` of each, the newest first, in the endpoints' order. */
    async recent(webhookIds: readonly string[], most: number): Promise<DeliveryStatus[][]> {
      return Promise.all(
        webhookIds.map(id => recent([keys.webhookDeliveries(id)], [most]) as Promise<DeliveryStatus[]>),
      )
    },
    /** Before an attempt: a slot at its origin, and what is sent. A claim that is sent twice takes one slot. */
    async claim(due: DueDelivery, { origin, slots, first, ...wanted }: Claim): Promise<Claimed> {
      const limits = { held: SLOT_HELD_MS, most: mostBefore(slots, first) }
      const args = JSON.stringify({ id: due.id, ...limits, ...wanted })
      const [verdict, ...answer] = (await claim(
        [keys.delivery(due.id), keys.originSlots(origin), keys.originLine(origin)],
        [args],
      )) as ['gone'] | ['busy', number] | ['taken', string, string | null]
      if (verdict === 'busy') return { verdict, delayMs: answer[0] as number }
      const [record, told] = answer as [string, string | null]
      const payload = verdict === 'taken' ? payloadOf(due, parseFields(record), told) : null
      return payload ? { verdict: 'taken', payload } : { verdict: 'gone' }
    },
    slot: ({ origin, token, slots }: Pick<Claim, 'origin' | 'token' | 'slots'>): Slot => ({
      key: keys.originSlots(origin),
      token,
      most: mostBefore(slots, true),
      held: SLOT_HELD_MS,
    }),
    /** Gives a slot back whose attempt came to nothing that could be kept. */
    async release(origin: string, token: string): Promise<void> {
      await redis.zrem(keys.originSlots(origin), token)
    },
    /** Sends an endpoint a message that tells of no job; answers its delivery. */
    async ping(webhook: { id: string; url: string }, by?: By): Promise<DeliveryRecord> {
      const id = `msg_ping_${randomUUID()}`
      await ping({ id, webhookId: webhook.id, url: webhook.url, by })
      return (await read(id))!
    },
    /**
     * Opens an endpoint's failed deliveries again that were made at a time or later, the oldest first, and gives them in
     * batches: to be enqueued, though the outbox has them. Ends early, between two batches, where `most` are open.
     */
    async *recover(webhookId: string, since: number, most: number, by: By): AsyncGenerator<DeliveryRound[]> {
      let recovered = 0
      for (let offset = 0; recovered < most; offset += BATCH) {
        const args = {
          id: webhookId,
          since,
          sinceText: instant(since),
          offset,
          most: BATCH,
          token: randomUUID(),
          by,
        }
        const answer = await recover([keys.webhookDeliveries(webhookId)], [JSON.stringify(args)])
        const { looked, opened = [] } = JSON.parse(answer as string) as {
          looked: number
          opened?: DeliveryRound[]
        }
        recovered += opened.length
        if (opened.length > 0) yield opened
        if (looked < BATCH) return
      }
    },
    /**
     * Keeps an attempt, and gives its slot back. `token`: the attempt's own, so that a script that is sent twice keeps it
     * once. `origin`: where its slot was.
     */
    attempted: ({
      origin,
      ...args
    }: {
      id: string
      round: number
      token: string
      origin?: string
      attempt: DeliveryAttempt
      /** Of an attempt that was made at a registered endpoint; `failsAtMost`: ms until it is disabled. */
      endpoint?: { url: string; gone: boolean; failsAtMost: number }
    } & ({ verdict: 'delivered' | 'failed' } | { verdict: 'retry'; delayMs: number })) =>
      attempted(
        { ...args, attempt: JSON.stringify(args.attempt) },
        origin === undefined ? [] : [keys.originSlots(origin)],
      ),
    /** `by`: who wants it, for the audit log. */
    redeliver: (id: string, token: string, by?: By) => redeliver({ id, token, by }),
    /** `queue`: the keys of the round's BullMQ job and of its queue's completed and failed sets. */
    refill: (
      args: { id: string; round: number; job: string },
      queue: readonly [job: string, completed: string, failed: string],
    ) => refill(args, queue),
    /** Removes one that is not open and was made more than `olderThan` ms ago. */
    delete: (id: string, olderThan: number) => remove({ id, olderThan }),
  }
}

/** First attempts leave a quarter of the slots to those that were sent away before. */
function mostBefore(slots: number, first: boolean): number {
  return first ? Math.ceil(slots * 0.75) : slots
}

/** The job as it was when the event happened. Null where that is gone. */
export function payloadOf(
  due: DueDelivery,
  frozen: JobRecord | null,
  told: string | null = null,
): Payload | null {
  const { type, webhookId } = due
  const timestamp = instant(due.createdAt)
  if (type === 'ping') return { type, timestamp, data: { webhook: { id: webhookId! } } }
  if (!frozen) return null
  const job = viewJob(frozen)
  if (isFinalEvent(type)) return { type, timestamp, data: { job } }
  if (told === null) return null
  const event = JSON.parse(told) as { id: string; run: number; data: JobEvent['data'] }
  const at = instant(Number.parseInt(event.id, 10))
  return { type, timestamp, data: { job, event: { type, jobId: job.id, at, ...event } } }
}

function parse(hash: Record<string, string>): DeliveryRecord | null {
  if (hash.status === undefined) return null
  return {
    id: hash.id!,
    jobId: hash.jobId === '' ? null : hash.jobId!,
    owner: hash.owner!,
    url: hash.url!,
    webhookId: hash.webhookId ?? null,
    type: hash.type as DeliveryType,
    status: hash.status as DeliveryStatus,
    round: Number(hash.round),
    tried: Number(hash.tried),
    createdAt: Number(hash.createdAt),
    nextAttemptAt: hash.nextAttemptAt === undefined ? null : Number(hash.nextAttemptAt),
  }
}
