/** A secret that is shown once: only its own button closes the dialog, no slip of a hand or of a key does. */
import { AlertDialog } from '@base-ui/react/alert-dialog'
import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { CopyButton } from './copy.tsx'
import dialog from './dialog.module.css'
import { TextField } from './field.tsx'
import styles from './shown-once.module.css'

interface Props {
  /** Null: the dialog is closed. */
  secret: string | null
  title: string
  /** What it is called: "Secret", "API key". */
  label: string
  /** Where it belongs, and what to do if it is lost. */
  children: ReactNode
  onKept: () => void
}

export function ShownOnce({ secret, title, label, children, onKept }: Props) {
  return (
    <AlertDialog.Root open={secret !== null}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className={dialog.backdrop} />
        <AlertDialog.Popup className={dialog.popup} data-wide>
          <AlertDialog.Title className={dialog.title}>{title}</AlertDialog.Title>
          <div className={dialog.body}>
            <AlertDialog.Description render={<div className={styles.about} />}>
              {children}
            </AlertDialog.Description>
            <div className={styles.secret}>
              <TextField
                label={label}
                className={styles.text ?? ''}
                readOnly
                value={secret ?? ''}
                onFocus={event => event.currentTarget.select()}
              />
              <CopyButton text={secret ?? ''}>Copy</CopyButton>
            </div>
          </div>
          <div className={dialog.buttons}>
            <Button kind="primary" onClick={onKept}>
              I have kept it
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}
