import type { StreamState } from '../service/stream-state.ts'
import styles from './live.module.css'

/** Whether what is shown changes by itself. */
export function LiveBadge({ state }: { state: StreamState }) {
  if (state === 'ended') return null
  return (
    <span className={styles.live} data-state={state} role="status" data-testid="live">
      {state === 'live' ? 'Live' : 'Connecting…'}
    </span>
  )
}
