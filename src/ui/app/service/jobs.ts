/** Jobs, as the pages ask for them and as events change them. */
import { FINAL, type Job, type JobEvent } from '../contract.ts'
import { call } from './call.ts'

export interface JobPage {
  readonly items: readonly Job[]
  readonly nextCursor: string | null
}

/** @param query as `GET /api/jobs` has it, without `cursor` */
export function readJobs(
  query: URLSearchParams,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<JobPage> {
  const all = new URLSearchParams(query)
  if (cursor) all.set('cursor', cursor)
  return call('GET', `/api/jobs?${all}`, signal ? { signal } : {})
}

/** The newest jobs with this text in their id, their files' names or their metadata. */
export async function searchJobs(text: string, limit: number, signal: AbortSignal): Promise<readonly Job[]> {
  const query = new URLSearchParams({ limit: String(limit), ...(text && { q: text }) })
  return (await readJobs(query, null, signal)).items
}

/**
 * What a job looks like after an event, or null where the event does not tell enough: then the job must be read again.
 * A list may follow thousands of events a second; reading a job for each would be the load, not the view of it.
 */
export function afterEvent(job: Job, { type, at, run, data }: JobEvent): Job | null {
  if (run < job.run) return job
  if (run > job.run || type === 'file.uploaded' || type === 'file.removed') return null
  // Old news: a list loaded while the event was on its way is further already.
  if (FINAL.has(job.status)) return job
  const progress = {
    ...job.progress,
    percent: Math.max(job.progress.percent, data.overall ?? 0),
    stage: data.stage ?? job.progress.stage,
  }
  const status = data.status ?? job.status
  switch (type) {
    case 'job.submitted':
    case 'job.ready':
    case 'job.retrying':
      return { ...job, status }
    case 'job.started':
      return {
        ...job,
        status,
        startedAt: job.startedAt ?? at,
        attempts: { ...job.attempts, made: data.attempt ?? job.attempts.made },
      }
    case 'stage.started':
    case 'stage.progress':
    case 'stage.completed':
      return { ...job, progress }
    case 'job.completed':
    case 'job.failed':
    case 'job.cancelled':
      return { ...job, status, finishedAt: at, error: data.error ?? null }
    default:
      return job
  }
}
