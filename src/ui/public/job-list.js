/** The list of jobs: newest first, filtered by the address's `?status=`, kept up to date by the event stream. */

import { call, jobPath } from './api.js'
import { byId, h, present } from './dom.js'
import { ago } from './format.js'
import { drawFilter, wanted } from './job-filter.js'
import { afterEvent, createRow } from './job-row.js'
import { follow } from './live.js'

/** @import { Job, JobEvent } from './api.js' */
/** @import { Row } from './job-row.js' */

/** Jobs a page. */
const PAGE = 30
/** How long changes are gathered before jobs are read again, in ms; and how many may be, before the page is instead. */
const GATHER = 300
const FEW = 5
/** Rows kept while the list grows by itself. */
const MOST = 500

export function createJobList() {
  const list = byId('jobs', HTMLOListElement)
  const note = byId('jobs-note', HTMLElement)
  const more = byId('jobs-more', HTMLButtonElement)
  const live = byId('jobs-live', HTMLElement)

  /** By id, in the order shown. @type {Map<string, Row>} */
  let rows = new Map()
  /** @type {string | null} */
  let cursor = null
  /** Ids of jobs to be read again. @type {Set<string>} */
  const stale = new Set()
  /** @type {AbortController | null} */
  let loading = null

  /** @param {Job} job */
  const fits = job => wanted().length === 0 || wanted().includes(job.status)

  /**
   * @param {string | null} from
   * @param {AbortSignal} [signal]
   * @returns {Promise<{ items: Job[], nextCursor: string | null }>}
   */
  function readPage(from, signal) {
    const query = new URLSearchParams([
      ...wanted().map(status => ['status', status]),
      ['limit', String(PAGE)],
    ])
    if (from) query.set('cursor', from)
    return call('GET', `/api/jobs?${query}`, signal ? { signal } : {})
  }

  /** @param {{ from?: string | null }} [options] `from`: the page after this cursor; without it the list anew */
  async function load({ from = null } = {}) {
    loading?.abort()
    loading = new AbortController()
    const { signal } = loading
    list.setAttribute('aria-busy', 'true')
    try {
      const page = await readPage(from, signal)
      cursor = page.nextCursor
      const old = rows
      if (!from) rows = new Map()
      for (const job of page.items) put(job, old)
      list.replaceChildren(...[...rows.values()].map(row => row.element))
      tell(null)
      const next = from && rows.get(page.items[0]?.id ?? '')
      if (next) next.element.querySelector('a')?.focus()
    } catch (problem) {
      if (!signal.aborted) tell(/** @type {Error} */ (problem))
    } finally {
      if (!signal.aborted) list.setAttribute('aria-busy', 'false')
    }
  }

  /** @param {Job} job @param {Map<string, Row>} known */
  function put(job, known = rows) {
    const row = known.get(job.id) ?? createRow(job)
    row.update(job)
    rows.set(job.id, row)
    return row
  }

  /** @param {Error | null} problem */
  function tell(problem) {
    const empty = rows.size === 0
    list.hidden = empty
    more.hidden = cursor === null
    note.hidden = !(problem || empty)
    note.classList.toggle('bad', problem !== null)
    note.replaceChildren(
      ...present([
        problem?.message ??
          (cursor
            ? 'None among the newest. There are older ones to look through.'
            : wanted().length > 0
              ? 'No job is in this state.'
              : 'No jobs yet. Drop some files above, and the first one appears here.'),
        problem && h('button', { class: 'link', type: 'button', click: () => load() }, 'Try again'),
      ]),
    )
  }

  /** @param {JobEvent} event */
  function onEvent(event) {
    const row = rows.get(event.jobId)
    if (row) {
      const job = afterEvent(row.job, event)
      if (job) return place(row, job)
    }
    // A job that is not shown may fit the filter once its status changes; nothing else makes it appear.
    if (row || event.data.status) refresh(event.jobId)
  }

  /** @param {Row} row @param {Job} job */
  function place(row, job) {
    row.update(job)
    // With the focus in it a row stays, whatever becomes of its job: nothing should vanish under a finger.
    if (fits(job) || row.element.contains(document.activeElement)) return
    rows.delete(job.id)
    row.element.remove()
    tell(null)
  }

  /** @param {string} id */
  function refresh(id) {
    if (stale.size === 0) setTimeout(readStale, GATHER)
    stale.add(id)
  }

  async function readStale() {
    const shown = [...stale].filter(id => rows.has(id))
    const unseen = [...stale].filter(id => !rows.has(id))
    stale.clear()
    const jobs = unseen.length > FEW ? await newest() : await readEach(unseen)
    for (const job of [...jobs, ...(await readEach(shown))]) {
      const row = rows.get(job.id)
      if (row) place(row, job)
      else if (fits(job)) insert(put(job))
    }
  }

  /** @param {string[]} ids @returns {Promise<Job[]>} those that can be read; the others were deleted meanwhile */
  async function readEach(ids) {
    const jobs = await Promise.all(ids.map(id => call('GET', jobPath(id)).catch(() => null)))
    return jobs.filter(job => job !== null)
  }

  /** The first page; where it does not reach down to what is shown, or too much is, the list starts anew instead. */
  async function newest() {
    const { items } = await readPage(null).catch(() => ({ items: [] }))
    if (rows.size < MOST && items.some(job => rows.has(job.id))) return items
    load()
    return []
  }

  /** Newest first: before the first row that is older. @param {Row} row */
  function insert(row) {
    const others = [...rows.values()].filter(other => other !== row)
    const next = others.find(other => other.job.createdAt < row.job.createdAt)
    // Older than all that is shown: its place is on a page that has not been loaded.
    if (!next && cursor) return void rows.delete(row.job.id)
    const at = next ? others.indexOf(next) : others.length
    rows = new Map(others.toSpliced(at, 0, row).map(each => [each.job.id, each]))
    list.insertBefore(row.element, next?.element ?? null)
    tell(null)
  }

  more.addEventListener('click', () => load({ from: cursor }))
  setInterval(() => {
    for (const { element, job } of rows.values()) {
      const age = element.querySelector('time')
      if (age) age.textContent = ago(job.createdAt)
    }
  }, 20_000)

  /** Follows the jobs until the function that it returns is called. */
  return function show() {
    drawFilter(load)
    load()
    return follow('/api/events', {
      onEvent,
      onReset: load,
      onState(state) {
        live.dataset.state = state
        live.textContent = state === 'live' ? 'Live' : 'Connecting…'
      },
      // Only to learn of a session that has ended: the call itself leads to the login page.
      ended: () => call('GET', '/api/jobs?limit=1').then(() => false),
    })
  }
}
