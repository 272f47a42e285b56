/**
 * The courier makes attempts at deliveries, one at a time for each, and keeps what came of them.
 *
 * The first attempt follows the job's end at once, in the worker that ended it, straight from the outbox: most receivers
 * answer it, and a BullMQ job for each would be a third more work for every job. What it leaves open (the receiver did
 * not take it, or there was no place) goes into the queue `deliver-webhook`. A worker that dies in between has left the
 * entry in the outbox; whatever was sent already is sent again, with the same `webhook-id`.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { type Claimed, type Deliveries, type Payload, payloadOf, type Slot } from '../jobs/deliveries.ts'
import type { DueDelivery } from '../jobs/job.ts'
import type { Outbox, OutboxEntry } from '../jobs/outbox.ts'
import type { JobRecord } from '../jobs/record.ts'
import type { Webhooks } from '../jobs/webhooks.ts'
import type { Log } from '../log.ts'
import type { Enqueuer } from '../queues/enqueuer.ts'
import { CLAIM_AFTER_MS } from '../queues/sweeper.ts'
import { delayBefore } from '../webhooks/schedule.ts'
import type { AttemptOutcome, Sender } from '../webhooks/sender.ts'
import { createOriginSlots } from './origin-slots.ts'

/** Attempts at one origin at once, in one process: a slow receiver fills these, and no others wait behind it. */
const SLOTS_PER_ORIGIN = 8
/** As many as one can earn that answers at once; half of a worker's places stay with the others. */
const SLOTS_FASTEST = 32
/** How long one waits in its place for a slot. */
const SLOT_PATIENCE_MS = 250
/** Meanwhile it asks again whether other processes have given one back. */
const ASK_AGAIN_MS = 50
/**
 * First attempts under way at once, in one process; further ones take their turn in the queue. With 800 jobs a second to
 * one fast receiver 64 were too few: every fourth was turned away. Most of their time is Redis's.
 */
const MOST_FIRST = 256
/** An endpoint of which every attempt has failed for so long is disabled. */
const FAILS_AT_MOST_MS = 5 * 86_400_000
const HOLD_EVERY_MS = CLAIM_AFTER_MS / 2

export type Attempted =
  | { readonly verdict: 'delivered' }
  /** It was the last. */
  | { readonly verdict: 'failed'; readonly told: string }
  | { readonly verdict: 'retry'; readonly told: string; readonly delayMs: number }
  /** Its origin has no slot soon: nothing was sent, and no attempt made. */
  | { readonly verdict: 'busy'; readonly delayMs: number }

/** For the first attempt at a callback whose job is about to end. */
export interface FirstAttempt {
  /** To be taken as the job ends; undefined where it could not be used at once. */
  readonly slot: Slot | undefined
  /** `frozen`: the job as it ended, where the slot was taken with its end. */
  begin(delivery: DueDelivery | undefined, frozen: JobRecord | undefined): void
}

/** What a first attempt need not claim: the token of its slot, and what is to be sent. */
interface Ready {
  readonly token: string
  readonly payload: Payload
}

interface Target {
  readonly url: string
  readonly secrets: readonly string[]
}

/** Where an attempt goes, and the slot that it has there. */
interface Sent extends Target {
  readonly origin: string
  readonly token: string
}

export type Courier = ReturnType<typeof createCourier>

export interface CourierDeps {
  readonly deliveries: Deliveries
  readonly webhooks: Webhooks
  readonly outbox: Outbox
  readonly enqueuer: Enqueuer
  readonly sender: Sender
  /** Attempts at one origin at once, over all workers. */
  readonly slotsPerOrigin: number
  /** The secrets that sign what goes to a job's own URL, the newest first. */
  readonly secrets: readonly string[]
  readonly log: Log
  /** Aborted when the process waits no longer for attempts under way. */
  readonly ending: AbortSignal
}

