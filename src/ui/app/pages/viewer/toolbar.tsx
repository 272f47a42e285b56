import {
  ArrowDown,
  ArrowUp,
  CaseSensitive,
  Keyboard,
  Regex,
  Search as SearchIcon,
  WrapText,
  X,
} from 'lucide-react'
import { type ReactNode, type Ref, useState } from 'react'
import { Button } from '../../parts/button.tsx'
import { CopyButton } from '../../parts/copy.tsx'
import type { Query } from './line-search.ts'
import { firstAtLeast } from './matches.ts'
import type { Search } from './use-search.ts'
import styles from './viewer.module.css'
import { percent } from './viewer.tsx'

interface Props {
  query: Query
  setQuery: (next: Partial<Query>) => void
  search: Search
  match: (step: 1 | -1) => void
  line: number
  wrap: boolean
  setWrap: (wrap: boolean) => void
  goTo: (line: number) => void
  size: number
  searchInput: Ref<HTMLInputElement>
  lineInput: Ref<HTMLInputElement>
  /** Escape: back to the lines. */
  onLeave: () => void
  onHelp: () => void
}

export function Toolbar(props: Props) {
  const { query, setQuery, search, match, line, wrap, setWrap, goTo, size, onLeave } = props
  const [number, setNumber] = useState('')
  return (
    <div className={styles.bar}>
      <search className={styles.search}>
        <div className={styles.input}>
          <SearchIcon size={16} aria-hidden />
          <input
            ref={props.searchInput}
            type="search"
            aria-label="Search this file"
            placeholder="Search"
            spellCheck={false}
            autoComplete="off"
            aria-invalid={search.error ? true : undefined}
            value={query.text}
            onChange={event => setQuery({ text: event.target.value })}
            onKeyDown={event => {
              if (event.key === 'Enter') match(event.shiftKey ? -1 : 1)
              if (event.key !== 'Escape') return
              // Browsers empty a search field then; here one only leaves it.
              event.preventDefault()
              onLeave()
            }}
          />
          <Toggle label="Match case" on={query.matchCase} onChange={matchCase => setQuery({ matchCase })}>
            <CaseSensitive size={17} aria-hidden />
          </Toggle>
          <Toggle
            label="Regular expression"
            on={query.isExpression}
            onChange={isExpression => setQuery({ isExpression })}
          >
            <Regex size={16} aria-hidden />
          </Toggle>
        </div>
        <Button
          small
          aria-label="Previous match"
          title="Previous match (N)"
          disabled={search.lines.length === 0}
          onClick={() => match(-1)}
        >
          <ArrowUp size={16} aria-hidden />
        </Button>
        <Button
          small
          aria-label="Next match"
          title="Next match (n)"
          disabled={search.lines.length === 0}
          onClick={() => match(1)}
        >
          <ArrowDown size={16} aria-hidden />
        </Button>
        <Found {...{ search, line, size }} />
      </search>
      <form
        className={styles.goTo}
        onSubmit={event => {
          event.preventDefault()
          if (Number(number) > 0) goTo(Number(number))
        }}
      >
        <input
          ref={props.lineInput}
          className={styles.line}
          inputMode="numeric"
          pattern="[0-9]*"
          aria-label="Go to line"
          placeholder="Line"
          value={number}
          onChange={event => setNumber(event.target.value.replaceAll(/\D/g, ''))}
          onKeyDown={event => event.key === 'Escape' && onLeave()}
        />
        <Button small type="submit">
          Go
        </Button>
      </form>
      <div className={styles.tools}>
        <Toggle label="Wrap long lines" on={wrap} onChange={setWrap}>
          <WrapText size={16} aria-hidden />
        </Toggle>
        {line > 0 && (
          <CopyButton
            text={() => `${location.origin}${location.pathname}?line=${line}`}
          >{`Link to line ${line.toLocaleString('en')}`}</CopyButton>
        )}
        <Button kind="quiet" small aria-label="Keys" title="Keys (?)" onClick={props.onHelp}>
          <Keyboard size={17} aria-hidden />
        </Button>
      </div>
    </div>
  )
}

function Found({ search, line, size }: Pick<Props, 'search' | 'line' | 'size'>) {
  const { state, lines, searched, error, isFull, stop } = search
  if (state === 'idle') return null
  if (error !== null) {
    return (
      <p className={styles.found} role="alert">
        <span className="bad">{error}</span>
      </p>
    )
  }
  const before = firstAtLeast(lines, line)
  const place = lines[before] === line ? `${(before + 1).toLocaleString('en')} of ` : ''
  const count = `${lines.length.toLocaleString('en')}${isFull ? '+' : ''}`
  return (
    <div className={styles.found}>
      <span role="status">
        {lines.length === 0 && state === 'done'
          ? 'Not found'
          : `${place}${count} ${lines.length === 1 ? 'line' : 'lines'}`}
        {state === 'running' && `, ${percent(searched, size)} % searched`}
        {state === 'stopped' && `, stopped at ${percent(searched, size)} %`}
      </span>
      {state === 'running' && (
        <Button kind="quiet" small aria-label="Stop searching" title="Stop searching" onClick={stop}>
          <X size={15} aria-hidden />
        </Button>
      )}
    </div>
  )
}

interface ToggleProps {
  label: string
  on: boolean
  onChange: (on: boolean) => void
  children: ReactNode
}

function Toggle({ label, on, onChange, children }: ToggleProps) {
  return (
    <Button
      kind="quiet"
      small
      className={styles.toggle}
      aria-label={label}
      title={label}
      aria-pressed={on}
      onClick={() => onChange(!on)}
    >
      {children}
    </Button>
  )
}
