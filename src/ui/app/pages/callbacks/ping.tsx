/** What became of a test message, as soon as it is known. */
import { X } from 'lucide-react'
import { Link } from 'wouter'
import type { Delivery } from '../../contract.ts'
import { duration } from '../../format.ts'
import { Button } from '../../parts/button.tsx'
import { Card, RefusalNote } from '../../parts/page.tsx'
import { Badge, StatusBadge } from '../../parts/status.tsx'
import { useDelivery } from '../../service/callbacks.ts'
import { Due } from './due.tsx'
import styles from './ping.module.css'

export function Ping({ id, onClose }: { id: string; onClose: () => void }) {
  const { data: delivery, error, refetch } = useDelivery(id)
  return (
    <Card className={styles.ping ?? ''} aria-label="The test">
      <div className={styles.words} role="status">
        {error ? <RefusalNote error={error} retry={refetch} /> : <Outcome delivery={delivery} />}
      </div>
      {delivery && delivery.attempts.length > 0 && (
        <Link href={`/callbacks/deliveries/${encodeURIComponent(id)}`}>Its delivery</Link>
      )}
      <Button kind="quiet" small aria-label="Close the test" onClick={onClose}>
        <X size={16} aria-hidden />
      </Button>
    </Card>
  )
}

function Outcome({ delivery }: { delivery: Delivery | undefined }) {
  const last = delivery?.attempts.at(-1)
  if (!delivery || !last) {
    return (
      <>
        <Badge tone="busy">Sending</Badge> A ping is on its way…
      </>
    )
  }
  if (delivery.status === 'delivered') {
    return (
      <>
        <StatusBadge status="delivered" /> The receiver took the ping and answered {last.statusCode} in{' '}
        {duration(last.durationMs)}.
      </>
    )
  }
  return (
    <>
      <Badge tone="bad">Not taken</Badge> {last.error}{' '}
      {delivery.status === 'pending' && (
        <span className="muted">
          It is tried again <Due at={delivery.nextAttemptAt} />.
        </span>
      )}
    </>
  )
}
