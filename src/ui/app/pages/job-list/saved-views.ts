/** Filters that a reader gave a name; kept in this browser. */
import { useSyncExternalStore } from 'react'

export interface SavedView {
  readonly name: string
  /** As it stands in the address. */
  readonly search: string
}

const KEY = 'sluice.views'
/** Views that most people need sooner or later; they cannot be removed. */
export const GIVEN_VIEWS: readonly SavedView[] = [
  { name: 'Everything', search: '' },
  { name: 'Under way', search: 'status=attaching&status=pending&status=processing' },
  { name: 'Failed today', search: 'status=failed&age=24h' },
]

let views = read()
const watchers = new Set<() => void>()

function read(): readonly SavedView[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]')
    return Array.isArray(kept) ? kept.filter(isView) : []
  } catch {
    // Somebody else's word in our place: as good as none.
    return []
  }
}

function isView(value: unknown): value is SavedView {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'search' in value &&
    typeof value.search === 'string'
  )
}

function write(next: readonly SavedView[]): void {
  views = next
  localStorage.setItem(KEY, JSON.stringify(next))
  for (const watcher of watchers) watcher()
}

/** One of the same name is replaced. */
export function saveView(view: SavedView): void {
  write([...views.filter(({ name }) => name !== view.name), view])
}

export function removeView(name: string): void {
  write(views.filter(view => view.name !== name))
}

export function useSavedViews(): readonly SavedView[] {
  return useSyncExternalStore(
    watcher => {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    () => views,
  )
}
