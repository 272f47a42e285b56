/** The callbacks of a job: each delivery with all its attempts, and sending it again. */
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { RotateCw } from 'lucide-react'
import { useEffect } from 'react'
import { type Delivery, FINAL, type Job } from '../../contract.ts'
import { counted, duration } from '../../format.ts'
import { Button } from '../../parts/button.tsx'
import { useNotices } from '../../parts/notices.tsx'
import { Card, CardHead, RefusalNote } from '../../parts/page.tsx'
import { StatusBadge } from '../../parts/status.tsx'
import { Time } from '../../parts/time.tsx'
import { call } from '../../service/call.ts'
import { useSession } from '../../service/session.ts'
import styles from './deliveries.module.css'

interface DeliveryPage {
  readonly items: readonly Delivery[]
  readonly nextCursor: string | null
}

/** The parts of its time are told by newer services only. */
type Attempt = Delivery['attempts'][number] & {
  readonly dnsMs?: number | null
  readonly connectMs?: number | null
}

/** Deliveries have no events: open ones are looked at again after this time, in ms. */
const AGAIN = 5_000

export function Deliveries({ job }: { job: Job }) {
  const { items, isPending, error, refetch, hasNextPage, fetchNextPage, reload } = useDeliveries(job)
  if (items.length === 0 && !job.callbackUrl && !error) return null
  return (
    <Card aria-labelledby="deliveries">
      <CardHead>
        <h2 id="deliveries">Callbacks</h2>
        {items.length > 0 && <span className="muted">{counted(items.length, 'delivery', 'deliveries')}</span>}
      </CardHead>
      <div className={styles.deliveries}>
        <RefusalNote error={error} retry={() => refetch()} />
        {items.length === 0 && !error && (
          <p className="muted">
            {isPending
              ? 'Loading…'
              : FINAL.has(job.status)
                ? 'The callback is being prepared.'
                : 'The callback goes out when the job has ended.'}
          </p>
        )}
        {items.map(delivery => (
          <OneDelivery key={delivery.id} delivery={delivery} onChanged={reload} />
        ))}
        {hasNextPage && (
          <Button small onClick={() => fetchNextPage()}>
            Show older
          </Button>
        )}
      </div>
    </Card>
  )
}

function useDeliveries({ id, status, run, callbackUrl }: Job) {
  const queries = useQueryClient()
  const pages = useInfiniteQuery({
    queryKey: ['deliveries', 'of-job', id],
    queryFn: ({ pageParam, signal }) => {
      const query = new URLSearchParams({ jobId: id, limit: '50', ...(pageParam && { cursor: pageParam }) })
      return call<DeliveryPage>('GET', `/api/deliveries?${query}`, { signal })
    },
    initialPageParam: null as string | null,
    getNextPageParam: page => page.nextCursor,
    refetchInterval: ({ state }) => {
      const known = state.data?.pages.flatMap(page => page.items) ?? []
      const awaited = callbackUrl !== null && FINAL.has(status) && known.length === 0
      return awaited || known.some(each => each.status === 'pending') ? AGAIN : false
    },
  })
  const reload = () => queries.invalidateQueries({ queryKey: ['deliveries', 'of-job', id] })
  // biome-ignore lint/correctness/useExhaustiveDependencies: each move of the job may have made a delivery.
  useEffect(() => {
    queries.invalidateQueries({ queryKey: ['deliveries', 'of-job', id] })
  }, [queries, id, status, run])
  return { ...pages, items: pages.data?.pages.flatMap(page => page.items) ?? [], reload }
}

function OneDelivery({ delivery, onChanged }: { delivery: Delivery; onChanged: () => void }) {
  const { id, type, status, url, attempts, nextAttemptAt } = delivery
  const { rights } = useSession()
  const notices = useNotices()
  const redeliver = async () => {
    try {
      await call('POST', `/api/deliveries/${encodeURIComponent(id)}/redeliver`)
      notices.done('The callback is sent again.')
    } catch (error) {
      notices.failed(error)
    }
    onChanged()
  }
  return (
    <article className={styles.delivery} data-delivery={id} aria-label={`Delivery of ${type}`}>
      <p className={styles.head}>
        <StatusBadge status={status} />
        <code>{type}</code>
      </p>
      <p className={styles.url}>{url}</p>
      {attempts.length > 0 && (
        <ol className={styles.attempts} aria-label="Attempts">
          {attempts.map(attempt => (
            <OneAttempt key={attempt.at} attempt={attempt} />
          ))}
        </ol>
      )}
      {status === 'pending' && (
        <p className={styles.small}>
          {nextAttemptAt ? (
            <>
              Next attempt at <Time at={nextAttemptAt} />
            </>
          ) : (
            'Under way'
          )}
        </p>
      )}
      {status !== 'pending' && rights.change && (
        <Button small onClick={redeliver}>
          <RotateCw size={15} aria-hidden />
          Send it again
        </Button>
      )}
    </article>
  )
}

function OneAttempt({ attempt }: { attempt: Attempt }) {
  const { at, durationMs, statusCode, error, response, dnsMs, connectMs } = attempt
  const parts = [
    typeof dnsMs === 'number' && `DNS ${duration(dnsMs)}`,
    typeof connectMs === 'number' && `connect ${duration(connectMs)}`,
  ].filter(Boolean)
  const good = statusCode !== null && statusCode >= 200 && statusCode < 300
  return (
    <li className={styles.attempt}>
      <p className={styles.figures}>
        <Time at={at} />
        <strong data-tone={good ? 'good' : 'bad'}>{statusCode ?? 'No answer'}</strong>
        <span className="number">{duration(durationMs)}</span>
      </p>
      {parts.length > 0 && <p className={styles.small}>{parts.join(', ')}</p>}
      {error && <p className="bad">{error}</p>}
      {response && (
        <details>
          <summary className={styles.small}>What was answered</summary>
          <pre className={styles.response}>{response}</pre>
        </details>
      )}
    </li>
  )
}
