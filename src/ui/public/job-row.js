/** One job in the list: drawn once, then only touched where it changed. */

import { FINAL } from './api.js'
import { h, say } from './dom.js'
import { badge, between, bytes, capital, counted, time, title, totalSize } from './format.js'

/** @import { Job, JobEvent } from './api.js' */

/**
 * @typedef {{ element: HTMLLIElement, job: Job, update: (job: Job) => void }} Row
 * @param {Job} first
 * @returns {Row}
 */
export function createRow(first) {
  const state = badge(first.status)
  const name = h('a', { class: 'name', href: `/jobs/${encodeURIComponent(first.id)}`, 'data-route': true })
  const about = h('span', { class: 'about' })
  const bar = h('progress', { max: 100, value: first.progress.percent, 'aria-label': 'Progress' })
  const outcome = h('span', { class: 'outcome' })
  const element = h(
    'li',
    {},
    state,
    h('span', { class: 'what' }, name, about),
    h('span', { class: 'doing' }, bar, outcome),
    time(first.createdAt, 'ago'),
  )

  /** @type {Row} */
  const row = {
    element,
    job: first,
    update(job) {
      row.job = job
      state.dataset.status = job.status
      say(state, capital(job.status))
      say(name, title(job))
      say(about, [...description(job)].join(' · '))
      bar.hidden = job.status !== 'processing'
      bar.value = job.progress.percent
      say(outcome, describeOutcome(job))
      outcome.classList.toggle('bad', job.status === 'failed')
    },
  }
  row.update(first)
  return row
}

/** @param {Job} job */
function* description(job) {
  yield job.pipeline
  if (job.files.length > 0) yield `${counted(job.files.length, 'file')}, ${bytes(totalSize(job))}`
  if (job.priority !== 0) yield `priority ${job.priority}`
  for (const [key, value] of Object.entries(job.metadata).slice(0, 3)) {
    yield `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`
  }
}

/** @param {Job} job */
function describeOutcome(job) {
  if (job.status === 'failed') return job.error?.message ?? 'Failed'
  if (job.status === 'processing')
    return `${job.progress.stage ?? 'starting'} · ${Math.floor(job.progress.percent)} %`
  if (job.status === 'pending')
    return job.attempts.made > 0 ? 'Waits for its next attempt' : 'Waits for a worker'
  if (job.status === 'attaching') return 'Checking its files'
  if (job.status === 'draft') return 'Not submitted yet'
  const took = between(job.startedAt, job.finishedAt)
  return took ? `${job.status === 'completed' ? 'Took' : 'After'} ${took}` : ''
}

/**
 * What a job looks like after an event, or null where the event does not tell enough: then the job must be read again.
 * A list may follow thousands of events a second; reading a job for each would be the load, not the view of it.
 *
 * @param {Job} job
 * @param {JobEvent} event
 * @returns {Job | null}
 */
export function afterEvent(job, { type, at, run, data }) {
  if (run < job.run) return job
  if (run > job.run || type === 'file.uploaded' || type === 'file.removed') return null
  // Old news: a list loaded while the event was on its way is further already.
  if (FINAL.has(job.status)) return job
  const progress = {
    ...job.progress,
    percent: Math.max(job.progress.percent, data.overall ?? 0),
    stage: data.stage ?? job.progress.stage,
  }
  switch (type) {
    case 'job.submitted':
    case 'job.ready':
    case 'job.retrying':
      return { ...job, status: data.status }
    case 'job.started':
      return {
        ...job,
        status: data.status,
        startedAt: job.startedAt ?? at,
        attempts: { ...job.attempts, made: data.attempt },
      }
    case 'stage.started':
    case 'stage.progress':
    case 'stage.completed':
      return { ...job, progress }
    case 'job.completed':
    case 'job.failed':
    case 'job.cancelled':
      return { ...job, status: data.status, finishedAt: at, error: data.error ?? null }
    default:
      return job
  }
}
