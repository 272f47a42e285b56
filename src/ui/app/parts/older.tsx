/** The end of a list that the API gives in pages. */
import { Button } from './button.tsx'
import styles from './older.module.css'

interface Props {
  /** How many are shown. */
  shown: number
  more: boolean
  busy: boolean
  onMore: () => void
}

export function Older({ shown, more, busy, onMore }: Props) {
  return (
    <footer className={styles.older}>
      <span className="muted" role="status">
        {shown.toLocaleString('en')} shown{more ? '' : ', that is all'}
      </span>
      {more && (
        <Button small onClick={onMore} disabled={busy}>
          {busy ? 'Looking…' : 'Show older'}
        </Button>
      )}
    </footer>
  )
}
