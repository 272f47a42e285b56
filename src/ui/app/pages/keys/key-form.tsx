/** Making a key: whose it is, and what it may. */
import type { UseMutationResult } from '@tanstack/react-query'
import { type FormEvent, useEffect, useId, useState } from 'react'
import type { ApiKey, NewApiKey } from '../../contract.ts'
import { capital } from '../../format.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { TextField } from '../../parts/field.tsx'
import { RefusalNote } from '../../parts/page.tsx'
import { faultsOf } from '../../service/faults.ts'
import styles from './key-form.module.css'

type Role = ApiKey['role']

const ROLES: Readonly<Record<Role, string>> = {
  uploader: 'Uploads, and sees, changes and deletes its own jobs, with their deliveries. For programs.',
  viewer:
    'Reads every job, its events and artifacts, but no uploaded file and no receiver’s answer. Changes nothing.',
  admin: 'May do everything: every job, endpoints, keys, the audit log, Bull Board.',
}

interface Props {
  open: boolean
  onClose: () => void
  /** Whether there is no key yet: then it must be an admin's. */
  first: boolean
  make: UseMutationResult<NewApiKey, Error, { name: string; role: Role }>
}

export function KeyForm({ open, onClose, first, make }: Props) {
  const [name, setName] = useState('')
  const [role, setRole] = useState<Role>('uploader')
  const form = useId()
  const { mutate, isPending, error, reset } = make
  useEffect(() => {
    if (!open) return
    setName('')
    setRole(first ? 'admin' : 'uploader')
    reset()
  }, [open, first, reset])

  const faults = faultsOf(error)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    mutate({ name, role })
  }
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={first ? 'The first key' : 'New key'}
      buttons={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" form={form} disabled={isPending}>
            {first ? 'Make it, and shut the service' : 'Make the key'}
          </Button>
        </>
      }
    >
      <form id={form} className={styles.form} onSubmit={submit} noValidate>
        <RefusalNote error={faults.rest} />
        <TextField
          label="Name"
          autoComplete="off"
          spellCheck={false}
          placeholder="ada, ci, support-bot…"
          hint="Whose it is. Jobs and the audit log carry it. Letters, digits and ._@- are taken."
          maxLength={64}
          error={faults.at.name}
          value={name}
          onChange={event => setName(event.target.value)}
        />
        <fieldset className={styles.roles}>
          <legend>Role</legend>
          {faults.at.role && (
            <p className="bad" role="alert">
              {faults.at.role}
            </p>
          )}
          {(Object.keys(ROLES) as Role[])
            .filter(each => !first || each === 'admin')
            .map(each => (
              <label key={each}>
                <input
                  type="radio"
                  name="role"
                  value={each}
                  checked={role === each}
                  onChange={() => setRole(each)}
                />
                <span>
                  <strong>{capital(each)}</strong>
                  <small className="muted">{ROLES[each]}</small>
                </span>
              </label>
            ))}
        </fieldset>
      </form>
    </Dialog>
  )
}
