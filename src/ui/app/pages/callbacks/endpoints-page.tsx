/** Endpoints: who is told of every job's events. */
import { Plus, SearchX, Webhook as WebhookIcon } from 'lucide-react'
import { useState } from 'react'
import { Link } from 'wouter'
import type { Webhook } from '../../contract.ts'
import { capital, counted } from '../../format.ts'
import { Button } from '../../parts/button.tsx'
import { Choice, FilterBar } from '../../parts/filter.tsx'
import { Card, Empty, Page, RefusalNote } from '../../parts/page.tsx'
import { Badge } from '../../parts/status.tsx'
import { Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { useAddressFilter } from '../../service/address-filter.ts'
import { useWebhooksWithRecent } from '../../service/callbacks.ts'
import { EndpointForm } from './endpoint-form.tsx'
import { LOOKED_FOR, type State, stateOf } from './endpoint-state.ts'
import { nameOf, STATES } from './endpoint-words.ts'
import styles from './endpoints-page.module.css'
import { Success } from './success.tsx'
import { Tabs } from './tabs.tsx'
import { VerifyHelp } from './verify-help.tsx'

/** Types that a row names; of more it tells how many. */
const NAMED = 3

export function EndpointsPage() {
  const { data: webhooks, error, refetch } = useWebhooksWithRecent()
  const [making, setMaking] = useState(false)
  const make = (
    <Button kind="primary" onClick={() => setMaking(true)}>
      <Plus size={16} aria-hidden />
      New endpoint
    </Button>
  )
  const none = webhooks?.length === 0
  const { values, set, clear } = useAddressFilter(['state'])
  const { state } = values
  const wanted = LOOKED_FOR.get(state)
  const shown = webhooks?.filter(webhook => !wanted || wanted.includes(stateOf(webhook))) ?? []
  return (
    <Page
      title="Callbacks"
      actions={
        <>
          <VerifyHelp />
          {!none && make}
        </>
      }
    >
      <Tabs />
      <RefusalNote error={error} retry={refetch} />
      {!webhooks && !error && <p className="muted">Loading…</p>}
      {webhooks && (
        <Card aria-label="List of endpoints">
          {none ? (
            <Empty icon={<WebhookIcon size={34} aria-hidden />} title="No endpoint is registered">
              <p>
                An endpoint is told of every job, whoever uploads it: a chat’s webhook, a ticket system, a
                service of yours. Uploads need not name it.
              </p>
              {make}
            </Empty>
          ) : (
            <>
              {webhooks.length > 1 && (
                <FilterBar label="Narrow the endpoints">
                  <Choice
                    label="State"
                    options={choices(webhooks)}
                    value={wanted ? state : ''}
                    onChange={next => set('state', next)}
                  />
                </FilterBar>
              )}
              {shown.length === 0 && (
                <Empty icon={<SearchX size={34} aria-hidden />} title={`No endpoint is ${state}`}>
                  <Button onClick={clear}>Show all</Button>
                </Empty>
              )}
              {shown.length > 0 && (
                <Table label="Endpoints">
                  <thead>
                    <tr>
                      <th>State</th>
                      <th>Endpoint</th>
                      <th className={styles.wide}>Told of</th>
                      <th className={styles.wide}>Delivered</th>
                    </tr>
                  </thead>
                  <tbody>
                    {shown.map(webhook => (
                      <Row key={webhook.id} webhook={webhook} />
                    ))}
                  </tbody>
                </Table>
              )}
            </>
          )}
        </Card>
      )}
      <EndpointForm open={making} onClose={() => setMaking(false)} />
    </Page>
  )
}

function choices(webhooks: readonly Webhook[]): ReadonlyMap<string, string> {
  const states = webhooks.map(stateOf)
  const many = (wanted: readonly State[]) => states.filter(state => wanted.includes(state)).length
  const groups = [...LOOKED_FOR].map(
    ([group, wanted]) => [group, `${capital(group)} ${many(wanted)}`] as const,
  )
  return new Map([['', `All ${webhooks.length}`], ...groups])
}

function Row({ webhook }: { webhook: Webhook }) {
  const { id, url, description, events, disabledReason, failingSince, recent } = webhook
  const state = stateOf(webhook)
  const { tone, word } = STATES[state]
  return (
    <tr>
      <td className={styles.state}>
        <Badge tone={tone}>{word}</Badge>
        {disabledReason && <small className={styles.under}>{disabledReason}</small>}
        {state === 'failing' && failingSince && (
          <small className={styles.under}>
            since <Time at={failingSince} style="ago" />
          </small>
        )}
      </td>
      <td>
        <Link href={`/callbacks/endpoints/${encodeURIComponent(id)}`} className={styles.name}>
          {nameOf(webhook)}
        </Link>
        <small className={styles.url} title={url}>
          {description ? url : new URL(url).pathname}
        </small>
      </td>
      <td className={styles.wide}>
        <span className={styles.events}>
          {events.slice(0, NAMED).map(type => (
            <code key={type}>{type}</code>
          ))}
          {events.length > NAMED && (
            <small className="muted" title={events.slice(NAMED).join(', ')}>
              and {counted(events.length - NAMED, 'more type')}
            </small>
          )}
        </span>
      </td>
      <td className={styles.wide}>{recent && <Success recent={recent} />}</td>
    </tr>
  )
}
