/** Jobs, as events change them. */
import { FINAL, type Job, type JobEvent } from '../contract.ts'

/**
 * What a job looks like after an event, or null where the event does not tell enough: then the job must be read again.
 * A list may follow thousands of events a second; reading a job for each would be the load, not the view of it.
 */
export function afterEvent(job: Job, { type, at, run, data }: JobEvent): Job | null {
  if (run < job.run) return job
  if (type === 'job.retried' && run > job.run) return inNewRun(job, run, data.status ?? 'attaching')
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

/** Of many that were retried at once, none need be read for it: what the new run has left, its stages tell. */
function inNewRun(job: Job, run: number, status: Job['status']): Job {
  return {
    ...job,
    run,
    status,
    progress: { ...job.progress, percent: 0, stage: null },
    attempts: { ...job.attempts, made: 0 },
    result: null,
    error: null,
    readyAt: null,
    startedAt: null,
    finishedAt: null,
  }
}
