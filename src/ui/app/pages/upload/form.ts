/** The options of an upload as they stand in the form; kept by the browser, for a reload must not cost them. */
import { useSyncExternalStore } from 'react'
import { DEFAULT_PIPELINE } from '../../curl.ts'
import { metadataOf, type Pair } from './metadata.ts'
import { STORE } from './tab.ts'

export interface Form {
  readonly pipeline: string
  /** As it was typed. */
  readonly priority: string
  readonly callbackUrl: string
  readonly pairs: readonly Pair[]
}

export interface Settings {
  readonly pipeline: string
  readonly priority: number
  readonly callbackUrl: string
  readonly metadata: Readonly<Record<string, string>>
}

const EMPTY: Form = { pipeline: DEFAULT_PIPELINE, priority: '0', callbackUrl: '', pairs: [['', '']] }
const KEY = `${STORE}.form`
/** In ms, as long as the files themselves are kept: nobody wants the options of last week. */
const KEPT = 24 * 60 * 60 * 1_000

const watchers = new Set<() => void>()
let form = restored()

export function useForm(): Form {
  return useSyncExternalStore(
    watcher => {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    () => form,
  )
}

export function changeForm(change: Partial<Form>): void {
  set({ ...form, ...change })
  localStorage.setItem(KEY, JSON.stringify({ at: Date.now(), form }))
}

export function clearForm(): void {
  localStorage.removeItem(KEY)
  set(EMPTY)
}

export function settings({ pipeline, priority, callbackUrl, pairs }: Form = form): Settings {
  return {
    pipeline,
    priority: Number(priority),
    callbackUrl: callbackUrl.trim(),
    metadata: metadataOf(pairs),
  }
}

function set(next: Form): void {
  form = next
  for (const watcher of watchers) watcher()
}

function restored(): Form {
  const { at = 0, form: kept = EMPTY } = JSON.parse(localStorage.getItem(KEY) ?? '{}') as {
    at?: number
    form?: Form
  }
  return Date.now() - at < KEPT ? kept : EMPTY
}
