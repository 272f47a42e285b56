import { Fragment } from 'react'
import { Dialog } from './dialog.tsx'
import styles from './keys-help.module.css'

interface Props {
  keys: readonly (readonly [keys: string, what: string])[]
  open: boolean
  onClose: () => void
}

/** Which keys a page listens to. */
export function KeysHelp({ keys, open, onClose }: Props) {
  return (
    <Dialog open={open} onClose={onClose} title="Keys">
      <dl className={styles.keys}>
        {keys.map(([names, what]) => (
          <Fragment key={names}>
            <dt>{names}</dt>
            <dd>{what}</dd>
          </Fragment>
        ))}
      </dl>
    </Dialog>
  )
}
