/** Registered endpoints, which are told of every job's events of the types that they ask for. */
import { z } from 'zod'
import { ENDPOINT_EVENTS } from '../jobs/job.ts'
import { MOST_WEBHOOKS, type Webhook } from '../jobs/webhooks.ts'
import { ADMINS } from './callers.ts'
import { by } from './client.ts'
import { endpoint } from './endpoint.ts'
import { timeText, wholeNumber } from './fields.ts'
import { notFound, Problem } from './problems.ts'
import { checkReceiver } from './requests.ts'
import { DeliverySchema, NewWebhookSchema, RecoveredSchema, WebhookList, WebhookSchema } from './schemas.ts'
import type { Services } from './services.ts'
import { enqueueDelivery, json } from './submission.ts'

/** A request's share: those that are left are still failed, and go with the next one. */
const MOST_RECOVERED = 10_000

const settings = {
  url: z.string(),
  events: z
    .array(z.enum(ENDPOINT_EVENTS, `one of ${ENDPOINT_EVENTS.join(', ')} is wanted`))
    .min(1, 'at least one is wanted')
    .transform(events => [...new Set(events)]),
  description: z.string().max(500),
  enabled: z.boolean(),
}
const Settings = z.strictObject({
  ...settings,
  description: settings.description.default(''),
  enabled: settings.enabled.default(true),
})
const Change = z.strictObject(settings).partial()

export function webhookEndpoints(services: Services) {
  const { webhooks, deliveries } = services

  const found = (webhook: Webhook | null): Webhook => {
    if (!webhook) throw notFound('endpoint')
    return webhook
  }
  const read = async (id: string) => found(await webhooks.read(id))

  return [
    endpoint({
      id: 'listWebhooks',
      method: 'get',
      path: '/api/webhooks',
      tag: 'Webhooks',
      summary: 'Every endpoint, newest first',
      roles: ADMINS,
      query: z.strictObject({
        recent: wholeNumber(1, 50)
          .optional()
          .describe('Of how many newest deliveries to tell how they went.'),
      }),
      answers: { 200: { description: 'Without their secrets.', schema: WebhookList } },
      async handle({ query }) {
        const items = await webhooks.list()
        if (query.recent === undefined) return json(200, { items })
        const recent = await deliveries.recent(
          items.map(({ id }) => id),
          query.recent,
        )
        return json(200, { items: items.map((item, index) => ({ ...item, recent: recent[index] })) })
      },
    }),

    endpoint({
      id: 'createWebhook',
      method: 'post',
      path: '/api/webhooks',
      tag: 'Webhooks',
      summary: 'Registers an endpoint',
      roles: ADMINS,
      json: Settings,
      answers: {
        201: {
          description: 'The endpoint, with the secret that will sign.',
          schema: NewWebhookSchema,
          headers: { Location: 'Where the endpoint is.' },
        },
      },
      problems: ['callback-url-not-allowed', 'too-many-webhooks'],
      async handle(asked) {
        const wanted = asked.body as z.output<typeof Settings>
        await checkReceiver(services, wanted.url, 'url')
        const webhook = await webhooks.create(wanted, by(asked))
        if (!webhook) {
          throw new Problem(
            'too-many-webhooks',
            `There are ${MOST_WEBHOOKS} endpoints, which is the most: remove one that is not needed.`,
          )
        }
        return json(201, webhook, { location: `/api/webhooks/${webhook.id}` })
      },
    }),

    endpoint({
      id: 'getWebhook',
      method: 'get',
      path: '/api/webhooks/{id}',
      tag: 'Webhooks',
      summary: 'One endpoint',
      roles: ADMINS,
      answers: { 200: { description: 'Without its secret.', schema: WebhookSchema } },
      problems: ['not-found'],
      handle: async ({ param }) => json(200, await read(param('id'))),
    }),

    endpoint({
      id: 'changeWebhook',
      method: 'patch',
      path: '/api/webhooks/{id}',
      tag: 'Webhooks',
      summary: 'Changes what is given; to enable one that was disabled by itself clears the reason',
      roles: ADMINS,
      json: Change,
      answers: { 200: { description: 'The endpoint as it is now.', schema: WebhookSchema } },
      problems: ['not-found', 'callback-url-not-allowed'],
      async handle(asked) {
        const wanted = asked.body as z.output<typeof Change>
        const { id } = await read(asked.param('id'))
        if (wanted.url !== undefined) await checkReceiver(services, wanted.url, 'url')
        return json(200, found(await webhooks.change(id, wanted, by(asked))))
      },
    }),

    endpoint({
      id: 'deleteWebhook',
      method: 'delete',
      path: '/api/webhooks/{id}',
      tag: 'Webhooks',
      summary:
        'Removes an endpoint; its deliveries stay to be read, and open ones fail at their next attempt',
      roles: ADMINS,
      answers: { 204: { description: 'Removed.' } },
      problems: ['not-found'],
      async handle(asked) {
        const { id } = await read(asked.param('id'))
        await webhooks.delete(id, by(asked))
        return new Response(null, { status: 204 })
      },
    }),

    endpoint({
      id: 'rotateWebhookSecret',
      method: 'post',
      path: '/api/webhooks/{id}/rotate-secret',
      tag: 'Webhooks',
      summary: 'A new secret; the old one signs, too, for 24 h',
      roles: ADMINS,
      answers: { 200: { description: 'The endpoint, with its new secret.', schema: NewWebhookSchema } },
      problems: ['not-found'],
      async handle(asked) {
        const webhook = await webhooks.rotate(asked.param('id'), by(asked))
        if (!webhook) throw notFound('endpoint')
        return json(200, webhook)
      },
    }),

    endpoint({
      id: 'testWebhook',
      method: 'post',
      path: '/api/webhooks/{id}/test',
      tag: 'Webhooks',
      summary: 'Sends a `ping`, also to an endpoint that is disabled',
      roles: ADMINS,
      answers: { 202: { description: 'Its delivery.', schema: DeliverySchema } },
      problems: ['not-found'],
      async handle(asked) {
        const ping = await deliveries.ping(await read(asked.param('id')), by(asked))
        await enqueueDelivery(services, ping)
        return json(202, await deliveries.view(ping))
      },
    }),

    endpoint({
      id: 'recoverWebhook',
      method: 'post',
      path: '/api/webhooks/{id}/recover',
      tag: 'Webhooks',
      summary: 'Sends again every failed delivery that was made since a time',
      roles: ADMINS,
      json: z.strictObject({ since: timeText }),
      answers: {
        202: {
          description: 'How many are sent again; 10,000 at most at once, or a few more.',
          schema: RecoveredSchema,
        },
      },
      problems: ['not-found', 'webhook-disabled'],
      async handle(asked) {
        const { since } = asked.body as { since: number }
        const { id, enabled } = await read(asked.param('id'))
        if (!enabled)
          throw new Problem('webhook-disabled', 'Enable the endpoint first: nothing is sent to it now.')
        let recovered = 0
        for await (const batch of deliveries.recover(id, since, MOST_RECOVERED, by(asked))) {
          recovered += batch.length
          await Promise.all(batch.map(each => enqueueDelivery(services, each)))
        }
        return json(202, { recovered, more: recovered >= MOST_RECOVERED })
      },
    }),
  ]
}
