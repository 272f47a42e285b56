/**
 * `deliver-webhook`: the attempts at a delivery that its first one left open, and those that somebody asked for by hand.
 * The delivery's record keeps each and decides, by the schedule, whether another follows.
 */
import { DelayedError, type Job, UnrecoverableError } from 'bullmq'
import type { Deliveries } from '../jobs/deliveries.ts'
import type { DeliverData } from '../queues/names.ts'
import type { Courier } from './courier.ts'
import { RetryLater } from './outcomes.ts'

export function createDeliverWebhook({
  deliveries,
  courier,
}: {
  readonly deliveries: Deliveries
  readonly courier: Courier
}) {
  return async function deliverWebhook(job: Job<DeliverData>, lock?: string): Promise<void> {
    const delivery = await deliveries.read(job.data.deliveryId)
    if (delivery?.status !== 'pending' || delivery.round !== job.data.round) return

    // Its worker was lost, perhaps after it had kept an attempt and before BullMQ heard when the next is due. Noted, since
    // BullMQ counts losses for good: whoever brings an attempt forward later wants it made.
    if (job.stalledCounter > (job.data.losses ?? 0)) {
      await job.updateData({ ...job.data, losses: job.stalledCounter })
      if ((delivery.nextAttemptAt ?? 0) > Date.now()) return comeAgain(delivery.nextAttemptAt!)
    }

    const attempted = await courier.attempt(delivery)
    if (attempted.verdict === 'busy') return comeAgain(Date.now() + attempted.delayMs)
    if (attempted.verdict === 'retry') throw new RetryLater(attempted.told, attempted.delayMs)
    if (attempted.verdict === 'failed') throw new UnrecoverableError(attempted.told)

    async function comeAgain(at: number): Promise<never> {
      await job.moveToDelayed(at, lock)
      throw new DelayedError()
    }
  }
}
