/** The end of a list of which only the beginning is drawn, for few look further. */
import { Button } from './button.tsx'
import styles from './show-all.module.css'

interface Props {
  shown: number
  total: number
  onAll: () => void
}

export function ShowAll({ shown, total, onAll }: Props) {
  if (shown >= total) return null
  return (
    <p className={styles.all}>
      <Button small onClick={onAll}>
        Show all {total.toLocaleString('en')}
      </Button>
    </p>
  )
}
