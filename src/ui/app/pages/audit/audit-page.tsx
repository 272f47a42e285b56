/** Who did what when. */

import { ScrollText, SearchX } from 'lucide-react'
import type { AuditEntry } from '../../contract.ts'
import { Button } from '../../parts/button.tsx'
import { FilterBar, FilterSelect, FilterText } from '../../parts/filter.tsx'
import { Older } from '../../parts/older.tsx'
import { OnlyFor } from '../../parts/only-for.tsx'
import { Card, Empty, Page, RefusalNote } from '../../parts/page.tsx'
import { Table } from '../../parts/table.tsx'
import { useAddressFilter } from '../../service/address-filter.ts'
import { useNewestFirst } from '../../service/newest-first.ts'
import { ACTIONS, type Action } from './actions.ts'
import styles from './audit-page.module.css'
import { EntryRows } from './entry-rows.tsx'

export default function AuditPage() {
  return (
    <OnlyFor right="administer" title="Audit log">
      <AuditLog />
    </OnlyFor>
  )
}

/** Ms between two looks. */
const EVERY = 5_000

/** The names of the API's own query. */
const FILTERS = ['actor', 'action'] as const

/** By what they are done to, in the order of `ACTIONS`. */
const GROUPED = Map.groupBy(Object.keys(ACTIONS) as Action[], action => ACTIONS[action].group)

function AuditLog() {
  const { values, set, clear, query } = useAddressFilter(FILTERS)
  const list = useNewestFirst<AuditEntry>(['audit'], '/api/audit', query, () => EVERY)
  const { items, error, isPending, hasNextPage, isFetchingNextPage } = list

  return (
    <Page title="Audit log">
      <Card aria-label="List of entries">
        <FilterBar label="Narrow the log">
          <FilterSelect
            label="Action"
            value={values.action}
            onChange={event => set('action', event.target.value)}
          >
            <option value="">Everything</option>
            {[...GROUPED].map(([group, actions]) => (
              <optgroup key={group} label={group}>
                {actions.map(action => (
                  <option key={action} value={action}>
                    {ACTIONS[action].words}
                  </option>
                ))}
              </optgroup>
            ))}
          </FilterSelect>
          <FilterText
            label="Who"
            placeholder="Whose: a key’s name"
            maxLength={64}
            value={values.actor}
            onChange={next => set('actor', next)}
          />
          {query.size > 0 && (
            <Button kind="quiet" small onClick={clear}>
              Clear filter
            </Button>
          )}
        </FilterBar>
        {error && (
          <div className={styles.note}>
            <RefusalNote error={error} retry={() => list.refetch()} />
          </div>
        )}
        {isPending && !error && <p className={styles.note}>Loading…</p>}
        {items.length > 0 && (
          <Table label="Entries" className={styles.table ?? ''}>
            <thead>
              <tr>
                <th>When</th>
                <th>Who</th>
                <th>What</th>
                <th className={styles.wide}>To what</th>
                <th className={styles.widest}>From</th>
                <th>
                  <span className="visually-hidden">Details</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {items.map(entry => (
                <EntryRows key={entry.id} entry={entry} onActor={actor => set('actor', actor)} />
              ))}
            </tbody>
          </Table>
        )}
        {!isPending && items.length === 0 && <Nothing filtered={query.size > 0} more={hasNextPage} />}
        {(items.length > 0 || hasNextPage) && (
          <Older
            shown={items.length}
            more={hasNextPage}
            busy={isFetchingNextPage}
            onMore={() => list.fetchNextPage()}
          />
        )}
      </Card>
    </Page>
  )
}

function Nothing({ filtered, more }: { filtered: boolean; more: boolean }) {
  if (more) {
    return (
      <Empty icon={<SearchX size={34} aria-hidden />} title="Nothing among the newest">
        <p>Older entries may still fit: look further back below.</p>
      </Empty>
    )
  }
  if (filtered) {
    return (
      <Empty icon={<SearchX size={34} aria-hidden />} title="No entry matches">
        <p>Names are taken as a whole, as they are written: “ada”, not “Ada” or “ad”.</p>
      </Empty>
    )
  }
  return (
    <Empty icon={<ScrollText size={34} aria-hidden />} title="Nothing has been done yet">
      <p>
        Who uploads, cancels, deletes, signs in, makes keys or changes endpoints is written down here, with
        time and address, for 90 days.
      </p>
    </Empty>
  )
}
