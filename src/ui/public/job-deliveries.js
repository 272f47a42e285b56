/** The callbacks of a job: each delivery with its last attempt, and sending it again. */

import { call, FINAL } from './api.js'
import { announce, h, part } from './dom.js'
import { capital, counted, duration, time } from './format.js'

/** @import { Delivery, Job } from './api.js' */

/** Deliveries have no events: an open one is looked at again after this time, in ms, at least and at most. */
const SOONEST = 2_000
const LATEST = 30_000

/** @param {HTMLElement} element */
export function createDeliveries(element) {
  const redraw = part(element, draw)
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  let left = false
  let shownFor = ''

  /** @param {Job} job */
  async function load(job) {
    clearTimeout(timer)
    try {
      const { items } = await call('GET', `/api/deliveries?jobId=${encodeURIComponent(job.id)}`)
      if (left) return
      redraw({ url: job.callbackUrl, items, job })
      const open = items.filter((/** @type {Delivery} */ delivery) => delivery.status === 'pending')
      if (open.length === 0 && items.length > 0) return
      const next = Math.min(
        ...open.map((/** @type {Delivery} */ { nextAttemptAt }) => Date.parse(nextAttemptAt ?? '') || 0),
      )
      timer = setTimeout(() => load(job), Math.min(LATEST, Math.max(SOONEST, next - Date.now())))
    } catch (problem) {
      if (left) return
      redraw({ url: job.callbackUrl, items: [], job, problem: /** @type {Error} */ (problem).message })
      timer = setTimeout(() => load(job), LATEST)
    }
  }

  /** @param {{ url: string | null, items: Delivery[], job: Job, problem?: string }} shown */
  function draw({ url, items, job, problem }) {
    return [
      h('h2', {}, 'Callback'),
      h(
        'div',
        { class: 'card deliveries' },
        h('p', { class: 'url' }, url),
        problem && h('p', { class: 'error' }, problem),
        items.length === 0 &&
          !problem &&
          h(
            'p',
            { class: 'muted' },
            FINAL.has(job.status) ? 'Being prepared.' : 'Goes out when the job has ended.',
          ),
        ...items.map(delivery => drawDelivery(delivery, () => load(job))),
      ),
    ]
  }

  return {
    /** @param {Job} job */
    show(job) {
      if (!job.callbackUrl) return
      const now = `${job.status} ${job.run}`
      if (now === shownFor) return
      shownFor = now
      load(job)
    },
    leave() {
      left = true
      clearTimeout(timer)
    },
  }
}

/** @param {Delivery} delivery @param {() => void} reload */
function drawDelivery({ id, type, status, attempts, nextAttemptAt }, reload) {
  const last = attempts.at(-1)
  const refused = h('span', { class: 'error', role: 'alert' })
  const redeliver = async () => {
    try {
      await call('POST', `/api/deliveries/${encodeURIComponent(id)}/redeliver`)
      announce('The callback is sent again.')
      reload()
    } catch (problem) {
      refused.textContent = /** @type {Error} */ (problem).message
    }
  }
  return h(
    'div',
    { class: 'delivery' },
    h(
      'p',
      { class: 'row' },
      h('span', { class: 'badge', 'data-status': status }, capital(status)),
      h('code', {}, type),
    ),
    last && h('p', { class: 'muted' }, `${counted(attempts.length, 'attempt')}, the last at `, time(last.at)),
    last && h('p', {}, last.error ?? `Answered ${last.statusCode} in ${duration(last.durationMs)}`),
    status === 'pending' && nextAttemptAt && h('p', { class: 'muted' }, 'Next attempt ', time(nextAttemptAt)),
    status !== 'pending' && h('button', { class: 'link', type: 'button', click: redeliver }, 'Send it again'),
    refused,
  )
}
