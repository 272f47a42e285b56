/** A control with its label, a hint and what was wrong with it. */
import { type ComponentProps, type ReactNode, useId } from 'react'
import styles from './field.module.css'

interface Around {
  label: string
  hint?: ReactNode
  error?: string | undefined
}

type InputProps = Around & Omit<ComponentProps<'input'>, 'id'>

export function TextField({ label, hint, error, className, ...rest }: InputProps) {
  const { ids, control } = useControl(hint, error, className)
  return (
    <Shell {...{ label, hint, error, ids }}>
      <input {...control} {...rest} />
    </Shell>
  )
}

type SelectProps = Around & Omit<ComponentProps<'select'>, 'id'>

export function SelectField({ label, hint, error, className, ...rest }: SelectProps) {
  const { ids, control } = useControl(hint, error, className)
  return (
    <Shell {...{ label, hint, error, ids }}>
      <select {...control} {...rest} />
    </Shell>
  )
}

function useControl(hint: ReactNode, error: string | undefined, className: string | undefined) {
  const id = useId()
  const ids = { control: id, hint: `${id}-hint`, error: `${id}-error` }
  const describedBy = [hint && ids.hint, error && ids.error].filter(Boolean).join(' ')
  const control = {
    id,
    className: [styles.control, className].filter(Boolean).join(' '),
    'aria-invalid': error ? true : undefined,
    'aria-describedby': describedBy || undefined,
  } as const
  return { ids, control }
}

function Shell({
  label,
  hint,
  error,
  ids,
  children,
}: Around & { ids: { control: string; hint: string; error: string }; children: ReactNode }) {
  return (
    <div className={styles.field}>
      <label htmlFor={ids.control}>{label}</label>
      {children}
      {hint && (
        <span id={ids.hint} className={styles.hint}>
          {hint}
        </span>
      )}
      {error && (
        <span id={ids.error} className={styles.error} role="alert">
          {error}
        </span>
      )}
    </div>
  )
}
