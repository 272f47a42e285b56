/** The search through a whole text: what it has found so far, and how far it got. */
import { useEffect, useState } from 'react'
import { patternOf, type Query } from './line-search.ts'
import { scan } from './scan.ts'
import type { Marks } from './segments.ts'

export interface Search {
  /** Only for lines that match: an expression that never ends must not meet another line on the page. */
  readonly marks: Marks | null
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
/** In a line. */
const MOST_MARKS = 200
const NOTHING = { lines: [], searched: 0, isFull: false, error: null } as const
const nothing = () => {}

export function useSearch(url: string, { text, isExpression, matchCase }: Query): Search {
  const [search, setSearch] = useState<Search>({ marks: null, state: 'idle', stop: nothing, ...NOTHING })
  useEffect(() => {
    if (text === '') {
      setSearch({ marks: null, state: 'idle', stop: nothing, ...NOTHING })
      return
    }
    const query = { text, isExpression, matchCase }
    let marks: Marks
    try {
      // The first match of an expression is one that the worker has seen end.
      marks = { pattern: patternOf(query), most: isExpression ? 1 : MOST_MARKS }
    } catch (error) {
      setSearch({
        marks: null,
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
    setSearch({ marks, state: 'running', stop, ...NOTHING })
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
