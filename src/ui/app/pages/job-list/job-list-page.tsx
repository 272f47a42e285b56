/** Jobs, newest first: what came in, what becomes of it. */
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { Inbox, SearchX, Upload } from 'lucide-react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useLocation, useSearch } from 'wouter'
import type { Job } from '../../contract.ts'
import { Button, LinkButton } from '../../parts/button.tsx'
import { KeysHelp } from '../../parts/keys-help.tsx'
import { LiveBadge } from '../../parts/live.tsx'
import { Card, Empty, Page, RefusalNote } from '../../parts/page.tsx'
import { useSession } from '../../service/session.ts'
import { BulkBar } from './bulk-bar.tsx'
import { type Filter, isEverything, readFilter, writeFilter } from './filter.ts'
import { FilterBar, withText } from './filter-bar.tsx'
import styles from './job-list-page.module.css'
import { JobRow } from './job-row.tsx'
import { useJobList } from './use-job-list.ts'
import { keysOf, useListKeys } from './use-list-keys.ts'

/** Of a row before it was measured, in px. */
const ROW = 58
/** How many rows before the last one the next page is asked for. */
const AHEAD = 30

export function JobListPage() {
  const search = useSearch()
  const filter = useMemo(() => readFilter(search), [search])
  const [, navigate] = useLocation()
  const setFilter = useCallback(
    (next: Filter) => {
      const query = writeFilter(withText(next, next.text))
      navigate(query ? `/?${query}` : '/', { replace: true })
    },
    [navigate],
  )
  const { rights } = useSession()
  const list = useJobList(filter)
  const { jobs, state, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage } = list

  return (
    <Page
      title="Jobs"
      beside={<LiveBadge state={state} />}
      actions={
        rights.upload && (
          <LinkButton kind="primary" href="/upload">
            <Upload size={16} aria-hidden />
            Upload
          </LinkButton>
        )
      }
    >
      <RefusalNote error={error} retry={() => list.refetch()} />
      <Rows
        {...{ jobs, filter, setFilter }}
        narrowed={search}
        waiting={isPending && !error}
        more={hasNextPage}
        busy={isFetchingNextPage}
        onMore={fetchNextPage}
      />
    </Page>
  )
}

interface RowsProps {
  jobs: readonly Job[]
  /** The filter as text: what was selected, and where the keyboard was, is of one list and not of the next. */
  narrowed: string
  filter: Filter
  setFilter: (filter: Filter) => void
  waiting: boolean
  more: boolean
  busy: boolean
  onMore: () => void
}

function Rows({ jobs, narrowed, filter, setFilter, waiting, more, busy, onMore }: RowsProps) {
  const { rights } = useSession()
  const [, navigate] = useLocation()
  const searchRef = useRef<HTMLInputElement>(null)
  const listRef = useRef<HTMLUListElement>(null)
  const { current, left, setCurrent } = useCurrent(jobs, narrowed)
  const [help, setHelp] = useState(false)
  const { selected, select, selectAll, clear, all, setAll } = useSelection(jobs, narrowed)

  const virtual = useWindowVirtualizer({
    count: jobs.length,
    estimateSize: () => ROW,
    overscan: 12,
    scrollMargin: listRef.current?.offsetTop ?? 0,
    getItemKey: index => jobs[index]!.id,
  })
  const rows = virtual.getVirtualItems()
  const lastShown = rows.at(-1)?.index ?? -1
  useEffect(() => {
    if (more && !busy && !waiting && lastShown >= jobs.length - AHEAD) onMore()
  }, [more, busy, waiting, lastShown, jobs.length, onMore])

  const chosen = jobs.filter(job => selected.has(job.id))
  const goTo = (index: number) => {
    const next = Math.max(0, Math.min(jobs.length - 1, index))
    setCurrent(next)
    virtual.scrollToIndex(next, { align: 'auto' })
  }
  useListKeys({
    move: by => goTo(current >= 0 ? current + by : by > 0 ? left : left - 1),
    first: () => goTo(0),
    last: () => goTo(jobs.length - 1),
    open: () => jobs[current] && navigate(`/jobs/${encodeURIComponent(jobs[current].id)}`),
    select: () =>
      rights.change && jobs[current] && select(jobs[current], !selected.has(jobs[current].id), false),
    search: () => searchRef.current?.focus(),
    clear: () => (chosen.length > 0 ? clear() : setCurrent(-1)),
    help: () => setHelp(true),
  })
  const onMetadata = useCallback(
    (key: string, value: string) => setFilter(withText(filter, `${key}=${value}`)),
    [filter, setFilter],
  )

  return (
    <>
      <Card aria-label="List of jobs" className={rights.change ? styles.selecting : undefined}>
        <FilterBar filter={filter} onChange={setFilter} searchRef={searchRef} />
        {jobs.length > 0 && (
          <div className={styles.columns}>
            {rights.change && (
              <input
                type="checkbox"
                aria-label="Select all that are shown"
                checked={chosen.length === jobs.length}
                onChange={event => (event.target.checked ? selectAll() : clear())}
              />
            )}
            <span>Status</span>
            <span>Job</span>
            <span className={styles.files}>Files</span>
            <span>Progress</span>
            <span className={styles.took}>Took</span>
            <span>Created</span>
          </div>
        )}
        <ul
          ref={listRef}
          id="jobs"
          className={styles.list}
          aria-label="Jobs"
          aria-busy={waiting}
          style={{ height: virtual.getTotalSize() }}
        >
          {rows.map(({ index, key, start }) => (
            <JobRow
              key={key}
              ref={virtual.measureElement}
              job={jobs[index]!}
              index={index}
              current={index === current}
              selected={selected.has(jobs[index]!.id)}
              onSelect={rights.change ? select : null}
              onMetadata={onMetadata}
              style={{
                position: 'absolute',
                insetInline: 0,
                top: 0,
                transform: `translateY(${start - virtual.options.scrollMargin}px)`,
              }}
            />
          ))}
        </ul>
        {waiting && <p className={styles.foot}>Loading…</p>}
        {!waiting && jobs.length === 0 && !more && (
          <Nothing {...{ filter, setFilter }} upload={rights.upload} />
        )}
        {!waiting && (more || jobs.length > 0) && (
          <p className={styles.foot} role="status">
            {more
              ? `${jobs.length.toLocaleString('en')} so far, looking further back…`
              : `${jobs.length.toLocaleString('en')} in all`}
          </p>
        )}
      </Card>
      {rights.change && <BulkBar selected={chosen} {...{ filter, all }} onAll={setAll} onClear={clear} />}
      <KeysHelp keys={keysOf(rights.change)} open={help} onClose={() => setHelp(false)} />
    </>
  )
}

