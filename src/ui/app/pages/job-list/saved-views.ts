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

function tell(next: readonly SavedView[]): void {
  views = next
  for (const watcher of watchers) watcher()
}

// Of another tab's: what is written here next must not take it back.
addEventListener('storage', ({ key }) => (key === KEY || key === null) && tell(read()))

function write(next: readonly SavedView[]): void {
  tell(next)
  try {
    localStorage.setItem(KEY, JSON.stringify(next))
  } catch {
    // There is no room, or the browser keeps nothing: they last as long as the page.
  }
}

export function isSameName(one: string, other: string): boolean {
  return one.trim().toLowerCase() === other.trim().toLowerCase()
}

/** @returns what is wrong with a name, to be told beside its field */
export function faultOfName(name: string): string | undefined {
  if (!name.trim()) return 'A view needs a name.'
  if (GIVEN_VIEWS.some(given => isSameName(given.name, name)))
    return 'A view that everybody has is called so.'
  return undefined
}

/** One of the same name is replaced. */
export function saveView(view: SavedView): void {
  write([...views.filter(({ name }) => !isSameName(name, view.name)), view])
}

/** @param names new ones, by the present ones */
export function changeViews(names: ReadonlyMap<string, string>, removed: ReadonlySet<string>): void {
  const left = views.filter(({ name }) => !removed.has(name))
  write(left.map(view => ({ ...view, name: names.get(view.name) ?? view.name })))
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
