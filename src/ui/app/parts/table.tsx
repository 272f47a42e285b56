/**
 * A plain table that scrolls sideways by itself where the screen is narrow; `data-number` on a cell aligns it right.
 * `stacked`: on a narrow screen its rows stand below one another instead, four cells with a `data-label` side by side.
 */
import type { ComponentProps } from 'react'
import styles from './table.module.css'

interface Props extends ComponentProps<'table'> {
  /** What the table is of, for those who do not see its heading. */
  label: string
  stacked?: boolean
}

export function Table({ label, stacked, className, ...rest }: Props) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached from the keyboard.
    <section className={styles.scroll} aria-label={label} tabIndex={0}>
      <table
        className={[styles.table, stacked && styles.stacked, className].filter(Boolean).join(' ')}
        {...rest}
      />
    </section>
  )
}
