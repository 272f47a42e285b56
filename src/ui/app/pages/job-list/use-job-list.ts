/** The jobs that fit a filter: read page by page, newest first, and then kept up to date by the event stream. */
import { type InfiniteData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { Job, JobEvent } from '../../contract.ts'
import { call, jobPath, Refusal } from '../../service/call.ts'
import { follow } from '../../service/follow.ts'
import { afterEvent, type JobPage, readJobs } from '../../service/jobs.ts'
import type { StreamState } from '../../service/stream-state.ts'
import { type Filter, fits, queryOf, writeFilter } from './filter.ts'

/** Jobs a page. */
const PAGE = 100
/** How long changes are gathered before they are drawn, in ms: a list may follow thousands of events a second. */
const GATHER = 250
/** Unknown jobs that are read one by one; more of them at once, and the first page is read instead. */
const FEW = 3
/** Between two such reads, in ms: however many jobs come in, a page that is looked at keeps within its key's budget. */
const READ_EVERY = 1_500
/** After one that was refused, in ms, where the service does not say more. */
const READ_AGAIN = 10_000
/** Pages that are read anew where events were missed: whoever comes back from a job finds the list as long as it was. */
const READ_ANEW = 5

type Pages = InfiniteData<JobPage, string | null>

export function useJobList(filter: Filter) {
  const key = useMemo(() => ['jobs', writeFilter(filter)], [filter])
  const pages = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => {
      const query = queryOf(filter, Date.now())
      query.set('limit', String(PAGE))
      return readJobs(query, pageParam, signal)
    },
    initialPageParam: null as string | null,
    getNextPageParam: page => page.nextCursor,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const state = useLiveList(key, filter)
  const jobs = useMemo(() => unique(pages.data?.pages.flatMap(page => page.items) ?? []), [pages.data])
  return { ...pages, jobs, state }
}

function unique(jobs: readonly Job[]): readonly Job[] {
  return [...new Map(jobs.map(job => [job.id, job])).values()]
}

function useLiveList(key: readonly string[], filter: Filter): StreamState {
  const queries = useQueryClient()
  const [state, setState] = useState<StreamState>('connecting')
  const current = useRef({ key, filter })
  current.current = { key, filter }

  // Events reach the list that is shown: another one, kept for whoever comes back to it, would be of the past by then.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the change of the filter is what it is about.
  useEffect(() => queries.removeQueries({ queryKey: ['jobs'], type: 'inactive' }), [queries, key])

  useEffect(() => {
    let waiting: JobEvent[] = []
    let gone = new Set<string>()
    let timer: ReturnType<typeof setTimeout> | undefined
    /** Jobs that must be read to be known, and when that was done last. */
    const unread = new Set<string>()
    let lastRead = 0
    let reading: ReturnType<typeof setTimeout> | undefined
    let stopped = false
    /** Deleted since the last read was due: its answer may still have them. */
    const deleted = new Set<string>()

    const change = (next: (pages: Pages) => Pages) =>
      queries.setQueryData<Pages>(current.current.key, pages => pages && next(pages))

    const put = (jobs: readonly Job[]) => {
      const now = Date.now()
      const wanted = (job: Job) => !deleted.has(job.id) && fits(job, current.current.filter, now)
      change(pages => withJobs(pages, jobs, wanted))
    }

    const draw = () => {
      timer = undefined
      const known = new Map(
        queries
          .getQueryData<Pages>(current.current.key)
          ?.pages.flatMap(page => page.items)
          .map(job => [job.id, job]),
      )
      const told = waiting.filter(({ jobId }) => !gone.has(jobId))
      const { changed, unclear } = applied(told, known)
      waiting = []
      put(changed)
      takeOut()
      for (const id of unclear) unread.add(id)
      if (unread.size > 0) reading ??= setTimeout(read, Math.max(0, lastRead + READ_EVERY - Date.now()))
    }

    const takeOut = () => {
      if (gone.size === 0) return
      const ids = gone
      gone = new Set()
      change(pages => withoutJobs(pages, ids))
      for (const id of ids) {
        unread.delete(id)
        if (reading) deleted.add(id)
      }
    }

    const read = async () => {
      const ids = [...unread]
      unread.clear()
      lastRead = Date.now()
      let wait = READ_EVERY
      try {
        if (ids.length > FEW) await readFirstPage()
        else put(await readEach(ids))
      } catch (error) {
        for (const id of ids) unread.add(id)
        wait = Math.max(READ_AGAIN, error instanceof Refusal ? (error.retryAfter ?? 0) : 0)
      }
      reading = undefined
      deleted.clear()
      if (unread.size > 0 && !stopped) reading = setTimeout(read, wait)
    }

    const readFirstPage = async () => {
      const query = queryOf(current.current.filter, Date.now())
      query.set('limit', String(PAGE))
      const page = await readJobs(query, null)
      const newest = new Set(page.items.map(({ id }) => id))
      const reaches = queries
        .getQueryData<Pages>(current.current.key)
        ?.pages.some(({ items }) => items.some(({ id }) => newest.has(id)))
      // So many came in that there are others between the newest and those that are shown: the list begins anew.
      if (reaches) put(page.items)
      else change(() => withoutJobs({ pages: [page], pageParams: [null] }, deleted))
    }

    const stop = follow('/api/events', {
      onEvent(event) {
        waiting.push(event)
        timer ??= setTimeout(draw, GATHER)
      },
      onDeleted(id) {
        gone.add(id)
        timer ??= setTimeout(draw, GATHER)
      },
      onReset() {
        // Not as far as somebody scrolled: that may be thousands of jobs.
        change(({ pages, pageParams }) => ({
          pages: pages.slice(0, READ_ANEW),
          pageParams: pageParams.slice(0, READ_ANEW),
        }))
        queries.invalidateQueries({ queryKey: ['jobs'] })
      },
      onState: setState,
      // Only to learn of a session that has ended: the call itself leads to the login page.
      ended: () => call('GET', '/api/session').then(() => false),
    })
    return () => {
      stopped = true
      clearTimeout(timer)
      clearTimeout(reading)
      stop()
    }
  }, [queries])
  return state
}

/** @returns jobs as the events left them, and the ids of those that must be read to know. */
export function applied(events: readonly JobEvent[], known: ReadonlyMap<string, Job>) {
  const changed = new Map<string, Job>()
  const unclear = new Set<string>()
  for (const event of events) {
    const job = changed.get(event.jobId) ?? known.get(event.jobId)
    const next = job && afterEvent(job, event)
    if (next) changed.set(event.jobId, next)
    // What is not shown may fit once its status changes; nothing else makes it appear.
    else if (job || event.data.status) unclear.add(event.jobId)
  }
  return { changed: [...changed.values()].filter(job => !unclear.has(job.id)), unclear: [...unclear] }
}

async function readEach(ids: readonly string[]): Promise<readonly Job[]> {
  const gone = (error: unknown) => {
    if (error instanceof Refusal && error.status === 404) return null
    throw error
  }
  const jobs = await Promise.all(ids.map(id => call<Job>('GET', jobPath(id)).catch(gone)))
  return jobs.filter(job => job !== null)
}

function withoutJobs(data: Pages, ids: ReadonlySet<string>): Pages {
  const pages = data.pages.map(page => ({ ...page, items: page.items.filter(({ id }) => !ids.has(id)) }))
  return { ...data, pages }
}

/** New ones in at their place, known ones replaced, those that do not fit any more taken out. */
export function withJobs(data: Pages, jobs: readonly Job[], wanted: (job: Job) => boolean): Pages {
  const changes = new Map(jobs.map(job => [job.id, job]))
  const pages = data.pages.map(page => ({
    ...page,
    items: page.items.flatMap(job => {
      const next = changes.get(job.id)
      if (!next) return [job]
      changes.delete(job.id)
      return wanted(next) ? [next] : []
    }),
  }))
  const fresh = [...changes.values()].filter(wanted)
  for (const job of fresh) insert(pages, job)
  return { ...data, pages }
}

/** Newest first. One that is older than all that is shown has its place on a page that has not been read. */
function insert(pages: { items: readonly Job[]; nextCursor: string | null }[], job: Job): void {
  for (const page of pages) {
    const at = page.items.findIndex(other => other.createdAt < job.createdAt)
    if (at < 0 && page.nextCursor !== null) continue
    page.items = page.items.toSpliced(at < 0 ? page.items.length : at, 0, job)
    return
  }
}
