/** What can be done with a job, as its status allows. */

import { artifactPath, call, FINAL, jobPath } from './api.js'
import { announce, confirmed, h, say } from './dom.js'
import { title } from './format.js'

/** @import { Job } from './api.js' */

/**
 * @typedef {{ changed: (job: Job) => void, deleted: () => void, failed: (problem: unknown) => void }} Outcome
 * @typedef {{ label: string, look?: string, ask?: { title: string, text: string, action: string }, act: () => Promise<void> }} Action
 */

/** Retrying would meet the same bytes again, and the API refuses it. */
const NOT_RETRYABLE = new Set(['file-missing', 'file-changed', 'file-type-not-allowed', 'file-infected'])

/** @param {HTMLElement} element @param {Job} job @param {Outcome} outcome */
export function drawActions(element, job, outcome) {
  const buttons = [reportLink(job), ...actionsOf(job, outcome).map(action => button(action, outcome))].filter(
    each => each !== null,
  )
  const held = element.contains(document.activeElement)
  element.replaceChildren(...buttons)
  element.hidden = buttons.length === 0
  if (held) (buttons[0] ?? document.querySelector('h1'))?.focus()
}

/** What the one who waits came for. @param {Job} job */
function reportLink({ id, artifacts }) {
  const report = artifacts.find(artifact => artifact.name === 'report.html')
  if (!report) return null
  const href = artifactPath(id, report.name)
  return h(
    'a',
    { id: 'open-report', class: 'button', href, target: '_blank', rel: 'noopener' },
    'Open report',
  )
}

/** @param {Job} job @param {Outcome} outcome @returns {Action[]} */
function actionsOf(job, outcome) {
  const path = jobPath(job.id)
  /** @param {string} verb */
  const post = verb => async () => outcome.changed(await call('POST', `${path}/${verb}`))
  /** @type {Action[]} */
  const actions = []
  if (job.status === 'draft' && job.files.length > 0) actions.push({ label: 'Submit', act: post('submit') })
  if (job.status === 'failed' && !NOT_RETRYABLE.has(job.error?.code ?? ''))
    actions.push({ label: 'Retry', act: post('retry') })
  if (!FINAL.has(job.status)) {
    actions.push({
      label: 'Cancel job',
      look: 'quiet',
      ask: {
        title: 'Cancel this job?',
        text: `“${title(job)}” stops where it is, and cannot be taken up again.`,
        action: 'Cancel job',
      },
      act: post('cancel'),
    })
  }
  if (FINAL.has(job.status) || job.status === 'draft') {
    actions.push({
      label: 'Delete',
      look: 'quiet',
      ask: {
        title: 'Delete this job?',
        text: `“${title(job)}”, its uploaded files, its reports and its events are removed for good.`,
        action: 'Delete',
      },
      act: async () => {
        await call('DELETE', path)
        outcome.deleted()
      },
    })
  }
  return actions
}

/** @param {Action} action @param {Outcome} outcome */
function button({ label, look = '', ask, act }, outcome) {
  const element = h('button', { class: `button ${look}`, type: 'button' }, label)
  element.addEventListener('click', async () => {
    if (ask && !(await confirmed(ask))) return
    element.disabled = true
    say(element, `${label}…`)
    try {
      await act()
    } catch (problem) {
      announce(/** @type {Error} */ (problem).message)
      outcome.failed(problem)
    } finally {
      element.disabled = false
      say(element, label)
    }
  })
  return element
}
