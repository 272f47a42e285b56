/** What happened to a job, event by event, and the lines its stages logged. */
import { h } from './dom.js'
import { bytes, counted, duration, time } from './format.js'

/** @import { JobEvent } from './api.js' */

/** Log lines on the page; a job may have 1,000 a run, and any number of runs. */
const MOST_LINES = 2_000

/** @param {{ story: HTMLElement, log: HTMLElement }} places */
export function createStory({ story, log }) {
  const moments = h('ol', { class: 'card story', 'aria-label': 'Events' })
  const lines = h('ol', { class: 'card log', tabindex: '0', 'aria-label': 'Log lines' })
  story.append(h('h2', {}, 'Events'), moments)
  log.append(h('h2', {}, 'Log'), lines)

  /** A stream that is opened anew may tell again what has been told. @type {Set<string>} */
  const told = new Set()
  /** @type {JobEvent[]} */
  let waiting = []
  /** @type {string | null} */
  let last = null

  /** A replayed story comes in one burst: it is drawn in one go. */
  function draw() {
    const follows = lines.scrollTop + lines.clientHeight >= lines.scrollHeight - 8
    for (const event of waiting) {
      if (event.type === 'job.log') lines.append(line(event))
      else moments.append(moment(event))
    }
    waiting = []
    while (lines.childElementCount > MOST_LINES) lines.firstElementChild?.remove()
    story.hidden = moments.childElementCount === 0
    log.hidden = lines.childElementCount === 0
    if (follows) lines.scrollTop = lines.scrollHeight
  }

  /** @param {JobEvent} event */
  function moment(event) {
    const { text, tone } = sentence(event)
    const gap = last === null ? null : Date.parse(event.at) - Date.parse(last)
    last = event.at
    return h(
      'li',
      { 'data-tone': tone, 'data-type': event.type },
      time(event.at, 'clock'),
      h('span', { class: 'text' }, text),
      h(
        'span',
        { class: 'muted number gap', title: 'Since the event before' },
        gap !== null && gap >= 1000 ? `+${duration(gap)}` : '',
      ),
    )
  }

  return {
    /** @param {JobEvent} event */
    add(event) {
      if (told.has(event.id) || event.type === 'stage.progress') return
      told.add(event.id)
      // A timer and not an animation frame: those stand still in a tab that nobody looks at, and `waiting` would grow.
      if (waiting.push(event) === 1) setTimeout(draw, 16)
    },
  }
}

/** @param {JobEvent} event */
function line({ at, data }) {
  return h(
    'li',
    { 'data-level': data.level },
    time(at, 'clock'),
    h('span', { class: 'muted' }, data.stage ?? ''),
    h('span', { class: 'level' }, data.level),
    h('span', { class: 'text' }, data.message),
  )
}

/**
 * @param {JobEvent} event
 * @returns {{ text: string, tone?: 'good' | 'bad' | 'warn' | 'quiet' }}
 */
function sentence({ type, run, data }) {
  switch (type) {
    case 'job.created':
      return { text: `Created for the pipeline ${data.pipeline}`, tone: 'quiet' }
    case 'file.uploaded':
      return { text: `${data.name} uploaded, ${bytes(data.size)}`, tone: 'quiet' }
    case 'file.removed':
      return { text: `${data.name} taken out`, tone: 'quiet' }
    case 'job.submitted':
      return { text: `Submitted with ${counted(data.files, 'file')}` }
    case 'file.attached':
      return { text: `${data.name} attached`, tone: 'quiet' }
    case 'file.failed':
      return {
        text: `${data.name} could not be attached: ${data.error?.message ?? 'no reason was given'}`,
        tone: 'bad',
      }
    case 'job.ready':
      return { text: data.message }
    case 'job.started':
      return { text: `Started by worker ${data.worker}, attempt ${data.attempt}` }
    case 'stage.started':
      return { text: `Stage ${data.stage} started`, tone: 'quiet' }
    case 'stage.completed':
      return { text: `Stage ${data.stage} completed in ${duration(data.durationMs)}` }
    case 'job.retrying':
      return { text: retrying(data), tone: 'warn' }
    case 'job.retried':
      return { text: `Retried by hand: run ${data.run ?? run}` }
    case 'job.completed':
      return { text: 'Completed', tone: 'good' }
    case 'job.failed':
      return { text: `Failed: ${data.error?.message ?? 'no reason was given'}`, tone: 'bad' }
    case 'job.cancelled':
      return { text: 'Cancelled', tone: 'warn' }
    default:
      return { text: type, tone: 'quiet' }
  }
}

/** @param {{ reason: string, attempt: number, error?: { message: string }, delayMs?: number }} data */
function retrying({ reason, attempt, error, delayMs }) {
  const next = delayMs ? `, the next one follows in ${duration(delayMs)}` : ''
  if (reason === 'hand-over') return 'Handed over by a worker that shuts down; another goes on'
  if (reason === 'worker-lost') return 'The worker was lost; another takes it up at the last finished stage'
  return `Attempt ${attempt} failed${next}: ${error?.message ?? 'no reason was given'}`
}
