/** The page of one job as it stands: its parts in their places, each drawn anew only when what it shows has changed. */
import { h, part, say } from './dom.js'
import { badge, title } from './format.js'
import { drawActions } from './job-actions.js'
import { drawFacts, drawFiles, drawMetadata, drawOutcome, drawResults } from './job-parts.js'
import { createStages } from './job-stages.js'

/** @import { Job } from './api.js' */
/** @import { Outcome } from './job-actions.js' */

export function createJobView() {
  const heading = h('h1', { tabindex: '-1' }, 'Loading…')
  const state = h('span')
  const live = h('span', { class: 'live', 'data-state': 'connecting' })
  const problem = h('p', { class: 'notice bad', role: 'alert', hidden: true })
  const actions = h('div', { class: 'actions', hidden: true })
  const outcome = section()
  const results = section()
  const files = section()
  const story = section()
  const log = section()
  const facts = section()
  const metadata = section()
  const deliveries = section()
  const stages = createStages()

  const element = h(
    'div',
    { class: 'page' },
    h('p', { class: 'crumbs' }, h('a', { href: '/', 'data-route': true }, '← All jobs')),
    h(
      'header',
      { class: 'job-head' },
      h('div', {}, h('p', { class: 'state-line' }, state, live), heading),
      actions,
    ),
    problem,
    outcome,
    stages.element,
    h(
      'div',
      { class: 'columns' },
      h('div', {}, results, files, story, log),
      h('aside', { 'aria-label': 'About this job' }, facts, metadata, deliveries),
    ),
  )

  const draw = {
    state: part(state, (/** @type {Job['status']} */ status) => [badge(status)]),
    outcome: part(outcome, drawOutcome),
    results: part(results, drawResults),
    files: part(files, drawFiles),
    facts: part(facts, drawFacts),
    metadata: part(metadata, drawMetadata),
  }
  /** @type {string | null} */
  let actionsFor = null

  return {
    element,
    live,
    problem,
    stages,
    story,
    log,
    deliveries,

    /** @param {Job} job @param {Outcome} on */
    show(job, on) {
      problem.hidden = true
      say(heading, title(job))
      draw.state(job.status)
      const possible = `${job.status} ${job.artifacts.length}`
      if (actionsFor !== possible) {
        actionsFor = possible
        drawActions(actions, job, on)
      }
      draw.outcome({ status: job.status, error: job.error })
      stages.show(job)
      draw.results({ id: job.id, artifacts: job.artifacts })
      draw.files(job.files)
      const { id, pipeline, owner, priority, run, attempts, createdAt, readyAt, startedAt, finishedAt } = job
      draw.facts({ id, pipeline, owner, priority, run, attempts, createdAt, readyAt, startedAt, finishedAt })
      draw.metadata(job.metadata)
    },
  }
}

function section() {
  return h('section', { hidden: true })
}
