/** Deliveries, newest first: what was told to whom, and whether it arrived. */

import type { Delivery } from '../../contract.ts'
import { Choice, FilterBar, FilterSelect, FilterText } from '../../parts/filter.tsx'
import { Card, Page } from '../../parts/page.tsx'
import { useAddressFilter } from '../../service/address-filter.ts'
import { useWebhooks } from '../../service/callbacks.ts'
import { useSession } from '../../service/session.ts'
import { DeliveryList } from './delivery-list.tsx'
import { nameOf } from './endpoint-words.ts'
import { Tabs } from './tabs.tsx'
import { VerifyHelp } from './verify-help.tsx'

type Status = Delivery['status']
const STATUSES = new Map<Status | '', string>([
  ['', 'All'],
  ['pending', 'Pending'],
  ['delivered', 'Delivered'],
  ['failed', 'Failed'],
])

/** The names of the API's own query. */
const FILTERS = ['status', 'webhookId', 'jobId'] as const

export function DeliveriesPage() {
  const { rights } = useSession()
  const { data: webhooks = [] } = useWebhooks(rights.administer)
  const { values, set, clear, query } = useAddressFilter(FILTERS)
  const { status, webhookId, jobId } = values

  return (
    <Page title="Callbacks" actions={<VerifyHelp />}>
      <Tabs />
      <Card aria-label="List of deliveries">
        <FilterBar label="Narrow the deliveries">
          <Choice label="Status" options={STATUSES} value={status} onChange={next => set('status', next)} />
          {rights.administer && (
            <FilterSelect
              label="Endpoint"
              value={webhookId}
              onChange={event => set('webhookId', event.target.value)}
            >
              <option value="">Any receiver</option>
              {webhooks.map(webhook => (
                <option key={webhook.id} value={webhook.id}>
                  {nameOf(webhook)}
                </option>
              ))}
              {webhookId && !webhooks.some(({ id }) => id === webhookId) && (
                <option value={webhookId}>{webhookId}</option>
              )}
            </FilterSelect>
          )}
          <FilterText
            label="Job"
            placeholder="A job’s id"
            maxLength={64}
            value={jobId}
            onChange={next => set('jobId', next)}
          />
        </FilterBar>
        <DeliveryList query={query} webhooks={webhooks} onClear={clear} />
      </Card>
    </Page>
  )
}
