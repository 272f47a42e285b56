/** Endpoints and deliveries, as the pages ask for them. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { Delivery, Webhook } from '../contract.ts'
import { call } from './call.ts'
import { useNewestFirst } from './newest-first.ts'

/** How many of an endpoint's newest deliveries its success is told by. */
export const RECENT = 50
/** Ms between two looks at what may change at any time, and where nothing is open, or much is asked for. */
const EVERY = 5_000
const SELDOM = 15_000
/** Ms between two looks while an attempt is under way: it takes 15 s at most, and no event tells of its end. */
const AWAITED = 1_000

/** Not before there is something to keep current: asking again would take a refusal off the page, and what to do with it. */
function whileShown(every: number) {
  return ({ state: { data } }: { state: { data: unknown } }) => (data === undefined ? false : every)
}

export function deliveryPath(id: string): string {
  return `/api/deliveries/${encodeURIComponent(id)}`
}

export function webhookPath(id: string): string {
  return `/api/webhooks/${encodeURIComponent(id)}`
}

/** @param wanted false where the reader may not see them */
export function useWebhooks(wanted: boolean) {
  return useQuery({
    queryKey: ['webhooks', 'all'],
    queryFn: async ({ signal }) =>
      (await call<{ items: Webhook[] }>('GET', '/api/webhooks', { signal })).items,
    refetchInterval: whileShown(SELDOM),
    enabled: wanted,
  })
}

/** Every endpoint with how its newest deliveries went: in one request, however many there are. */
export function useWebhooksWithRecent() {
  return useQuery({
    queryKey: ['webhooks', 'all', 'recent'],
    queryFn: async ({ signal }) =>
      (await call<{ items: Webhook[] }>('GET', `/api/webhooks?recent=${RECENT}`, { signal })).items,
    refetchInterval: whileShown(SELDOM),
  })
}

export function useWebhook(id: string) {
  return useQuery({
    queryKey: ['webhooks', id],
    queryFn: ({ signal }) => call<Webhook>('GET', webhookPath(id), { signal }),
    refetchInterval: whileShown(EVERY),
  })
}

export function useDelivery(id: string) {
  return useQuery({
    queryKey: ['deliveries', 'one', id],
    queryFn: ({ signal }) => call<Delivery>('GET', deliveryPath(id), { signal }),
    refetchInterval: ({ state: { data } }) =>
      data?.status !== 'pending' ? false : isDue(data) ? AWAITED : EVERY,
  })
}

function isDue({ nextAttemptAt }: Delivery): boolean {
  return nextAttemptAt === null || Date.parse(nextAttemptAt) <= Date.now()
}

/** How the newest deliveries to an endpoint went, the newest first. */
export function useRecent(webhookId: string) {
  return useQuery({
    queryKey: ['deliveries', 'recent', webhookId],
    queryFn: async ({ signal }) => {
      const query = new URLSearchParams({ webhookId, limit: String(RECENT), responses: 'false' })
      const { items } = await call<{ items: Delivery[] }>('GET', `/api/deliveries?${query}`, { signal })
      return items.map(({ status }) => status)
    },
    refetchInterval: whileShown(SELDOM),
  })
}

/** Deliveries that fit a query, without what was answered: whoever wants that looks at one of them. */
export function useDeliveries(query: URLSearchParams) {
  const light = new URLSearchParams(query)
  light.set('responses', 'false')
  return useNewestFirst<Delivery>(['deliveries', 'list'], '/api/deliveries', light, items =>
    items.some(({ status }) => status === 'pending') ? EVERY : SELDOM,
  )
}

/** @returns what asks again for all that is shown of endpoints and deliveries, after a change. */
export function useCallbacksChanged() {
  const queries = useQueryClient()
  return () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: ['webhooks'] }),
      queries.invalidateQueries({ queryKey: ['deliveries'] }),
    ])
}
