/** One job's page: what it is now, told by its record, and how it came there, told by its events. */
import { call, FINAL, jobPath, Problem } from './api.js'
import { announce, byId, h, say } from './dom.js'
import { capital, title } from './format.js'
import { createDeliveries } from './job-deliveries.js'
import { createStory } from './job-story.js'
import { createJobView } from './job-view.js'
import { follow } from './live.js'

/** @import { Job, JobEvent } from './api.js' */

/** The record is read again at most this often, in ms, however many events arrive: a story is replayed in one burst. */
const GATHER = 200

/**
 * @param {string} id
 * @returns {() => void} leaves the page
 */
export function showJob(id) {
  const article = byId('job', HTMLElement)
  const view = createJobView()
  const deliveries = createDeliveries(view.deliveries)
  const story = createStory({ story: view.story, log: view.log })
  /** @type {Job | null} */
  let job = null
  let left = false
  let stream = 'connecting'
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let gathering
  /** @type {() => void} */
  let stop = () => {}

  async function read() {
    const now = /** @type {Job} */ (await call('GET', jobPath(id)))
    if (!left) show(now)
    return now
  }

  /** @param {Job} now */
  function show(now) {
    if (job && job.status !== now.status) announce(`The job is ${now.status}.`)
    const before = job
    job = now
    document.title = `${capital(now.status)}: ${title(now)} · Sluice`
    view.show(now, { changed: show, deleted, failed })
    showStream()
    deliveries.show(now)
    // A new run, or a draft submitted: the stream of the run before has ended, or will not wait for this one.
    if (before && FINAL.has(before.status) && !FINAL.has(now.status)) restart()
  }

  /** @param {JobEvent} event */
  function onEvent(event) {
    story.add(event)
    if (event.type === 'job.log') return
    if (event.type === 'stage.progress' && job?.run === event.run) return view.stages.advance(event.data)
    gathering ??= setTimeout(() => {
      gathering = undefined
      read().catch(failed)
    }, GATHER)
  }

  function restart() {
    stop()
    stop = follow(`${jobPath(id)}/events`, {
      onEvent,
      onState: state => {
        stream = state
        showStream()
      },
      ended: async () => {
        try {
          return FINAL.has((await read()).status)
        } catch (problem) {
          failed(problem)
          return problem instanceof Problem && problem.status === 404
        }
      },
    })
  }

  /** A final job has nothing more to tell, whatever its stream is doing. */
  function showStream() {
    const state = job && FINAL.has(job.status) ? 'ended' : stream
    view.live.dataset.state = state
    say(view.live, state === 'live' ? 'Live' : state === 'ended' ? '' : 'Connecting…')
  }

  function deleted() {
    announce('The job was deleted.')
    history.pushState(null, '', '/')
    dispatchEvent(new PopStateEvent('popstate'))
  }

  /** @param {unknown} problem */
  function failed(problem) {
    if (left) return
    if (!(problem instanceof Problem)) throw problem
    if (problem.status === 404) return gone()
    view.problem.hidden = false
    say(view.problem, problem.message)
  }

  function gone() {
    stop()
    document.title = 'No such job · Sluice'
    article.replaceChildren(
      h(
        'div',
        { class: 'page' },
        h('h1', { tabindex: '-1' }, 'There is no such job'),
        h('p', { class: 'notice' }, 'It was deleted, its time was over, or it belongs to somebody else.'),
        h('p', {}, h('a', { class: 'button', href: '/', 'data-route': true }, 'See all jobs')),
      ),
    )
  }

  article.replaceChildren(view.element)
  read().then(restart, problem => {
    failed(problem)
    if (problem.status !== 404) restart()
  })

  return () => {
    left = true
    stop()
    clearTimeout(gathering)
    deliveries.leave()
    article.replaceChildren()
  }
}
