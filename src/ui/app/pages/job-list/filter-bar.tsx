/** Narrows the list; whatever is set here stands in the address. */
import { Search } from 'lucide-react'
import { type Ref, useEffect, useState } from 'react'
import { STATUSES, type Status } from '../../contract.ts'
import { capital } from '../../format.ts'
import { Button } from '../../parts/button.tsx'
import { Given } from '../../parts/filter.tsx'
import { usePipelines } from '../../service/pipelines.ts'
import { AGES, EVERYTHING, type Filter, isEverything } from './filter.ts'
import styles from './filter-bar.module.css'
import { Views } from './views.tsx'

/** How long somebody must have stopped typing before it is looked for, in ms. */
const TYPING = 250

interface Props {
  filter: Filter
  onChange: (filter: Filter) => void
  searchRef: Ref<HTMLInputElement>
}

export function FilterBar({ filter, onChange, searchRef }: Props) {
  const { data: pipelines = [] } = usePipelines()
  // One that is gone is named all the same: its jobs may still be there, and its filter is.
  const names = new Set(pipelines.map(({ name }) => name)).add(filter.pipeline)
  names.delete('')
  const toggle = (status: Status) => {
    const without = filter.statuses.filter(each => each !== status)
    const statuses = without.length < filter.statuses.length ? without : [...without, status]
    onChange({ ...filter, statuses })
  }

  return (
    <search className={styles.bar}>
      <TextSearch text={filter.text} onChange={text => onChange({ ...filter, text })} searchRef={searchRef} />
      <select
        className={styles.control}
        aria-label="Pipeline"
        value={filter.pipeline}
        onChange={event => onChange({ ...filter, pipeline: event.target.value })}
      >
        <option value="">Any pipeline</option>
        {[...names].map(name => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <select
        className={styles.control}
        aria-label="Created"
        value={filter.age}
        onChange={event => onChange({ ...filter, age: event.target.value })}
      >
        <option value="">Any time</option>
        {Object.entries(AGES).map(([age, { name }]) => (
          <option key={age} value={age}>
            {name}
          </option>
        ))}
      </select>
      <Views filter={filter} onChange={onChange} />
      <fieldset className={styles.statuses}>
        <legend className="visually-hidden">Status</legend>
        {STATUSES.map(status => (
          <button
            key={status}
            type="button"
            className={styles.status}
            aria-pressed={filter.statuses.includes(status)}
            onClick={() => toggle(status)}
          >
            {capital(status)}
          </button>
        ))}
        {filter.metadata.map(([key, value]) => (
          <Given
            key={`${key}=${value}`}
            label={`Without ${key}: ${value}`}
            onRemove={() =>
              onChange({
                ...filter,
                metadata: filter.metadata.filter(pair => pair[0] !== key || pair[1] !== value),
              })
            }
          >
            {key}: {value}
          </Given>
        ))}
        {filter.owner && (
          <Given label={`Without owner: ${filter.owner}`} onRemove={() => onChange({ ...filter, owner: '' })}>
            owner: {filter.owner}
          </Given>
        )}
        {filter.error && (
          <Given label={`Without cause: ${filter.error}`} onRemove={() => onChange({ ...filter, error: '' })}>
            cause: {filter.error}
          </Given>
        )}
        {!isEverything(filter) && (
          <Button kind="quiet" small className={styles.clear} onClick={() => onChange(EVERYTHING)}>
            Clear filter
          </Button>
        )}
      </fieldset>
    </search>
  )
}

/** `ticket=INC-42` is an exact value of the metadata; all else is text, looked for everywhere. */
const PAIR = /^([^\s=]+)=(.+)$/

function TextSearch({
  text,
  onChange,
  searchRef,
}: {
  text: string
  onChange: (text: string) => void
  searchRef: Ref<HTMLInputElement>
}) {
  const [typed, setTyped] = useState(text)
  useEffect(() => setTyped(text), [text])
  useEffect(() => {
    if (typed.trim() === text) return
    const timer = setTimeout(() => onChange(typed.trim()), TYPING)
    return () => clearTimeout(timer)
  }, [typed, text, onChange])
  return (
    <div className={styles.search}>
      <Search size={16} aria-hidden />
      <input
        ref={searchRef}
        className={styles.control}
        type="search"
        aria-label="Search"
        placeholder="File name, id, metadata…  or  ticket=INC-42"
        value={typed}
        onChange={event => setTyped(event.target.value)}
        onKeyDown={event => event.key === 'Escape' && event.currentTarget.blur()}
      />
    </div>
  )
}

/** @returns the filter that a text means. */
export function withText(filter: Filter, text: string): Filter {
  const [, key, value] = PAIR.exec(text) ?? []
  if (key === undefined || value === undefined) return { ...filter, text }
  return { ...filter, text: '', metadata: [...filter.metadata.filter(pair => pair[0] !== key), [key, value]] }
}
