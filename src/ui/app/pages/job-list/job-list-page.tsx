/** Jobs, newest first: what came in, what becomes of it. */
import { useWindowVirtualizer, type VirtualItem } from '@tanstack/react-virtual'
import { ArrowUp, Inbox, SearchX, Upload } from 'lucide-react'
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useLocation, useSearch } from 'wouter'
import { counted } from '../../format.ts'
import { Button, LinkButton } from '../../parts/button.tsx'
import { KeysHelp } from '../../parts/keys-help.tsx'
import { LiveBadge } from '../../parts/live.tsx'
import { Card, Empty, Page, RefusalNote } from '../../parts/page.tsx'
import { useSession } from '../../service/session.ts'
import { leftByHistory } from '../../service/travel.ts'
import { BulkBar } from './bulk-bar.tsx'
import { type Filter, isEverything, readFilter, writeFilter } from './filter.ts'
import { FilterBar, withText } from './filter-bar.tsx'
import styles from './job-list-page.module.css'
import { JobRow, pathOf } from './job-row.tsx'
import type { Listed } from './listed.ts'
import { useAttended, useCalmRows } from './use-calm-rows.ts'
import { useCurrent } from './use-current.ts'
import { useJobList } from './use-job-list.ts'
import { keysOf, useListKeys } from './use-list-keys.ts'
import { useSelection } from './use-selection.ts'

/** Of a row before it was measured, in px. */
const ROW = 60
/** How many rows before the last one the next page is asked for. */
const AHEAD = 30
/** What may lie over the rows at the top and at the bottom of the window, in px. */
const COVERED = 96
/** The rows' heights, for whoever comes back: what they saw stands where it stood. */
let heights: VirtualItem[] = []

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
  const { state, isPending } = list
  const error = list.isFetchNextPageError ? null : list.error

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
      <Rows {...{ list, filter, setFilter }} narrowed={search} waiting={isPending && !error} />
    </Page>
  )
}

interface RowsProps {
  list: ReturnType<typeof useJobList>
  /** The filter as text: what was selected, and where the keyboard was, is of one list and not of the next. */
  narrowed: string
  filter: Filter
  setFilter: (filter: Filter) => void
  waiting: boolean
}

