/** The jobs of the list, as it was read: what events make of them, and which rows are shown of them. */
import type { Job, JobEvent, JobPage, Status } from '../../contract.ts'
import { afterEvent } from '../../service/after-event.ts'

/** @property gone that it is in the list no more: deleted, or it fits no longer. `settle` takes such ones out. */
export type Listed = Job & { readonly gone?: true }
export interface Pages {
  readonly pages: readonly (Omit<JobPage, 'items'> & { readonly items: readonly Listed[] })[]
  readonly pageParams: readonly (string | null)[]
}

/**
 * @param statuses that the list is narrowed to; none: all
 * @returns jobs as the events left them, and the ids of those that must be read to know
 */
export function applied(
  events: readonly JobEvent[],
  known: ReadonlyMap<string, Job>,
  statuses: readonly Status[],
) {
  const changed = new Map<string, Job>()
  const unclear = new Set<string>()
  for (const event of events) {
    const job = changed.get(event.jobId) ?? known.get(event.jobId)
    const next = job && afterEvent(job, event)
    if (next) changed.set(event.jobId, next)
    else if (job) unclear.add(event.jobId)
    // What is not shown may fit once its status changes; nothing else makes it appear.
    else if (event.data.status) {
      if (statuses.length === 0 || statuses.includes(event.data.status)) unclear.add(event.jobId)
      else unclear.delete(event.jobId)
    }
  }
  return { changed: [...changed.values()].filter(job => !unclear.has(job.id)), unclear: [...unclear] }
}

function mapped(data: Pages, change: (job: Listed) => Listed): Pages {
  return { ...data, pages: data.pages.map(page => ({ ...page, items: page.items.map(change) })) }
}

export function marked(data: Pages, ids: ReadonlySet<string>): Pages {
  return mapped(data, job => (ids.has(job.id) ? { ...job, gone: true } : job))
}

export function withoutGone(data: Pages): Pages {
  return {
    ...data,
    pages: data.pages.map(page => ({ ...page, items: page.items.filter(({ gone }) => !gone) })),
  }
}

/** New ones in at their place, known ones replaced, and marked where they do not fit any more. */
export function withJobs(data: Pages, jobs: readonly Job[], wanted: (job: Job) => boolean): Pages {
  const fresh = new Map(jobs.map(job => [job.id, job]))
  const next = mapped(data, old => {
    const job = fresh.get(old.id)
    if (!job) return old
    fresh.delete(old.id)
    const { gone: _, ...here }: Listed = job
    return wanted(job) ? here : { ...here, gone: true }
  })
  return { ...next, pages: [...fresh.values()].filter(wanted).reduce(insert, next.pages) }
}

/** Newest first. One that is older than what was looked at has its place on a page that has not been read. */
function insert(pages: Pages['pages'], job: Job): Pages['pages'] {
  const home = pages.findIndex(({ lookedBackTo }) => lookedBackTo === null || job.createdAt >= lookedBackTo)
  const page = pages[home]
  if (!page) return pages
  const at = page.items.findIndex(other => other.createdAt < job.createdAt)
  const items = page.items.toSpliced(at < 0 ? page.items.length : at, 0, job)
  return pages.with(home, { ...page, items })
}

/**
 * @param page the first one, read anew @param limit of jobs on it
 * @returns whether no job is between it and those that are listed: it has one of them, or was not filled by what is newer
 */
export function reaches(listed: Pages, page: JobPage, limit: number): boolean {
  const newest = new Set(page.items.map(({ id }) => id))
  return page.items.length < limit || listed.pages.some(({ items }) => items.some(({ id }) => newest.has(id)))
}

/**
 * @param before rows that keep their place; none: nothing waits, and nothing that is gone is shown
 * @returns `apart`: whether the list begins anew so far before those rows that it does not reach them
 */
export function inPlace(before: readonly Listed[], jobs: readonly Listed[], more: boolean) {
  if (before.length === 0) return { rows: jobs.filter(({ gone }) => !gone), fresh: 0, apart: false }
  const places = new Set(before.map(({ id }) => id))
  const now = new Map(jobs.map(job => [job.id, job]))
  const end = jobs.at(-1)?.createdAt ?? ''
  const isMissed = (job: Listed) => !more || job.createdAt > end
  const kept = before.map(job => now.get(job.id) ?? (isMissed(job) ? { ...job, gone: true as const } : job))
  const last = jobs.findLastIndex(({ id }) => places.has(id))
  const isNew = ({ id, gone }: Listed) => !gone && !places.has(id)
  return {
    rows: last < 0 ? kept : [...kept, ...jobs.slice(last + 1).filter(isNew)],
    fresh: (last < 0 ? jobs : jobs.slice(0, last)).filter(isNew).length,
    apart: last < 0 && more,
  }
}
