/**
 * The way of a job, step by step: its files first, for nothing starts before they are all attached, then its stages.
 * The bars are kept and only moved, so that they glide.
 */
import { h, say } from './dom.js'
import { capital } from './format.js'

/** @import { Job } from './api.js' */

export function createStages() {
  const list = h('ol', { class: 'stages' })
  const element = h('section', { class: 'card', 'aria-label': 'Progress' }, list)
  /** @type {Map<string, ReturnType<typeof createStep>>} */
  let steps = new Map()

  return {
    element,

    /** @param {Job} job */
    show(job) {
      const names = ['files', ...job.progress.stages.map(stage => stage.name)]
      if (names.join() !== [...steps.keys()].join()) {
        steps = new Map(names.map(name => [name, createStep(name)]))
        list.replaceChildren(...[...steps.values()].map(step => step.element))
      }
      steps.get('files')?.show(filesStep(job))
      for (const stage of job.progress.stages) {
        const stopped = stage.status === 'running' && job.status === 'cancelled'
        steps
          .get(stage.name)
          ?.show({ ...stage, status: stopped ? 'stopped' : stage.status, note: NOTES[stage.status] })
      }
    },

    /** Between two readings of the record. @param {{ stage: string, percent: number, message?: string }} progress */
    advance({ stage, percent, message }) {
      steps.get(stage)?.advance(percent, message)
    },
  }
}

/** @type {Record<string, string | undefined>} */
const NOTES = { pending: 'not yet', completed: 'done', failed: 'failed' }

/** @param {Job} job */
function filesStep({ files, status }) {
  const attached = files.filter(file => file.status === 'attached').length
  const failed = files.some(file => file.status === 'failed')
  const done = files.length > 0 && attached === files.length
  return {
    status: failed ? 'failed' : done ? 'completed' : status === 'attaching' ? 'running' : 'pending',
    percent: files.length === 0 ? 0 : (attached / files.length) * 100,
    note: `${attached} of ${files.length} attached`,
  }
}

/** @param {string} name */
function createStep(name) {
  const bar = h('progress', { max: 100, value: 0, 'aria-label': capital(name) })
  const note = h('span', { class: 'note number' })
  const element = h(
    'li',
    { 'data-status': 'pending' },
    h('span', { class: 'step' }, capital(name)),
    bar,
    note,
  )
  return {
    element,
    /** @param {{ status: string, percent: number, note: string | undefined }} step */
    show({ status, percent, note: words }) {
      element.dataset.status = status
      if (status === 'running') element.setAttribute('aria-current', 'step')
      else element.removeAttribute('aria-current')
      bar.value = status === 'running' ? Math.max(bar.value, percent) : percent
      say(note, words ?? `${Math.floor(bar.value)} %`)
      note.removeAttribute('title')
    },
    /** @param {number} percent @param {string | undefined} message */
    advance(percent, message) {
      if (element.dataset.status !== 'running') return
      bar.value = Math.max(bar.value, percent)
      say(note, `${Math.floor(bar.value)} %${message ? ` · ${message}` : ''}`)
      if (message) note.title = message
    },
  }
}
