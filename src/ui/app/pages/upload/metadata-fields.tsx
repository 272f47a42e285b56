/** The job's metadata, as rows of a name and its value. */
import { Plus, X } from 'lucide-react'
import { Button } from '../../parts/button.tsx'
import field from '../../parts/field.module.css'
import type { Pair } from './metadata.ts'
import styles from './upload-page.module.css'

interface Props {
  pairs: readonly Pair[]
  onChange: (pairs: readonly Pair[]) => void
  disabled: boolean
}

export function MetadataFields({ pairs, onChange, disabled }: Props) {
  const change = (at: number, pair: Pair) => onChange(pairs.with(at, pair))
  return (
    <fieldset className={styles.metadata} disabled={disabled}>
      <legend className={field.label}>Metadata</legend>
      {pairs.map(([name, value], at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row has nothing else that it is known by; both may be empty.
        <div key={at} className={styles.pair}>
          <input
            className={field.control}
            aria-label="Name"
            placeholder="ticket"
            autoComplete="off"
            spellCheck={false}
            value={name}
            onChange={event => change(at, [event.target.value, value])}
          />
          <input
            className={field.control}
            aria-label="Value"
            placeholder="INC-42"
            autoComplete="off"
            spellCheck={false}
            value={value}
            onChange={event => change(at, [name, event.target.value])}
          />
          <Button
            kind="quiet"
            small
            aria-label={`Remove ${name || 'this pair'}`}
            onClick={() => onChange(pairs.toSpliced(at, 1))}
          >
            <X size={15} aria-hidden />
          </Button>
        </div>
      ))}
      <Button small onClick={() => onChange([...pairs, ['', '']])}>
        <Plus size={15} aria-hidden />
        Add a pair
      </Button>
    </fieldset>
  )
}
