/** The lines with what one does to them: going to one, searching, wrapping. All of it stands in the address. */
import { useCallback, useEffect, useRef, useState } from 'react'
import { KeysHelp } from '../../parts/keys-help.tsx'
import { Card, RefusalNote } from '../../parts/page.tsx'
import { LEAVING } from '../../service/kept-place.ts'
import type { Query } from './line-search.ts'
import type { Line } from './line-store.ts'
import { Lines, type LinesHandle } from './lines.tsx'
import { isMatch, matchFrom } from './matches.ts'
import { Toolbar } from './toolbar.tsx'
import { useSearch } from './use-search.ts'
import { useText } from './use-text.ts'
import { KEYS, useViewerKeys } from './use-viewer-keys.ts'
import { readView, writeView } from './view-address.ts'
import styles from './viewer.module.css'
import { WholeLine } from './whole-line.tsx'

/** How long the address waits for what comes next, in ms: browsers refuse to change it with every key that is held. */
const SETTLED = 300

export function Viewer({ url, size }: { url: string; size: number }) {
  const [{ line, wrap, query }, setView] = useState(() => readView(location.search))
  /** A line to be shown as soon as it is known where it is; from 1. */
  const [awaited, setAwaited] = useState(line)
  const [whole, setWhole] = useState<{ number: number; line: Line } | null>(null)
  const [help, setHelp] = useState(false)
  const text = useText(url)
  const search = useSearch(url, query)
  const lines = useRef<LinesHandle>(null)
  const searchInput = useRef<HTMLInputElement>(null)
  const lineInput = useRef<HTMLInputElement>(null)
  const { index } = text

  const address = writeView({ line, wrap, query })
  useEffect(() => {
    const timer = setTimeout(
      () => history.replaceState(history.state, '', location.pathname + address),
      SETTLED,
    )
    return () => clearTimeout(timer)
  }, [address])

  useEffect(() => {
    const write = () => {
      // On the way to a line, that one is meant, wherever the lines stand meanwhile.
      const seen = awaited > 0 && Number.isFinite(awaited) ? awaited : (lines.current?.seen(line) ?? line)
      history.replaceState(history.state, '', location.pathname + writeView({ line: seen, wrap, query }))
    }
    addEventListener(LEAVING, write)
    return () => removeEventListener(LEAVING, write)
  }, [awaited, line, wrap, query])

  const isKnown = index.lines > 0 && (awaited <= index.lines || index.done)
  useEffect(() => {
    if (awaited === 0 || !isKnown) return
    const there = Math.min(awaited, index.lines)
    setView(old => ({ ...old, line: there }))
    setAwaited(0)
    lines.current?.goTo(there)
  }, [awaited, isKnown, index])

  const select = useCallback((line: number) => setView(old => ({ ...old, line })), [])
  const goTo = (next: number) => {
    lines.current?.focus()
    setAwaited(next)
  }
  const move = (by: number) => {
    const next = Math.max(1, Math.min(index.lines, line + by))
    select(next)
    lines.current?.reveal(next)
  }
  const match = (step: 1 | -1) => {
    // On the way to a match already, it is from there that the next one is looked for.
    const next = matchFrom(search.lines, awaited > 0 ? awaited : line, step)
    if (next !== null) setAwaited(next)
  }
  const setQuery = (next: Partial<Query>) => setView(old => ({ ...old, query: { ...old.query, ...next } }))
  const setWrap = (wrap: boolean) => setView(old => ({ ...old, wrap }))
  const focus = (input: HTMLInputElement | null) => {
    input?.focus()
    input?.select()
  }
  useViewerKeys({
    move,
    match,
    page: by => lines.current?.page(by),
    first: () => setAwaited(1),
    last: () => setAwaited(Number.POSITIVE_INFINITY),
    goTo: () => focus(lineInput.current),
    search: () => focus(searchInput.current),
    wrap: () => setWrap(!wrap),
    help: () => setHelp(true),
  })

  return (
    <>
      <RefusalNote error={text.error} retry={text.retry} />
      <Card className={styles.viewer} aria-label="File">
        <Toolbar
          {...{ query, setQuery, search, match, line, wrap, setWrap, goTo, size, searchInput, lineInput }}
          onLeave={() => lines.current?.focus()}
          onHelp={() => setHelp(true)}
        />
        <div className={styles.lines}>
          <Lines
            handle={lines}
            {...{ text, wrap }}
            current={line}
            search={search}
            onSelect={select}
            onWhole={useCallback((number: number, line: Line) => setWhole({ number, line }), [])}
          />
        </div>
        <p className={styles.foot} role="status">
          {index.done
            ? `${index.lines.toLocaleString('en')} ${index.lines === 1 ? 'line' : 'lines'}`
            : `Finding the lines: ${index.lines.toLocaleString('en')} so far, ${percent(index.bytes, size)} %`}
          {awaited > 0 && Number.isFinite(awaited) && !isKnown && (
            <span>Line {awaited.toLocaleString('en')} is shown as soon as it is found.</span>
          )}
        </p>
      </Card>
      {whole && (
        <WholeLine
          {...whole}
          store={text.store}
          marks={isMatch(search.lines, whole.number) ? search.marks : null}
          onClose={() => setWhole(null)}
        />
      )}
      <KeysHelp keys={KEYS} open={help} onClose={() => setHelp(false)} />
    </>
  )
}

export function percent(part: number, whole: number): number {
  return Math.min(100, Math.floor((part / whole) * 100))
}