function Nothing({
  filter,
  setFilter,
  upload,
}: Pick<RowsProps, 'filter' | 'setFilter'> & { upload: boolean }) {
  if (!isEverything(filter)) {
    return (
      <Empty icon={<SearchX size={34} aria-hidden />} title="No job matches">
        <p>Nothing that is kept fits this filter. Jobs that will fit it appear here by themselves.</p>
        <Button onClick={() => setFilter(readFilter(''))}>Clear filter</Button>
      </Empty>
    )
  }
  return (
    <Empty icon={<Inbox size={34} aria-hidden />} title="No jobs yet">
      <p>
        {upload
          ? 'Upload some files, and follow here what becomes of them.'
          : 'As soon as somebody uploads files, they appear here.'}
      </p>
      {upload && (
        <LinkButton kind="primary" href="/upload">
          <Upload size={16} aria-hidden />
          Upload files
        </LinkButton>
      )}
    </Empty>
  )
}

/**
 * Where the keyboard is: at a job, wherever others push it. Once that one is gone it is at none, so that nothing is done to
 * whichever came into its place.
 *
 * @returns its index, or -1; and `left`, the place that it had last
 */
function useCurrent(jobs: readonly Job[], narrowed: string) {
  const [at, setAt] = useState({ narrowed, id: '', index: 0 })
  const isHere = at.narrowed === narrowed
  const current = useMemo(
    () => (isHere && at.id ? jobs.findIndex(({ id }) => id === at.id) : -1),
    [jobs, isHere, at.id],
  )
  const setCurrent = (index: number) =>
    setAt({ narrowed, id: jobs[index]?.id ?? '', index: Math.max(0, index) })
  return { current, left: isHere ? at.index : 0, setCurrent }
}

interface Selection {
  readonly narrowed: string
  readonly ids: ReadonlySet<string>
  /** All that match, and not only those that are shown. */
  readonly all: boolean
}

/** Which jobs are selected, by id: a job that leaves the list leaves the selection. */
function useSelection(jobs: readonly Job[], narrowed: string) {
  const none = useMemo((): Selection => ({ narrowed, ids: new Set(), all: false }), [narrowed])
  const [kept, setKept] = useState(none)
  const { ids, all } = kept.narrowed === narrowed ? kept : none
  const last = useRef<string | null>(null)
  const shown = useRef(jobs)
  shown.current = jobs

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
    [narrowed, none],
  )
  return {
    selected: ids,
    select,
    selectAll: () => setKept({ ...none, ids: new Set(jobs.map(job => job.id)) }),
    clear: () => setKept(none),
    all,
    setAll: (next: boolean) => setKept({ narrowed, ids, all: next }),
  }
}
