/** The viewer from the keyboard, as in `less`. */
import { useEffect, useRef } from 'react'

export interface ViewerKeys {
  move(by: number): void
  page(by: number): void
  first(): void
  last(): void
  goTo(): void
  search(): void
  match(step: 1 | -1): void
  wrap(): void
  help(): void
}

export const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ['j  k', 'Next, previous line'],
  ['PgDn  PgUp', 'A page down, up'],
  ['g  G', 'First, last line'],
  [':', 'Go to a line'],
  ['/', 'Search'],
  ['n  N', 'Next, previous match'],
  ['w', 'Wrap long lines, or not'],
  ['Esc', 'Back to the lines'],
  ['?', 'These keys'],
]

const ACTS: Readonly<Record<string, (keys: ViewerKeys) => void>> = {
  j: keys => keys.move(1),
  k: keys => keys.move(-1),
  ArrowDown: keys => keys.move(1),
  ArrowUp: keys => keys.move(-1),
  PageDown: keys => keys.page(1),
  PageUp: keys => keys.page(-1),
  g: keys => keys.first(),
  G: keys => keys.last(),
  Home: keys => keys.first(),
  End: keys => keys.last(),
  ':': keys => keys.goTo(),
  '/': keys => keys.search(),
  n: keys => keys.match(1),
  N: keys => keys.match(-1),
  w: keys => keys.wrap(),
  '?': keys => keys.help(),
}

export function useViewerKeys(keys: ViewerKeys): void {
  const current = useRef(keys)
  current.current = keys
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement
      const elsewhere = target.closest('input, textarea, select, [role=dialog], [role=menu]')
      if (elsewhere || event.ctrlKey || event.metaKey || event.altKey) return
      const act = ACTS[event.key]
      if (!act) return
      event.preventDefault()
      act(current.current)
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
}
