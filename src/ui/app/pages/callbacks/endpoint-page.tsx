/** One endpoint: its state, what it is told of, how its deliveries go, and what can be done with it. */
import { ArrowLeft, SearchX } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Link } from 'wouter'
import type { Webhook } from '../../contract.ts'
import { LinkButton } from '../../parts/button.tsx'
import { Fact, Facts } from '../../parts/facts.tsx'
import { Card, CardHead, Empty, Page, RefusalNote } from '../../parts/page.tsx'
import { Badge } from '../../parts/status.tsx'
import { Time } from '../../parts/time.tsx'
import { Refusal } from '../../service/call.ts'
import { useWebhook } from '../../service/callbacks.ts'
import { DeliveryList } from './delivery-list.tsx'
import { EndpointActions } from './endpoint-actions.tsx'
import styles from './endpoint-page.module.css'
import { stateOf } from './endpoint-state.ts'
import { nameOf, STATES } from './endpoint-words.ts'
import { Ping } from './ping.tsx'
import { SuccessOf } from './success.tsx'

export function EndpointPage({ id }: { id: string }) {
  const { data: webhook, error, refetch } = useWebhook(id)
  const [ping, setPing] = useState<string | null>(null)
  if (error instanceof Refusal && error.status === 404) return <NoSuchEndpoint />
  if (!webhook) {
    return (
      <Page title="Endpoint">
        {error ? <RefusalNote error={error} retry={refetch} /> : <p className="muted">Loading…</p>}
      </Page>
    )
  }
  const { tone, word } = STATES[stateOf(webhook)]
  return (
    <Page
      title={nameOf(webhook)}
      beside={<Badge tone={tone}>{word}</Badge>}
      actions={
        <>
          <LinkButton href="/callbacks/endpoints" kind="quiet">
            <ArrowLeft size={16} aria-hidden />
            All endpoints
          </LinkButton>
          <EndpointActions webhook={webhook} onPing={setPing} />
        </>
      }
    >
      <div className={styles.page}>
        <RefusalNote error={error} retry={refetch} />
        <Trouble webhook={webhook} />
        <Rotation webhook={webhook} />
        {ping && <Ping id={ping} onClose={() => setPing(null)} />}
        <Card padded aria-label="About the endpoint">
          <About webhook={webhook} />
        </Card>
        <Card aria-label="Its deliveries">
          <CardHead>
            <h2>Its deliveries</h2>
            <Link href={`/callbacks?webhookId=${encodeURIComponent(id)}`}>Filter them</Link>
          </CardHead>
          <DeliveryList query={new URLSearchParams({ webhookId: id })} />
        </Card>
      </div>
    </Page>
  )
}

/** Why nothing arrives, and what to do. */
function Trouble({ webhook }: { webhook: Webhook }) {
  switch (stateOf(webhook)) {
    case 'disabled-by-itself':
      return (
        <Note tone="bad">
          <strong>Disabled by itself.</strong> {webhook.disabledReason} See to the receiver, enable the
          endpoint, then send again what failed.
        </Note>
      )
    case 'disabled-by-hand':
      return <Note>Disabled by hand: nothing is sent to it but tests.</Note>
    case 'failing':
      return (
        <Note tone="warn">
          <strong>
            Every attempt has failed since <Time at={webhook.failingSince!} />.
          </strong>{' '}
          After 5 days of it the endpoint is disabled. A delivery below says what went wrong.
        </Note>
      )
    case 'enabled':
      return null
  }
}

/** How long a receiver may still go by the secret that it had. */
function Rotation({ webhook: { previousSecretUntil } }: { webhook: Webhook }) {
  if (!previousSecretUntil) return null
  // Not told by itself: it stands for a day, and its time left changes.
  return (
    <Note role="note">
      <strong>
        Its secret was rotated: until <Time at={previousSecretUntil} /> (
        <Time at={previousSecretUntil} style="ago" />) the one before signs, too.
      </strong>{' '}
      See that the receiver knows the new one by then; send a test once it does. If the new one was not kept,
      rotate again.
    </Note>
  )
}

interface NoteProps {
  tone?: 'bad' | 'warn'
  role?: 'status' | 'note'
  children: ReactNode
}

function Note({ tone, role = 'status', children }: NoteProps) {
  return (
    <div className={styles.note} data-tone={tone} role={role}>
      <p>{children}</p>
    </div>
  )
}

function About({ webhook }: { webhook: Webhook }) {
  return (
    <Facts>
      <Fact name="URL">
        <code>{webhook.url}</code>
      </Fact>
      <Fact name="Told of">
        {webhook.events.map(type => (
          <code key={type}>{type}</code>
        ))}
      </Fact>
      <Fact name="Delivered">
        <SuccessOf webhookId={webhook.id} />
      </Fact>
      <Fact name="Made">
        <Time at={webhook.createdAt} />
      </Fact>
      <Fact name="Id">
        <code>{webhook.id}</code>
      </Fact>
    </Facts>
  )
}

function NoSuchEndpoint() {
  return (
    <Page title="Endpoint">
      <Card>
        <Empty icon={<SearchX size={34} aria-hidden />} title="There is no such endpoint">
          <p>It may have been deleted. Its deliveries are kept for their time.</p>
          <LinkButton href="/callbacks/endpoints">To the endpoints</LinkButton>
        </Empty>
      </Card>
    </Page>
  )
}
