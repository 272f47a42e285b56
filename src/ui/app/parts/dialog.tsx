/** Dialogs: one for a form or a closer look, one that asks before what cannot be undone. */
import { AlertDialog } from '@base-ui/react/alert-dialog'
import { Dialog as Base } from '@base-ui/react/dialog'
import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import styles from './dialog.module.css'

interface DialogProps {
  open: boolean
  onClose: () => void
  title: string
  wide?: boolean
  children: ReactNode
  /** At the bottom right, the last one the one that most people want. */
  buttons?: ReactNode
}

export function Dialog({ open, onClose, title, wide, children, buttons }: DialogProps) {
  return (
    <Base.Root open={open} onOpenChange={next => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={styles.backdrop} />
        <Base.Popup className={styles.popup} data-wide={wide || undefined}>
          <Base.Title className={styles.title}>{title}</Base.Title>
          <div className={styles.body}>{children}</div>
          {buttons && <div className={styles.buttons}>{buttons}</div>}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}

interface ConfirmProps {
  open: boolean
  onClose: () => void
  onConfirm: () => void
  /** A question. */
  title: string
  /** What will be gone, or what happens to whom. */
  children: ReactNode
  /** The verb of the question: "Delete". */
  confirm: string
  /** What happens without it: "Keep it". */
  keep?: string
  busy?: boolean
}

export function Confirm({ open, onClose, onConfirm, title, children, confirm, keep, busy }: ConfirmProps) {
  return (
    <AlertDialog.Root open={open} onOpenChange={next => !next && onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className={styles.backdrop} />
        <AlertDialog.Popup className={styles.popup}>
          <AlertDialog.Title className={styles.title}>{title}</AlertDialog.Title>
          <AlertDialog.Description render={<div className={styles.body} />}>
            {children}
          </AlertDialog.Description>
          <div className={styles.buttons}>
            <Button onClick={onClose}>{keep ?? 'Keep it'}</Button>
            <Button kind="danger" onClick={onConfirm} disabled={busy}>
              {confirm}
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}
