/** Which jobs are selected, by id: a job that leaves the list leaves the selection. */
import { type RefObject, useCallback, useMemo, useRef, useState } from 'react'
import type { Job } from '../../contract.ts'
import type { Listed } from './listed.ts'

interface Selection {
  readonly narrowed: string
  readonly ids: ReadonlySet<string>
  /** All that match, and not only those that are shown. */
  readonly all: boolean
}

/** @param shown rows, in their order */
export function useSelection(shown: RefObject<readonly Listed[]>, narrowed: string) {
  const none = useMemo((): Selection => ({ narrowed, ids: new Set(), all: false }), [narrowed])
  const [kept, setKept] = useState(none)
  const { ids, all } = kept.narrowed === narrowed ? kept : none
  const last = useRef<string | null>(null)

  const select = useCallback(
    (job: Job, on: boolean, extend: boolean) => {
      const order = shown.current.map(each => each.id)
      const from = extend && last.current !== null ? order.indexOf(last.current) : -1
      const to = order.indexOf(job.id)
      const range = from < 0 ? [job.id] : order.slice(Math.min(from, to), Math.max(from, to) + 1)
      last.current = job.id
      setKept(old => {
        const before = old.narrowed === narrowed ? old.ids : none.ids
        const next = on ? before.union(new Set(range)) : before.difference(new Set(range))
        return { ...none, ids: next }
      })
    },
    [shown, narrowed, none],
  )
  return {
    selected: ids,
    select,
    selectAll: () => {
      const here = shown.current.filter(({ gone }) => !gone)
      setKept({ ...none, ids: new Set(here.map(({ id }) => id)) })
    },
    clear: () => setKept(none),
    all,
    setAll: (next: boolean) => setKept({ narrowed, ids, all: next }),
  }
}
