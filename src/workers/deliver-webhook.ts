/**
 * `deliver-webhook`: one signed attempt at a time. The delivery's record keeps each and decides, by the schedule, whether
 * another follows. A worker that dies between sending and keeping sends again, with the same `webhook-id`.
 */
import { randomUUID } from 'node:crypto'
import { DelayedError, type Job, UnrecoverableError } from 'bullmq'
import type { Deliveries, DeliveryRecord } from '../jobs/deliveries.ts'
import type { Log } from '../log.ts'
import type { DeliverData } from '../queues/names.ts'
import { delayBefore } from '../webhooks/schedule.ts'
import type { AttemptOutcome, Sender } from '../webhooks/sender.ts'
import { createOriginSlots } from './origin-slots.ts'
import { RetryLater } from './outcomes.ts'

/** Attempts at one origin at once, in one process: a slow receiver fills these, and no others wait behind it. */
const SLOTS_PER_ORIGIN = 8
/** As many as one can earn that answers at once; half of a worker's places stay with the others. */
const SLOTS_FASTEST = 32
/** How long one waits in its place for a slot, and how much later it comes again where none is to be had. */
const SLOT_PATIENCE_MS = 250
const NO_SLOT_DELAY_MS = 1_000

export interface DeliverDeps {
  readonly deliveries: Deliveries
  readonly sender: Sender
  /** The secrets that sign, the newest first. */
  readonly secrets: readonly string[]
  readonly log: Log
  /** Aborted when the process waits no longer for attempts under way. */
  readonly ending: AbortSignal
}

export function createDeliverWebhook({ deliveries, sender, secrets, log, ending }: DeliverDeps) {
  const slots = createOriginSlots({
    perOrigin: SLOTS_PER_ORIGIN,
    fastest: SLOTS_FASTEST,
    patienceMs: SLOT_PATIENCE_MS,
  })

  return async function deliverWebhook(job: Job<DeliverData>, lock?: string): Promise<void> {
    const delivery = await deliveries.read(job.data.deliveryId)
    if (delivery?.status !== 'pending' || delivery.round !== job.data.round) return

    // Its worker was lost after it had kept an attempt, and before BullMQ heard when the next is due.
    if (job.stalledCounter > 0 && (delivery.nextAttemptAt ?? 0) > Date.now()) {
      await job.moveToDelayed(delivery.nextAttemptAt!, lock)
      throw new DelayedError()
    }

    const giveBack = await slots.take(new URL(delivery.url).origin)
    if (giveBack === null) {
      await job.moveToDelayed(Date.now() + NO_SLOT_DELAY_MS, lock)
      throw new DelayedError()
    }
    try {
      await attempt(delivery)
    } finally {
      giveBack()
    }
  }

  async function attempt(delivery: DeliveryRecord): Promise<void> {
    const payload = await deliveries.payload(delivery)
    if (payload === null) return
    const outcome = await sender.send({
      url: delivery.url,
      id: delivery.id,
      body: JSON.stringify(payload),
      secrets,
      signal: ending,
    })
    const next = decide(outcome, delivery.tried + 1)
    const { at, durationMs, statusCode, error, response } = outcome
    await deliveries.attempted({
      id: delivery.id,
      round: delivery.round,
      token: randomUUID(),
      attempt: { at, durationMs, statusCode, error, response },
      ...next,
    })

    const told = statusCode === null ? error : `status ${statusCode}`
    if (next.verdict === 'delivered')
      return log.debug(`delivery ${delivery.id} delivered in ${durationMs} ms`)
    log.warn(
      `delivery ${delivery.id} attempt ${delivery.tried + 1} failed (${told})${next.verdict === 'retry' ? `; again in ${Math.round(next.delayMs / 1_000)} s` : '; it was the last'}`,
    )
    if (next.verdict === 'retry') throw new RetryLater(told ?? 'not delivered', next.delayMs)
    throw new UnrecoverableError(told ?? 'not delivered')
  }
}

/** @param tried attempts in this round, the one that just ended included. */
function decide(
  outcome: AttemptOutcome,
  tried: number,
): { verdict: 'delivered' | 'failed' } | { verdict: 'retry'; delayMs: number } {
  if (outcome.verdict === 'delivered') return { verdict: 'delivered' }
  const delayMs = outcome.verdict === 'gone' ? null : delayBefore(tried)
  if (delayMs === null) return { verdict: 'failed' }
  return { verdict: 'retry', delayMs: Math.max(delayMs, outcome.retryAfterMs ?? 0) }
}
