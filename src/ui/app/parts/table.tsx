/** A plain table that scrolls sideways by itself where the screen is narrow; `data-number` on a cell aligns it right. */
import type { ComponentProps } from 'react'
import styles from './table.module.css'

/** @param label what the table is of, for those who do not see its heading. */
export function Table({ label, className, ...rest }: { label: string } & ComponentProps<'table'>) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached from the keyboard.
    <section className={styles.scroll} aria-label={label} tabIndex={0}>
      <table className={[styles.table, className].filter(Boolean).join(' ')} {...rest} />
    </section>
  )
}