export function createCourier(deps: CourierDeps) {
  const { deliveries, webhooks, outbox, enqueuer, sender, secrets, log, ending } = deps
  const { slotsPerOrigin } = deps
  const slots = createOriginSlots({
    perOrigin: Math.min(SLOTS_PER_ORIGIN, slotsPerOrigin),
    fastest: Math.min(SLOTS_FASTEST, slotsPerOrigin),
    patienceMs: SLOT_PATIENCE_MS,
  })
  const underWay = new Set<Promise<void>>()

  /** @throws where Redis can't be reached, or the signal's reason when nobody waits any more. */
  async function attempt(delivery: DueDelivery, first = false, ready?: Ready): Promise<Attempted> {
    const target = await targetOf(delivery)
    if ('closed' in target) return giveUp(delivery, target.closed)
    const { origin } = new URL(target.url)
    const token = ready?.token ?? randomUUID()
    const giveBack = await slots.take(origin)
    // Its turn in the queue comes at once: by then there may be a place.
    if (giveBack === null && first) {
      if (ready) await release(origin, token)
      return { verdict: 'busy', delayMs: 0 }
    }
    const sent = { ...target, origin, token }
    let outcome: AttemptOutcome
    try {
      const claimed: Claimed = ready
        ? { verdict: 'taken', payload: ready.payload }
        : await claim(delivery, { origin, token, first, full: giveBack === null })
      if (claimed.verdict === 'busy') return claimed
      if (claimed.verdict === 'gone') return { verdict: 'failed', told: 'the delivery is gone' }
      outcome = await send(delivery, sent, claimed.payload)
    } finally {
      // Its receiver has answered: others need not wait until that is kept.
      giveBack?.()
    }
    return keep(delivery, sent, outcome)
  }

  /** A slot of those that all workers share. Who has a place here waits a moment for one: another turn costs more. */
  async function claim(
    delivery: DueDelivery,
    wanted: { origin: string; token: string; first: boolean; full: boolean },
  ): Promise<Claimed> {
    const end = performance.now() + SLOT_PATIENCE_MS
    for (;;) {
      const pace = slots.pace(wanted.origin)
      const claimed = await deliveries.claim(delivery, { ...wanted, slots: slotsPerOrigin, pace })
      if (claimed.verdict !== 'busy' || wanted.full || performance.now() >= end) return claimed
      await wait(ASK_AGAIN_MS, undefined, { signal: ending })
    }
  }

  /** Where it goes now: an endpoint may have been given another URL since. */
  async function targetOf({ url, type, webhookId }: DueDelivery): Promise<Target | { closed: string }> {
    if (webhookId === null) return { url, secrets }
    const target = await webhooks.target(webhookId)
    if (!target) return { closed: 'not sent: the endpoint was deleted' }
    // Whoever tries one out before it is enabled wants to see what it answers.
    if (target.enabled || type === 'ping') return target
    return { closed: `not sent: the endpoint is disabled. ${target.disabledReason ?? ''}`.trim() }
  }

  /** Ends a delivery that can't be sent, for all to see why. */
  async function giveUp({ id, round }: DueDelivery, told: string): Promise<Attempted> {
    await deliveries.attempted({
      id,
      round,
      token: randomUUID(),
      attempt: {
        at: new Date().toISOString(),
        durationMs: 0,
        dnsMs: null,
        connectMs: null,
        statusCode: null,
        error: told,
        response: '',
      },
      verdict: 'failed',
    })
    return { verdict: 'failed', told }
  }

  async function send({ id }: DueDelivery, { url, secrets, origin, token }: Sent, payload: Payload) {
    const message = { url, id, body: JSON.stringify(payload), secrets, signal: ending }
    try {
      return await sender.send(message)
    } catch (error) {
      await release(origin, token)
      throw error
    }
  }

  /** Of a slot with which nothing was attempted. */
  async function release(origin: string, token: string): Promise<void> {
    await deliveries
      .release(origin, token)
      .catch(failure => log.debug({ err: failure }, 'a slot was not given back: it comes free by itself'))
  }

  async function keep(
    delivery: DueDelivery,
    { url, origin, token }: Sent,
    outcome: AttemptOutcome,
  ): Promise<Attempted> {
    const next = decide(outcome, delivery.tried + 1)
    const { at, durationMs, dnsMs, connectMs, statusCode, error, response } = outcome
    const kept = await deliveries.attempted({
      id: delivery.id,
      round: delivery.round,
      token,
      origin,
      attempt: { at, durationMs, dnsMs, connectMs, statusCode, error, response },
      ...next,
      ...(delivery.webhookId !== null && {
        endpoint: { url, gone: outcome.verdict === 'gone', failsAtMost: FAILS_AT_MOST_MS },
      }),
    })
    if ('disabled' in kept) log.warn(`endpoint ${delivery.webhookId} is disabled: ${kept.disabled}`)
    if (next.verdict === 'delivered') {
      log.debug(`delivery ${delivery.id} delivered in ${durationMs} ms`)
      return next
    }
    const told = (statusCode === null ? error : `status ${statusCode}`) ?? 'not delivered'
    const after =
      next.verdict === 'retry' ? `again in ${Math.round(next.delayMs / 1_000)} s` : 'it was the last'
    log.warn(`delivery ${delivery.id} attempt ${delivery.tried + 1} failed (${told}); ${after}`)
    return { ...next, told }
  }

  async function attemptFirst(delivery: DueDelivery, ready?: Ready): Promise<void> {
    if (!ready && underWay.size >= MOST_FIRST) return enqueuer.deliver(delivery)
    const entry: OutboxEntry = { kind: 'delivery', deliveryId: delivery.id, round: delivery.round }
    const holding = setInterval(
      () => outbox.hold(entry).catch(error => log.debug({ err: error }, 'a first attempt was not held')),
      HOLD_EVERY_MS,
    )
    try {
      const attempted = await attempt(delivery, true, ready)
      if (attempted.verdict === 'busy' || attempted.verdict === 'retry')
        await enqueuer.deliver(delivery, attempted.delayMs)
    } finally {
      clearInterval(holding)
    }
  }

  function begin(delivery: DueDelivery | undefined, ready?: Ready): void {
    if (!delivery) return
    const first = attemptFirst(delivery, ready)
      .catch(error => log.warn({ err: error }, `delivery ${delivery.id} was left in the outbox`))
      .finally(() => underWay.delete(first))
    underWay.add(first)
  }

  return {
    attempt: (delivery: DueDelivery) => attempt(delivery),

    /** Begins the first attempt at a delivery that was just made. Nobody waits for it: the outbox has it until then. */
    begin: (delivery: DueDelivery | undefined) => begin(delivery),

    /** @param url the job's own, if it has one. */
    prepare(url: string | null): FirstAttempt {
      const origin = url === null ? null : new URL(url).origin
      const token = randomUUID()
      const goesAtOnce = origin !== null && underWay.size < MOST_FIRST && slots.hasSoon(origin)
      return {
        slot: goesAtOnce ? deliveries.slot({ origin, token, slots: slotsPerOrigin }) : undefined,
        begin(delivery, frozen) {
          const payload = delivery && frozen ? payloadOf(delivery, frozen) : null
          begin(delivery, payload ? { token, payload } : undefined)
        },
      }
    },

    /** Resolves when no first attempt is under way. */
    async idle(): Promise<void> {
      await Promise.all(underWay)
    },
  }
}

/** @param tried attempts in this round, the one that just ended included. */
function decide(
  outcome: AttemptOutcome,
  tried: number,
): { verdict: 'delivered' } | { verdict: 'failed' } | { verdict: 'retry'; delayMs: number } {
  if (outcome.verdict === 'delivered') return { verdict: 'delivered' }
  const delayMs = outcome.verdict === 'gone' ? null : delayBefore(tried)
  if (delayMs === null) return { verdict: 'failed' }
  return { verdict: 'retry', delayMs: Math.max(delayMs, outcome.retryAfterMs ?? 0) }
}
