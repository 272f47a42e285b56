/** How well an endpoint's newest deliveries went: a share, and each of them as a tick, the newest at the right. */
import type { Delivery } from '../../contract.ts'
import { counted } from '../../format.ts'
import { useRecent } from '../../service/callbacks.ts'
import styles from './success.module.css'

/** Of one endpoint, where nobody has asked for it yet. */
export function SuccessOf({ webhookId }: { webhookId: string }) {
  const { data: recent, error } = useRecent(webhookId)
  if (error) return <span className="bad">not known: {error.message}</span>
  return recent ? <Success recent={recent} /> : null
}

/** @param recent the newest first */
export function Success({ recent }: { recent: readonly Delivery['status'][] }) {
  if (recent.length === 0) return <span className="muted">nothing sent yet</span>
  const count = (status: Delivery['status']) => recent.filter(each => each === status).length
  const [delivered, failed, pending] = [count('delivered'), count('failed'), count('pending')]
  const ended = delivered + failed
  return (
    <span className={styles.success}>
      <span
        className={styles.ticks}
        role="img"
        aria-label={`${counted(recent.length, 'delivery', 'deliveries')}: ${delivered} delivered, ${failed} failed, ${pending} pending`}
      >
        {recent.toReversed().map((status, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a tick is its place and its colour, and has nothing else.
          <i key={index} data-status={status} />
        ))}
      </span>
      <span className={styles.words}>
        {ended > 0 && (
          <>
            <strong className="number">{percent(delivered, ended)}</strong>{' '}
            <small className="muted">of the newest {ended}</small>
          </>
        )}
        {pending > 0 && (
          <small className="muted">
            {ended > 0 && ', '}
            {pending} open
          </small>
        )}
      </span>
    </span>
  )
}

/** Rounded down: what is not all is never told as 100 %. */
function percent(part: number, all: number): string {
  return `${Math.floor((part / all) * 100)} %`
}
