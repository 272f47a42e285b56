/** What narrows a list; whoever uses it keeps what was chosen in the address. */
import { X } from 'lucide-react'
import { type ComponentProps, type ReactNode, useEffect, useState } from 'react'
import styles from './filter.module.css'

/** How long somebody must have stopped typing before it counts, in ms. */
const TYPING = 300

export function FilterBar({ label, children }: { label: string; children: ReactNode }) {
  return (
    <search className={styles.bar} aria-label={label}>
      {children}
    </search>
  )
}

interface ChoiceProps<Value extends string> {
  label: string
  /** What may be chosen, and how it reads; `''` is all. */
  options: ReadonlyMap<Value | '', string>
  value: Value | ''
  onChange: (value: Value | '') => void
}

/** A few values to choose one of, all of them in sight. */
export function Choice<Value extends string>({ label, options, value, onChange }: ChoiceProps<Value>) {
  return (
    <fieldset className={styles.choice}>
      <legend className="visually-hidden">{label}</legend>
      {[...options].map(([each, words]) => (
        <button key={each} type="button" aria-pressed={each === value} onClick={() => onChange(each)}>
          {words}
        </button>
      ))}
    </fieldset>
  )
}

export function FilterSelect({ label, ...rest }: { label: string } & ComponentProps<'select'>) {
  return <select className={styles.control} aria-label={label} {...rest} />
}

interface TextProps extends Omit<ComponentProps<'input'>, 'value' | 'onChange'> {
  label: string
  value: string
  onChange: (value: string) => void
}

/** Counts once somebody has stopped typing. */
export function FilterText({ label, value, onChange, ...rest }: TextProps) {
  const [typed, setTyped] = useState(value)
  useEffect(() => setTyped(value), [value])
  useEffect(() => {
    if (typed.trim() === value) return
    const timer = setTimeout(() => onChange(typed.trim()), TYPING)
    return () => clearTimeout(timer)
  }, [typed, value, onChange])
  return (
    <input
      className={`${styles.control} ${styles.text}`}
      type="search"
      aria-label={label}
      value={typed}
      onChange={event => setTyped(event.target.value)}
      {...rest}
    />
  )
}

/** Something that narrows the list and was not chosen in the bar: a link led here with it. */
export function Given({
  children,
  label,
  onRemove,
}: {
  children: ReactNode
  label: string
  onRemove: () => void
}) {
  return (
    <span className={styles.given}>
      {children}
      <button type="button" onClick={onRemove} aria-label={label}>
        <X size={14} aria-hidden />
      </button>
    </span>
  )
}
