/** The still parts of a job's page: outcome, results, files, facts, metadata. Each draws from what it is given alone. */

import { artifactPath } from './api.js'
import { h } from './dom.js'
import { between, bytes, counted, time } from './format.js'

/** @import { Artifact, Job, JobError, JobFile } from './api.js' */

/** @param {{ status: string, error: JobError | null }} shown */
export function drawOutcome({ status, error }) {
  if (status !== 'failed' || !error) return []
  const where = [
    error.stage && `in stage ${error.stage}`,
    error.attempts > 0 && `after ${counted(error.attempts, 'attempt')}`,
  ]
  return [
    h(
      'div',
      { class: 'notice bad' },
      h('p', {}, h('strong', {}, error.message)),
      h('p', { class: 'muted' }, h('code', {}, error.code), ` ${where.filter(Boolean).join(', ')}`),
    ),
  ]
}

/** @param {{ id: string, artifacts: Artifact[] }} shown */
export function drawResults({ id, artifacts }) {
  if (artifacts.length === 0) return []
  // The report first, then one redacted text a file, of which there may be many.
  const ordered = artifacts.toSorted((a, b) => rank(a) - rank(b))
  return [
    h('h2', {}, 'Results'),
    h(
      'ul',
      { class: 'card rows' },
      ...ordered.map(({ name, size, type }) => {
        const page = type.startsWith('text/html')
        // `download` keeps its last segment only: a redacted file gets its own name back.
        const how = page ? { target: '_blank', rel: 'noopener' } : { download: name.split('/').at(-1) }
        return h(
          'li',
          {},
          h('a', { class: 'name', href: artifactPath(id, name), ...how }, name),
          h('span', { class: 'muted how' }, page ? 'opens in a new tab' : 'download'),
          h('span', { class: 'muted number', title: counted(size, 'byte') }, bytes(size)),
        )
      }),
    ),
  ]
}

/** @param {Artifact} artifact */
function rank({ name, type }) {
  return type.startsWith('text/html') ? 0 : name.includes('/') ? 2 : 1
}

/** @param {JobFile[]} files */
export function drawFiles(files) {
  if (files.length === 0) return []
  return [
    h('h2', {}, 'Files'),
    h(
      'ul',
      { class: 'card rows files' },
      ...files.map(file =>
        h(
          'li',
          {},
          h('span', { class: 'name' }, file.name),
          h('span', { class: file.status === 'failed' ? 'error' : 'muted' }, file.status),
          h('span', { class: 'muted number', title: counted(file.size, 'byte') }, bytes(file.size)),
          h('span', { class: 'muted type' }, file.type),
          h('code', { class: 'hash', title: `SHA-256 ${file.sha256}` }, file.sha256),
        ),
      ),
    ),
  ]
}

/**
 * @param {Pick<Job, 'id' | 'pipeline' | 'owner' | 'priority' | 'run' | 'attempts' | 'createdAt' | 'readyAt' | 'startedAt'
 *   | 'finishedAt'>} job
 */
export function drawFacts(job) {
  const { createdAt, readyAt, startedAt, finishedAt } = job
  return [
    h('h2', {}, 'Details'),
    definitions([
      ['Id', h('code', { class: 'id' }, job.id)],
      ['Pipeline', job.pipeline],
      ['Owner', job.owner],
      ['Priority', String(job.priority)],
      ['Run', String(job.run)],
      ['Attempts', `${job.attempts.made} of ${job.attempts.max}`],
      ['Created', time(createdAt)],
      ['Ready', readyAt && time(readyAt)],
      ['Started', startedAt && time(startedAt)],
      ['Finished', finishedAt && time(finishedAt)],
      ['Took', between(startedAt, finishedAt)],
    ]),
  ]
}

/** @param {Record<string, unknown>} metadata */
export function drawMetadata(metadata) {
  const entries = Object.entries(metadata)
  if (entries.length === 0) return []
  return [
    h('h2', {}, 'Metadata'),
    definitions(
      entries.map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
    ),
  ]
}

/** @param {[string, Node | string | null][]} entries those without a value are left out */
function definitions(entries) {
  return h(
    'dl',
    { class: 'card facts' },
    ...entries
      .filter(([, value]) => value !== null)
      .map(([term, value]) => h('div', {}, h('dt', {}, term), h('dd', {}, value))),
  )
}
