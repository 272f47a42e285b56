/** The list from the keyboard: as in mail programs, so that nobody has to learn it anew. */
import { useEffect, useRef } from 'react'

export interface ListKeys {
  move(by: number): void
  first(): void
  last(): void
  open(): void
  select(): void
  search(): void
  clear(): void
  help(): void
}

const ALWAYS = [
  ['j  k  ↓  ↑', 'Next, previous job'],
  ['g  G', 'First, last job'],
  ['Enter', 'Open the job'],
] as const
const SELECTING = [['x  Space', 'Select it, or not']] as const
const AROUND = [
  ['Esc', 'Nothing selected, then no job either'],
  ['/', 'Search'],
  ['Ctrl K', 'Go anywhere'],
  ['?', 'These keys'],
] as const

/** @param selecting whether the reader can do something with a selection */
export function keysOf(selecting: boolean): readonly (readonly [keys: string, what: string])[] {
  return [...ALWAYS, ...(selecting ? SELECTING : []), ...AROUND]
}

/** Where something is typed or chosen, and what lies over the page. */
const TYPING = 'input:not([type=checkbox]), textarea, select'
const OVER = '[role=dialog], [role=alertdialog], [role=menu]'
/** What does something of its own at Enter or Space. */
const PRESSED = 'a, button, input, summary'

export function useListKeys(keys: ListKeys): void {
  const current = useRef(keys)
  current.current = keys
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement
      if (target.closest(TYPING) || document.querySelector(OVER)) return
      if (event.ctrlKey || event.metaKey || event.altKey) return
      const { move, first, last, open, select, search, clear, help } = current.current
      const next = () => move(1)
      const previous = () => move(-1)
      const does: Record<string, () => void> = {
        j: next,
        k: previous,
        ArrowDown: next,
        ArrowUp: previous,
        g: first,
        G: last,
        x: select,
        '/': search,
        '?': help,
        Escape: clear,
      }
      if (event.key === 'Enter' && !target.closest(PRESSED)) does.Enter = open
      // A link does nothing at Space: the page would only be scrolled away under the job.
      if (event.key === ' ' && !target.closest('button, input, summary')) does[' '] = select
      const act = does[event.key]
      if (!act) return
      event.preventDefault()
      act()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
}
