/** One delivery: what became of each attempt, and sending it again. */
import { ArrowLeft, SearchX } from 'lucide-react'
import { Link } from 'wouter'
import type { Delivery } from '../../contract.ts'
import { counted } from '../../format.ts'
import { LinkButton } from '../../parts/button.tsx'
import { CopyButton } from '../../parts/copy.tsx'
import { Fact, Facts } from '../../parts/facts.tsx'
import { Card, CardHead, Empty, Page, RefusalNote } from '../../parts/page.tsx'
import { StatusBadge } from '../../parts/status.tsx'
import { Time } from '../../parts/time.tsx'
import { Refusal } from '../../service/call.ts'
import { useDelivery } from '../../service/callbacks.ts'
import { useSession } from '../../service/session.ts'
import { Attempts } from './attempts.tsx'
import styles from './delivery-page.module.css'
import { Due } from './due.tsx'
import { Redeliver } from './redeliver.tsx'
import { VerifyHelp } from './verify-help.tsx'

export function DeliveryPage({ id }: { id: string }) {
  const { rights } = useSession()
  const { data: delivery, error, refetch } = useDelivery(id)
  if (error instanceof Refusal && error.status === 404) return <NoSuchDelivery />
  if (!delivery) {
    return (
      <Page title="Delivery">
        {error ? <RefusalNote error={error} retry={refetch} /> : <p className="muted">Loading…</p>}
      </Page>
    )
  }
  return (
    <Page
      title={delivery.type}
      beside={<StatusBadge status={delivery.status} />}
      actions={
        <>
          <LinkButton href="/callbacks" kind="quiet">
            <ArrowLeft size={16} aria-hidden />
            All deliveries
          </LinkButton>
          <VerifyHelp />
          {rights.change && <Redeliver delivery={delivery} />}
        </>
      }
    >
      <div className={styles.page}>
        <RefusalNote error={error} retry={refetch} />
        <Card padded aria-label="What is sent">
          <About delivery={delivery} endpoints={rights.administer} />
        </Card>
        <Card aria-label="Attempts">
          <CardHead>
            <h2>{counted(delivery.attempts.length, 'attempt')}</h2>
            <Next delivery={delivery} />
          </CardHead>
          <Attempts attempts={delivery.attempts} content={rights.content} />
        </Card>
      </div>
    </Page>
  )
}

/** @param endpoints whether the reader may go to the endpoint's page */
function About({ delivery, endpoints }: { delivery: Delivery; endpoints: boolean }) {
  const { id, url, webhookId, jobId, createdAt } = delivery
  return (
    <Facts>
      <Fact name="To">
        <code>{url}</code>
      </Fact>
      <Fact name="Because">
        {webhookId ? (
          <span>
            {jobId ? 'a registered endpoint asks for it' : 'somebody tested a registered endpoint'}
            {endpoints && (
              <>
                {': '}
                <Link href={`/callbacks/endpoints/${encodeURIComponent(webhookId)}`}>{webhookId}</Link>
              </>
            )}
          </span>
        ) : (
          'the job was given this callback URL'
        )}
      </Fact>
      {jobId && (
        <Fact name="Job">
          <Link href={`/jobs/${encodeURIComponent(jobId)}`}>
            <code>{jobId}</code>
          </Link>
        </Fact>
      )}
      <Fact name="webhook-id">
        <code>{id}</code>
        <CopyButton text={id}>Copy</CopyButton>
      </Fact>
      <Fact name="Made">
        <Time at={createdAt} />
      </Fact>
    </Facts>
  )
}

function Next({ delivery: { status, attempts, nextAttemptAt } }: { delivery: Delivery }) {
  if (status === 'pending') {
    return (
      <span className="muted" role="status">
        Next attempt <Due at={nextAttemptAt} />
      </span>
    )
  }
  if (status === 'failed') return <span className="bad">No attempt is left</span>
  const last = attempts.at(-1)
  return last ? (
    <span className="muted">
      Delivered <Time at={last.at} style="ago" />
    </span>
  ) : null
}

function NoSuchDelivery() {
  return (
    <Page title="Delivery">
      <Card>
        <Empty icon={<SearchX size={34} aria-hidden />} title="There is no such delivery">
          <p>It may have been removed with its age, or belong to somebody else.</p>
          <LinkButton href="/callbacks">To the deliveries</LinkButton>
        </Empty>
      </Card>
    </Page>
  )
}
