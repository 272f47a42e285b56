/** The jobs that fit a filter: read page by page, newest first, and then kept up to date by the event stream. */
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Job, JobEvent, JobPage } from '../../contract.ts'
import { call, jobPath, Refusal } from '../../service/call.ts'
import { follow } from '../../service/follow.ts'
import { readJobs } from '../../service/jobs.ts'
import type { StreamState } from '../../service/stream-state.ts'
import { type Filter, fits, queryOf, writeFilter } from './filter.ts'
import { applied, type Listed, marked, type Pages, reaches, withJobs, withoutGone } from './listed.ts'

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

/**
 * Nothing that is shown leaves its place by itself, so that whoever shows it can wait with that until nobody is at the rows.
 *
 * @returns besides the pages: the jobs; whether more came in than can be put before them; and what takes out those that
 * are gone and, where more came in, begins the list anew.
 */
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
  const live = useLiveList(key, filter)
  const jobs = useMemo(() => unique(pages.data?.pages.flatMap(page => page.items) ?? []), [pages.data])
  return { ...pages, ...live, jobs }
}

function unique(jobs: readonly Listed[]): readonly Listed[] {
  return [...new Map(jobs.map(job => [job.id, job])).values()]
}

function useLiveList(key: readonly string[], filter: Filter) {
  const queries = useQueryClient()
  const [state, setState] = useState<StreamState>('connecting')
  /** A first page that has nothing in common with the list that is shown. */
  const [ahead, setAhead] = useState<{ key: readonly string[]; page: JobPage } | null>(null)
  const behind = ahead?.key === key
  const current = useRef({ key, filter, behind })
  current.current = { key, filter, behind }

  const settle = useCallback(() => {
    if (behind) {
      setAhead(null)
      queries.setQueryData<Pages>(key, { pages: [ahead.page], pageParams: [null] })
      // Nobody has read on meanwhile.
      queries.invalidateQueries({ queryKey: key })
    } else {
      queries.setQueryData<Pages>(key, pages => pages && withoutGone(pages))
    }
  }, [queries, key, ahead, behind])

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
    /** Of those reads; ended where the list is read anew, which tells more than they. */
    let asking = new AbortController()
    let stopped = false
    /** What was read and what events tell is written one after the other: the newest is the last. */
    let turn: Promise<unknown> = Promise.resolve()

    const change = (next: (pages: Pages) => Pages) =>
      queries.setQueryData<Pages>(current.current.key, pages => pages && next(pages))

    /** Until no page is on its way: it is put behind those that there were when it was asked for, whatever came since. */
    const quiet = () =>
      new Promise<void>(resolve => {
        const look = () => {
          const { fetchStatus = 'idle' } = queries.getQueryState(current.current.key) ?? {}
          if (fetchStatus !== 'idle') return
          stop()
          resolve()
        }
        const stop = queries.getQueryCache().subscribe(look)
        look()
      })

    const put = (jobs: readonly Job[]) => {
      const now = Date.now()
      change(pages => withJobs(pages, jobs, job => fits(job, current.current.filter, now)))
    }

    const gather = () => {
      timer ??= setTimeout(() => {
        timer = undefined
        turn = turn.then(quiet).then(draw).catch(reportError)
      }, GATHER)
    }

    const draw = () => {
      const known = new Map(
        queries
          .getQueryData<Pages>(current.current.key)
          ?.pages.flatMap(page => page.items)
          .map(job => [job.id, job]),
      )
      const told = waiting.filter(({ jobId }) => !gone.has(jobId))
      const { changed, unclear } = applied(told, known, current.current.filter.statuses)
      waiting = []
      put(changed)
      takeOut()
      for (const id of unclear) unread.add(id)
      // A list that begins anew is read then.
      if (current.current.behind) unread.clear()
      if (unread.size === 0 || stopped) return
      reading ??= setTimeout(read, Math.max(0, lastRead + READ_EVERY - Date.now()))
    }

    const takeOut = () => {
      if (gone.size === 0) return
      const ids = gone
      gone = new Set()
      change(pages => marked(pages, ids))
      for (const id of ids) unread.delete(id)
    }

    const read = () => {
      turn = turn.then(readUnread)
    }

    const readUnread = async () => {
      const ids = [...unread]
      unread.clear()
      lastRead = Date.now()
      let wait = READ_EVERY
      const { signal } = asking
      try {
        const write = await (ids.length > FEW ? readFirstPage(signal) : readEach(ids, signal))
        await quiet()
        if (!signal.aborted) write()
      } catch (error) {
        if (!signal.aborted) {
          for (const id of ids) unread.add(id)
          wait = Math.max(READ_AGAIN, error instanceof Refusal ? (error.retryAfter ?? 0) : 0)
        }
      }
      reading = undefined
      if (unread.size > 0 && !stopped) reading = setTimeout(read, wait)
    }

    const readEach = async (ids: readonly string[], signal: AbortSignal) => {
      const jobs = await Promise.all(ids.map(id => readJob(id, signal)))
      return () => put(jobs.filter(job => job !== null))
    }

    const readFirstPage = async (signal: AbortSignal) => {
      const { key: asked, filter: wanted } = current.current
      const query = queryOf(wanted, Date.now())
      query.set('limit', String(PAGE))
      const page = await readJobs(query, null, signal)
      return () => {
        if (current.current.key !== asked) return
        const listed = queries.getQueryData<Pages>(asked)
        // So many came in that there are others between the newest and those that are shown: the list is to begin anew.
        if (!listed || reaches(listed, page, PAGE)) put(page.items)
        else setAhead({ key: asked, page })
      }
    }

    const stop = follow('/api/events', {
      onEvent(event) {
        waiting.push(event)
        gather()
      },
      onDeleted(id) {
        gone.add(id)
        gather()
      },
      onReset() {
        // All that is older than what is read now.
        waiting = []
        unread.clear()
        asking.abort()
        asking = new AbortController()
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
      asking.abort()
      stop()
    }
  }, [queries])
  return { state, behind, settle }
}

/** @returns null where it is gone */
function readJob(id: string, signal: AbortSignal): Promise<Job | null> {
  return call<Job>('GET', jobPath(id), { signal }).catch(error => {
    if (error instanceof Refusal && error.status === 404) return null
    throw error
  })
}
