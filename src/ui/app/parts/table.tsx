/**
 * A plain table; `data-number` on a cell aligns it right. Where the screen is narrow it scrolls sideways by itself, or
 * its rows become blocks of their cells, each with its `data-label` before it.
 */
import type { ComponentProps } from 'react'
import styles from './table.module.css'

interface Props extends ComponentProps<'table'> {
  /** What the table is of, for those who do not see its heading. */
  label: string
  /** Rows become blocks where it is narrow: then no cell may mean nothing without its column's heading. */
  stacks?: boolean
}

export function Table({ label, stacks, className, ...rest }: Props) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached from the keyboard.
    <section className={styles.scroll} aria-label={label} tabIndex={0}>
      <table
        className={[styles.table, className].filter(Boolean).join(' ')}
        data-stacks={stacks || undefined}
        {...rest}
      />
    </section>
  )
}
