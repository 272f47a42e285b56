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

export const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ['j  k', 'Next, previous job'],
  ['g  G', 'First, last job'],
  ['Enter', 'Open the job'],
  ['x', 'Select it, or not'],
  ['Esc', 'Nothing selected'],
  ['/', 'Search'],
  ['Ctrl K', 'Go anywhere'],
  ['?', 'These keys'],
]

export function useListKeys(keys: ListKeys): void {
  const current = useRef(keys)
  current.current = keys
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement
      const elsewhere = target.closest(
        'input:not([type=checkbox]), textarea, select, [role=dialog], [role=menu]',
      )
      if (elsewhere || event.ctrlKey || event.metaKey || event.altKey) return
      const does: Record<string, () => void> = {
        j: () => current.current.move(1),
        k: () => current.current.move(-1),
        g: current.current.first,
        G: current.current.last,
        x: current.current.select,
        '/': current.current.search,
        '?': current.current.help,
        Escape: current.current.clear,
      }
      // Where a link or a button has the focus, Enter is theirs.
      if (event.key === 'Enter' && target === document.body) current.current.open()
      const act = does[event.key]
      if (!act) return
      event.preventDefault()
      act()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
}
