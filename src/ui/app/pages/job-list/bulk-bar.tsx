/** What can be done to many jobs at once: to a selection, or to all that fit the filter. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Job } from '../../contract.ts'
import { counted } from '../../format.ts'
import { Button } from '../../parts/button.tsx'
import { Confirm } from '../../parts/dialog.tsx'
import { useNotices } from '../../parts/notices.tsx'
import { call } from '../../service/call.ts'
import styles from './bulk-bar.module.css'
import { type Filter, queryOf } from './filter.ts'

type Action = 'cancel' | 'retry' | 'delete'

interface Outcome {
  readonly matched: number
  readonly done: number
  readonly refused: readonly { readonly id: string; readonly code: string }[]
  readonly more: boolean
  readonly nextCursor: string | null
}

const DONE: Readonly<Record<Action, string>> = { cancel: 'Cancelled', retry: 'Retried', delete: 'Deleted' }
const WARNING: Readonly<Record<Action, string>> = {
  cancel:
    'What is under way stops, and what was not begun never begins. Their callbacks say that they were cancelled.',
  retry: 'Each goes on at the stage that failed, as a new run with its own callback.',
  delete: 'Their files, artifacts and events are gone for good.',
}

interface Props {
  selected: readonly Job[]
  filter: Filter
  /** Whether the action is for all that fit the filter, and not only for what was selected. */
  all: boolean
  onAll: (all: boolean) => void
  onClear: () => void
  /** Told which of those that were selected are gone. */
  onDeleted: (ids: ReadonlySet<string>) => void
}

export function BulkBar({ selected, filter, all, onAll, onClear, onDeleted }: Props) {
  const [asking, setAsking] = useState<Action | null>(null)
  const [busy, setBusy] = useState(false)
  const notices = useNotices()
  const queries = useQueryClient()
  if (selected.length === 0) return null

  const what = all ? 'all jobs that match' : counted(selected.length, 'job')
  const run = async (action: Action) => {
    setBusy(true)
    try {
      const { done, refused } = await runBulk(action, all ? filter : selected.map(job => job.id))
      notices.done(`${DONE[action]} ${counted(done, 'job')}.${refusedWords(refused)}`)
      onClear()
      if (action !== 'delete') return
      const kept = new Set(refused.map(({ id }) => id))
      onDeleted(new Set(selected.map(({ id }) => id)).difference(kept))
      // At once: the events tell one after the other.
      await queries.invalidateQueries({ queryKey: ['jobs'] })
    } catch (error) {
      notices.failed(error)
    } finally {
      setBusy(false)
      setAsking(null)
    }
  }

  return (
    <section className={styles.bar} aria-label="Selection">
      <strong aria-live="polite">
        {all ? 'All that match' : `${selected.length.toLocaleString('en')} selected`}
      </strong>
      {!all && (
        <Button kind="quiet" small onClick={() => onAll(true)}>
          Select all that match
        </Button>
      )}
      <Button small onClick={() => setAsking('cancel')}>
        Cancel
      </Button>
      <Button small onClick={() => setAsking('retry')}>
        Retry
      </Button>
      <Button kind="danger" small onClick={() => setAsking('delete')}>
        Delete
      </Button>
      <Button kind="quiet" small onClick={onClear}>
        Clear
      </Button>
      <Confirm
        open={asking !== null}
        onClose={() => setAsking(null)}
        onConfirm={() => asking && run(asking)}
        title={`${asking === 'retry' ? 'Retry' : asking === 'cancel' ? 'Cancel' : 'Delete'} ${what}?`}
        confirm={asking === 'retry' ? 'Retry' : asking === 'cancel' ? 'Cancel the jobs' : 'Delete'}
        keep="Leave them"
        busy={busy}
      >
        <p>{asking && WARNING[asking]}</p>
        <p>Jobs that are in no state for it are left as they are, and counted.</p>
      </Confirm>
    </section>
  )
}

/** In as many requests as it takes: one acts on 10,000 jobs at most, and looks at so many that it answers within seconds. */
async function runBulk(action: Action, which: Filter | readonly string[]) {
  let done = 0
  const refused: { id: string; code: string }[] = []
  for (let cursor: string | null = null; ; ) {
    const body = isIds(which)
      ? { action, ids: which }
      : { action, filter: grouped(queryOf(which, Date.now())), ...(cursor && { cursor }) }
    const outcome: Outcome = await call<Outcome>('POST', '/api/jobs/bulk', { body })
    done += outcome.done
    refused.push(...outcome.refused)
    cursor = outcome.nextCursor
    if (!outcome.more || cursor === null) return { done, refused }
  }
}

function isIds(which: Filter | readonly string[]): which is readonly string[] {
  return Array.isArray(which)
}

/** `status` may be given more than once, all else once. */
function grouped(query: URLSearchParams): Record<string, string | string[]> {
  const names = new Set(query.keys())
  return Object.fromEntries(
    [...names].map(name => [name, name === 'status' ? query.getAll(name) : query.get(name)!]),
  )
}

function refusedWords(refused: Outcome['refused']): string {
  if (refused.length === 0) return ''
  const codes = [...new Set(refused.map(({ code }) => code))].join(', ')
  return ` ${counted(refused.length, 'job')} could not be (${codes}).`
}
