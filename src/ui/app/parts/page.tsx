/** What every page is made of: its heading, cards, and what it says when there is nothing or something went wrong. */
import { CircleAlert } from 'lucide-react'
import { type ComponentProps, type ReactNode, useEffect } from 'react'
import { Refusal } from '../service/call.ts'
import { Button } from './button.tsx'
import styles from './page.module.css'

interface PageProps {
  /** Of the document, too. */
  title: string
  /** Beside the heading: a status, what is live. */
  beside?: ReactNode
  actions?: ReactNode
  children: ReactNode
}

export function Page({ title, beside, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Sluice`
  }, [title])
  return (
    <>
      <header className={styles.head}>
        <h1 title={title}>{title}</h1>
        {beside && <div className={styles.beside}>{beside}</div>}
        {actions && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </>
  )
}

/** @param padded without it, what is inside reaches the borders: tables, lists. */
export function Card({ padded, className, ...rest }: { padded?: boolean } & ComponentProps<'section'>) {
  return (
    <section
      className={[styles.card, className].filter(Boolean).join(' ')}
      data-padded={padded || undefined}
      {...rest}
    />
  )
}

export function CardHead({ children }: { children: ReactNode }) {
  return <header className={styles.cardHead}>{children}</header>
}

/** Nothing is here, and this is what to do about it. */
export function Empty({ icon, title, children }: { icon?: ReactNode; title: string; children?: ReactNode }) {
  return (
    <div className={styles.empty}>
      {icon}
      <h2>{title}</h2>
      {children}
    </div>
  )
}

/** What happened, and what to do. */
export function RefusalNote({ error, retry }: { error: unknown; retry?: () => void }) {
  if (!error) return null
  const { message } = error as Error
  const requestId = error instanceof Refusal ? error.requestId : undefined
  return (
    <div className={styles.refusal} role="alert">
      <CircleAlert size={18} aria-hidden />
      <p>
        {message}
        {requestId && <span className="muted"> The service’s log has more under {requestId}.</span>}
      </p>
      {retry && (
        <Button small onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  )
}
