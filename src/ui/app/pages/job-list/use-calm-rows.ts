/**
 * Rows that keep their place while somebody is at them: under a pointer that is about to click, or before eyes that read,
 * nothing comes in between, and what is gone stays until they are let go. What is new waits above them.
 */
import { type RefObject, useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import { inPlace, type Listed } from './listed.ts'

const NONE: readonly Listed[] = []

interface Live {
  /** Newest first, with those that are gone. */
  readonly jobs: readonly Listed[]
  /** Whether it ends before the oldest job. */
  readonly more: boolean
  readonly behind: boolean
  settle(): void
}

/**
 * @param narrowed the filter as text: rows of another list are not kept
 * @returns the rows; how many new ones wait above them; whether older ones may be read on behind them; what lets in
 * those that wait; and what drops rows at once, which the reader has deleted
 */
export function useCalmRows({ jobs, more, behind, settle }: Live, narrowed: string, attended: boolean) {
  const [kept, setKept] = useState<Kept>({ narrowed, rows: NONE, past: null })
  const held = attended && kept.past !== jobs
  const before = held && kept.narrowed === narrowed ? kept.rows : NONE
  const [dropped, setDropped] = useState<ReadonlySet<string>>(new Set())
  const { rows, fresh, apart } = useMemo(() => {
    const isThere = ({ id }: Listed) => !dropped.has(id)
    return inPlace(before.filter(isThere), jobs.filter(isThere), more)
  }, [before, jobs, more, dropped])

  const keep = held ? rows : NONE
  if (kept.narrowed !== narrowed || kept.rows.length !== keep.length) {
    setKept({ ...kept, narrowed, rows: keep })
  }

  useEffect(() => {
    if (!attended && (behind || jobs.some(({ gone }) => gone))) settle()
  }, [attended, behind, jobs, settle])

  const letIn = useCallback(() => {
    setKept({ narrowed, rows: NONE, past: behind ? jobs : null })
    settle()
  }, [narrowed, behind, jobs, settle])
  const drop = useCallback((ids: ReadonlySet<string>) => setDropped(old => old.union(ids)), [])
  return { rows, fresh, manyFresh: behind || apart, grows: more && !apart, letIn, drop }
}

interface Kept {
  readonly narrowed: string
  readonly rows: readonly Listed[]
  /** What is not to be held any more: a list that begins anew at once. */
  readonly past: readonly Listed[] | null
}

/** @returns whether the pointer is over the list or the keyboard in it, or its top is out of sight. */
export function useAttended(list: RefObject<HTMLElement | null>): boolean {
  return useSyncExternalStore(
    watch,
    () => scrollY > 0 || (list.current?.matches(':hover, :has(:focus)') ?? false),
  )
}

/** `focusout` is not among them: between two rows the focus is for a moment nowhere. */
const SIGNS = ['pointerover', 'pointerout', 'focusin', 'scroll'] as const

function watch(look: () => void): () => void {
  for (const sign of SIGNS) addEventListener(sign, look, { passive: true })
  return () => {
    for (const sign of SIGNS) removeEventListener(sign, look)
  }
}
