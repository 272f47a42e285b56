/** Buttons, and links that look like them. */
import type { ComponentProps } from 'react'
import { Link } from 'wouter'
import styles from './button.module.css'

/** One `primary` a page at most: what most people came for. */
export type ButtonKind = 'primary' | 'plain' | 'quiet' | 'danger'

interface Look {
  kind?: ButtonKind
  small?: boolean
}

export function Button({ kind = 'plain', small, className, ...rest }: Look & ComponentProps<'button'>) {
  return <button type="button" {...look(kind, small, className)} {...rest} />
}

/** To another page of this UI. */
export function LinkButton({
  kind = 'plain',
  small,
  className,
  href,
  ...rest
}: Look & Omit<ComponentProps<'a'>, 'href'> & { href: string }) {
  return <Link href={href} {...look(kind, small, className)} {...rest} />
}

/** To what is not a page of this UI: a download, Bull Board. */
export function OutsideButton({ kind = 'plain', small, className, ...rest }: Look & ComponentProps<'a'>) {
  return <a {...look(kind, small, className)} {...rest} />
}

function look(kind: ButtonKind, small: boolean | undefined, className: string | undefined) {
  return {
    className: [styles.button, styles[kind], className].filter(Boolean).join(' '),
    'data-small': small || undefined,
  }
}