function Rows({ list, narrowed, filter, setFilter, waiting }: RowsProps) {
  const { jobs, hasNextPage: more, fetchNextPage: onMore } = list
  // Asked for in between, a page would end what is read anew; after a refusal, it is asked for by hand.
  const mayAsk = list.fetchStatus === 'idle' && !list.error
  const { rights } = useSession()
  const [, navigate] = useLocation()
  const searchRef = useRef<HTMLInputElement>(null)
  const listRef = useRef<HTMLUListElement>(null)
  const shown = useRef<readonly Listed[]>([])
  const [cameFrom] = useState(leftByHistory)
  const { currentId, left, setCurrent } = useCurrent(narrowed, () =>
    jobs.findIndex(job => pathOf(job) === cameFrom),
  )
  const { selected, select, selectAll, clear, all, setAll } = useSelection(shown, narrowed)
  const [help, setHelp] = useState(false)

  const isChosen = (job: Listed) => !job.gone && selected.has(job.id)
  const held = useAttended(listRef) || currentId !== '' || jobs.some(isChosen)
  const { rows, fresh, manyFresh, grows, letIn, drop } = useCalmRows({ ...list, more }, narrowed, held)
  shown.current = rows
  const chosen = rows.filter(isChosen)
  const current = useMemo(() => rows.findIndex(({ id }) => id === currentId), [rows, currentId])
  const atHand = rows[current]?.gone ? undefined : rows[current]

  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => ROW,
    overscan: 12,
    scrollMargin: listRef.current?.offsetTop ?? 0,
    getItemKey: index => rows[index]!.id,
    initialMeasurementsCache: heights,
    scrollPaddingStart: COVERED,
    scrollPaddingEnd: COVERED,
  })
  useEffect(
    () => () => {
      heights = virtual.takeSnapshot()
    },
    [virtual],
  )
  const inSight = virtual.getVirtualItems()
  const lastShown = inSight.at(-1)?.index ?? -1
  useEffect(() => {
    if (grows && mayAsk && lastShown >= rows.length - AHEAD) onMore()
  }, [grows, mayAsk, lastShown, rows.length, onMore])
  useFocusOnReturn(listRef, cameFrom)

  const goTo = (index: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, index))
    setCurrent(rows[next]?.id ?? '', next)
    virtual.scrollToIndex(next, { align: 'auto' })
  }
  const leave = () => setCurrent('', Math.max(0, current))
  useListKeys({
    move: by => goTo(current >= 0 ? current + by : by > 0 ? left : left - 1),
    first: () => goTo(0),
    last: () => goTo(rows.length - 1),
    open: () => atHand && navigate(pathOf(atHand)),
    select: () => rights.change && atHand && select(atHand, !selected.has(atHand.id), false),
    search: () => searchRef.current?.focus(),
    clear: () => (chosen.length > 0 ? clear() : leave()),
    help: () => setHelp(true),
  })
  const onMetadata = useCallback(
    (key: string, value: string) => setFilter(withText(filter, `${key}=${value}`)),
    [filter, setFilter],
  )
  const showNew = () => {
    leave()
    letIn()
    virtual.scrollToOffset(0)
    listRef.current?.focus({ preventScroll: true })
  }

  return (
    <>
      <Fresh count={fresh} many={manyFresh} onShow={showNew} />
      <Card aria-label="List of jobs" className={rights.change ? styles.selecting : undefined}>
        <FilterBar filter={filter} onChange={setFilter} searchRef={searchRef} />
        {rows.length > 0 && (
          <div className={styles.columns}>
            {rights.change && (
              <input
                type="checkbox"
                aria-label="Select all that are shown"
                checked={chosen.length > 0 && chosen.length === rows.filter(({ gone }) => !gone).length}
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
          tabIndex={-1}
          aria-busy={waiting}
          style={{ height: virtual.getTotalSize() }}
        >
          {inSight.map(({ index, key, start }) => (
            <JobRow
              key={key}
              ref={virtual.measureElement}
              job={rows[index]!}
              index={index}
              current={index === current}
              selected={isChosen(rows[index]!)}
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
        {!waiting && rows.length === 0 && !more && (
          <Nothing {...{ filter, setFilter }} upload={rights.upload} />
        )}
        {list.isFetchNextPageError && (
          <div className={styles.foot}>
            <RefusalNote error={list.error} retry={() => onMore()} />
          </div>
        )}
        {!waiting && !list.error && (more || rows.length > 0) && (
          // What a filter finds is told to those who listen; what comes in by itself would be told without end.
          <p className={styles.foot} role={isEverything(filter) ? undefined : 'status'}>
            {more
              ? `${rows.length.toLocaleString('en')} so far, looking further back…`
              : `${rows.length.toLocaleString('en')} in all`}
          </p>
        )}
      </Card>
      {rights.change && (
        <BulkBar selected={chosen} {...{ filter, all }} onAll={setAll} onClear={clear} onDeleted={drop} />
      )}
      <KeysHelp keys={keysOf(rights.change)} open={help} onClose={() => setHelp(false)} />
    </>
  )
}

/** Whoever comes back from a job finds the keyboard at it, as soon as its row is there, unless they have gone on. */
function useFocusOnReturn(list: RefObject<HTMLElement | null>, cameFrom: string) {
  const done = useRef(cameFrom === '')
  // Each time: the rows where the page is scrolled to come after those that it begins with.
  useEffect(() => {
    const { activeElement } = document
    if (done.current || !list.current) return
    const link = [...list.current.querySelectorAll('a')].find(({ pathname }) => pathname === cameFrom)
    link?.focus({ preventScroll: true })
    done.current = link !== undefined || !activeElement?.contains(list.current)
  })
}

/** What waits above the rows. It is said once that there is something, and not each time that there is more. */
function Fresh({ count, many, onShow }: { count: number; many: boolean; onShow: () => void }) {
  const some = count > 0 || many
  return (
    <div className={styles.fresh}>
      <p className="visually-hidden" role="status">
        {some && 'New jobs came in. They wait above the list.'}
      </p>
      {some && (
        <Button small onClick={onShow}>
          <ArrowUp size={15} aria-hidden />
          {many ? 'Many new jobs' : counted(count, 'new job')}
        </Button>
      )}
    </div>
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
