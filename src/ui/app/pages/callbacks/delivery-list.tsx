/** Deliveries that fit a query, newest first, kept current as long as nobody has gone further back. */
import { SearchX, Webhook as WebhookIcon } from 'lucide-react'
import { Link } from 'wouter'
import type { Delivery, Webhook } from '../../contract.ts'
import { Button } from '../../parts/button.tsx'
import { Older } from '../../parts/older.tsx'
import { Empty, RefusalNote } from '../../parts/page.tsx'
import { StatusBadge } from '../../parts/status.tsx'
import { Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { useDeliveries } from '../../service/callbacks.ts'
import { useSession } from '../../service/session.ts'
import styles from './delivery-list.module.css'
import { Due } from './due.tsx'
import { nameOf, originOf } from './endpoint-words.ts'
import { Redeliver } from './redeliver.tsx'

interface Props {
  query: URLSearchParams
  /** Those that the reader knows by name; none where all are of one receiver, which is named above the list. */
  webhooks?: readonly Webhook[]
  /** Takes the filter away; none where there is none to take. */
  onClear?: () => void
}

export function DeliveryList({ query, webhooks, onClear }: Props) {
  const { rights } = useSession()
  const list = useDeliveries(query)
  const { items, error, isPending, hasNextPage, isFetchingNextPage } = list
  if (error && items.length === 0) {
    return (
      <div className={styles.note}>
        <RefusalNote error={error} retry={() => list.refetch()} />
      </div>
    )
  }
  if (isPending) return <p className={styles.note}>Loading…</p>
  return (
    <>
      {error && (
        <div className={styles.note}>
          <RefusalNote error={error} retry={() => list.refetch()} />
        </div>
      )}
      {items.length > 0 ? (
        <Table label="Deliveries" className={styles.list ?? ''}>
          <thead>
            <tr>
              <th>Status</th>
              <th>Event</th>
              {webhooks && <th>Receiver</th>}
              <th>Job</th>
              <th data-number>Attempts</th>
              <th data-number>Made</th>
              {rights.change && (
                <th>
                  <span className="visually-hidden">Send again</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {items.map(delivery => (
              <Row
                key={delivery.id}
                delivery={delivery}
                receiver={webhooks !== undefined}
                change={rights.change}
                webhook={webhooks?.find(({ id }) => id === delivery.webhookId)}
              />
            ))}
          </tbody>
        </Table>
      ) : (
        <Nothing filtered={query.size > 0} more={hasNextPage} {...(onClear && { onClear })} />
      )}
      {(items.length > 0 || hasNextPage) && (
        <Older
          shown={items.length}
          more={hasNextPage}
          busy={isFetchingNextPage}
          onMore={() => list.fetchNextPage()}
        />
      )}
    </>
  )
}

interface RowProps {
  delivery: Delivery
  /** Whether to tell who it goes to. */
  receiver: boolean
  /** Whether the reader may send it again. */
  change: boolean
  webhook: Webhook | undefined
}

function Row({ delivery, receiver, change, webhook }: RowProps) {
  const { id, type, status, url, jobId, attempts, nextAttemptAt, createdAt } = delivery
  const last = attempts.at(-1)
  const name = webhook ? nameOf(webhook) : originOf(url)
  return (
    <tr>
      <td className={styles.status}>
        <StatusBadge status={status} />
      </td>
      <td className={styles.event}>
        <Link href={`/callbacks/deliveries/${encodeURIComponent(id)}`} className={styles.type}>
          {type}
        </Link>
      </td>
      {receiver && (
        <td className={styles.to}>
          <span className={styles.receiver} title={url}>
            {name}
          </span>
          {webhook?.description && <small className={styles.under}>{originOf(url)}</small>}
        </td>
      )}
      <td className={styles.job}>
        {jobId ? (
          <Link href={`/jobs/${encodeURIComponent(jobId)}`} className={styles.id} title={jobId}>
            {jobId}
          </Link>
        ) : (
          <span className="muted">A test</span>
        )}
      </td>
      <td data-number className={styles.attempts} title={last?.error ?? undefined}>
        {attempts.length}
        <span className={styles.word}> {attempts.length === 1 ? 'attempt' : 'attempts'}</span>
        {last && status !== 'delivered' && (
          <small className={styles.under}>{last.statusCode ?? 'no answer'}</small>
        )}
        {status === 'pending' && (
          <small className={styles.under}>
            next <Due at={nextAttemptAt} />
          </small>
        )}
      </td>
      <td data-number className={styles.made}>
        <Time at={createdAt} style="ago" />
      </td>
      {change && (
        <td data-number className={styles.again}>
          <Redeliver delivery={delivery} row={`${type} to ${name}`} />
        </td>
      )}
    </tr>
  )
}

function Nothing({ filtered, more, onClear }: { filtered: boolean; more: boolean; onClear?: () => void }) {
  if (more) {
    return (
      <Empty icon={<SearchX size={34} aria-hidden />} title="Nothing among the newest">
        <p>Older deliveries may still fit: look further back below.</p>
      </Empty>
    )
  }
  if (filtered) {
    return (
      <Empty icon={<SearchX size={34} aria-hidden />} title="No delivery matches">
        <p>Nothing that is kept fits. What will fit appears here by itself.</p>
        {onClear && <Button onClick={onClear}>Clear filter</Button>}
      </Empty>
    )
  }
  return (
    <Empty icon={<WebhookIcon size={34} aria-hidden />} title="Nothing has been told to anybody yet">
      <p>
        Give an upload a callback URL, and how its job ends is posted there, signed, and tried again until it
        arrives. Each message appears here with every attempt.
      </p>
    </Empty>
  )
}
