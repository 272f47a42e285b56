/** Deliveries: webhook messages with every attempt, and sending one again. */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { By } from '../jobs/audit.ts'
import type { DeliveryRecord } from '../jobs/deliveries.ts'
import { isRefused } from '../jobs/transitions.ts'
import { type Caller, EVERYONE, maySee, ownerShown, WRITERS } from './callers.ts'
import { by } from './client.ts'
import { cursorText, formatCursor } from './cursors.ts'
import { type Asked, endpoint } from './endpoint.ts'
import { wholeNumber } from './fields.ts'
import { notFound, Problem } from './problems.ts'
import { DeliveryPage, DeliverySchema } from './schemas.ts'
import type { Services } from './services.ts'
import { enqueueDelivery, json } from './submission.ts'

/** Makes an ended delivery pending again, to be enqueued. @throws Problem `not-found`, `delivery-pending`. */
export async function reopen({ deliveries }: Services, id: string, by: By): Promise<DeliveryRecord> {
  const answer = await deliveries.redeliver(id, randomUUID(), by)
  const record = await deliveries.read(id)
  if (!record) throw notFound('delivery')
  if (!isRefused(answer)) return record
  throw new Problem('delivery-pending', 'The delivery is still open: it will be tried by itself.')
}

export function deliveryEndpoints(services: Services) {
  const { deliveries } = services

  const read = async ({ param, caller }: Asked<unknown, unknown>): Promise<DeliveryRecord> => {
    const record = await deliveries.read(param('id'))
    if (!record || !maySee(caller, record.owner)) throw notFound('delivery')
    return record
  }
  /**
   * A viewer does not see what a receiver answered: it may hold anything. An uploader sees that its job was told to an
   * endpoint, and how that went; but the endpoint is not its own, and path and query may be its secret.
   */
  const view = async (record: DeliveryRecord, caller: Caller, responses = true) => {
    const delivery = await deliveries.view(record)
    const foreign = caller.role === 'uploader' && record.webhookId !== null
    if (responses && caller.role !== 'viewer' && !foreign) return delivery
    const attempts = delivery.attempts.map(({ response: _, ...attempt }) => attempt)
    return { ...delivery, attempts, ...(foreign && { url: new URL(delivery.url).origin }) }
  }

  return [
    endpoint({
      id: 'listDeliveries',
      method: 'get',
      path: '/api/deliveries',
      tag: 'Deliveries',
      summary: 'Deliveries, newest first',
      roles: EVERYONE,
      query: z.strictObject({
        jobId: z.string().min(1).max(64).optional(),
        webhookId: z.string().min(1).max(64).optional(),
        status: z.enum(['pending', 'delivered', 'failed']).optional(),
        limit: wholeNumber(1, 200).prefault(50),
        cursor: cursorText.optional(),
        responses: z
          .enum(['true', 'false'])
          .default('true')
          .describe('`false` leaves out what receivers answered: up to 4 KiB of each attempt.'),
      }),
      answers: { 200: { description: 'With filters a page may be short.', schema: DeliveryPage } },
      async handle({ caller, query: { cursor, responses, ...rest } }) {
        const page = await deliveries.list({ ...rest, owner: ownerShown(caller), cursor: cursor ?? null })
        const items = await Promise.all(page.items.map(record => view(record, caller, responses === 'true')))
        return json(200, { items, nextCursor: formatCursor(page.next) })
      },
    }),

    endpoint({
      id: 'getDelivery',
      method: 'get',
      path: '/api/deliveries/{id}',
      tag: 'Deliveries',
      summary: 'One delivery with every attempt',
      roles: EVERYONE,
      answers: { 200: { description: 'The delivery.', schema: DeliverySchema } },
      problems: ['not-found'],
      handle: async asked => json(200, await view(await read(asked), asked.caller)),
    }),

    endpoint({
      id: 'redeliver',
      method: 'post',
      path: '/api/deliveries/{id}/redeliver',
      tag: 'Deliveries',
      summary: 'Send it again: same id, fresh timestamp, the schedule from its start',
      roles: WRITERS,
      answers: { 202: { description: 'The delivery, pending again.', schema: DeliverySchema } },
      problems: ['not-found', 'delivery-pending'],
      async handle(asked) {
        const { id } = await read(asked)
        const pending = await reopen(services, id, by(asked))
        await enqueueDelivery(services, pending)
        return json(202, await view(pending, asked.caller))
      },
    }),
  ]
}
