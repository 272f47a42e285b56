/** The search through a whole text: what it has found so far, and how far it got. */
import { useEffect, useState } from 'react'
import { patternOf, type Query } from './line-search.ts'
import { scan } from './scan.ts'

export interface Search {
  readonly pattern: RegExp | null
  /** Lines that match, from 1, in order. */
  readonly lines: readonly number[]
  /** Bytes. */
  readonly searched: number
  readonly state: 'idle' | 'running' | 'done' | 'stopped' | 'failed'
  /** More lines match than are kept. */
  readonly isFull: boolean
  /** What is wrong with the expression, or with the file. */
  readonly error: string | null
  stop(): void
}

/** How long somebody must have stopped typing, in ms. */
const TYPING = 250
const NOTHING = { lines: [], searched: 0, isFull: false, error: null } as const
const nothing = () => {}

export function useSearch(url: string, { text, isExpression, matchCase }: Query): Search {
  const [search, setSearch] = useState<Search>({ pattern: null, state: 'idle', stop: nothing, ...NOTHING })
  useEffect(() => {
    if (text === '') {
      setSearch({ pattern: null, state: 'idle', stop: nothing, ...NOTHING })
      return
    }
    const query = { text, isExpression, matchCase }
    let pattern: RegExp
    try {
      pattern = patternOf(query)
    } catch (error) {
      setSearch({
        pattern: null,
        state: 'failed',
        stop: nothing,
        ...NOTHING,
        error: (error as Error).message,
      })
      return
    }
    let end = nothing
    const stop = () => {
      end()
      setSearch(old => (old.state === 'running' ? { ...old, state: 'stopped' } : old))
    }
    setSearch({ pattern, state: 'running', stop, ...NOTHING })
    const timer = setTimeout(() => {
      end = scan({ url, query }, report => {
        if (report.kind === 'failed') setSearch(old => ({ ...old, state: 'failed', error: report.message }))
        if (report.kind !== 'found') return
        const { lines, bytes, done, isFull } = report
        setSearch(old => ({
          ...old,
          lines: lines.length === 0 ? old.lines : [...old.lines, ...lines],
          searched: bytes,
          isFull,
          state: done ? 'done' : 'running',
        }))
      })
    }, TYPING)
    return () => {
      clearTimeout(timer)
      end()
    }
  }, [url, text, isExpression, matchCase])
  return search
}

/**
 * @param step 1: the next match after `line`, −1: the one before it; beyond the last one it goes on at the first
 * @returns null where there is none
 */
export function matchFrom(lines: readonly number[], line: number, step: 1 | -1): number | null {
  const at = firstAtLeast(lines, line)
  if (step < 0) return lines[at - 1] ?? lines.at(-1) ?? null
  return lines[lines[at] === line ? at + 1 : at] ?? lines[0] ?? null
}

/** How many matches stand before a line. */
export function firstAtLeast(lines: readonly number[], line: number): number {
  let low = 0
  let high = lines.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (lines[middle]! < line) low = middle + 1
    else high = middle
  }
  return low
}
