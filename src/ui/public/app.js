/** The shell: which page an address means, and moving between them without loading anew. */
import { announce, byId, h } from './dom.js'
import { title } from './format.js'
import { createJobList } from './job-list.js'
import { showJob } from './job-page.js'
import { endSession, hasSession } from './session.js'
import { createUploadForm } from './upload-form.js'

/** @import { Job } from './api.js' */

const home = byId('home', HTMLElement)
const page = byId('job', HTMLElement)
const toast = byId('toast', HTMLElement)
const showList = createJobList()
/** @type {() => void} */
let leave = () => {}

/** @param {{ focus?: boolean }} [options] */
function route({ focus = true } = {}) {
  leave()
  toast.hidden = true
  const id = /^\/jobs\/([^/]+)\/?$/.exec(location.pathname)?.[1]
  home.hidden = id !== undefined
  page.hidden = id === undefined
  document.title = 'Sluice'
  leave = id === undefined ? showList() : showJob(decodeURIComponent(id))
  if (!focus) return
  // As a loaded page would: from the top, and a screen reader begins at the heading.
  scrollTo(0, 0)
  ;(id === undefined ? home : page).querySelector('h1')?.focus({ preventScroll: true })
}

/** @param {string} path */
function go(path) {
  history.pushState(null, '', path)
  route()
}

document.addEventListener('click', event => {
  const link = event.target instanceof Element ? event.target.closest('a[data-route]') : null
  const plain = !(
    event.defaultPrevented ||
    event.button ||
    event.metaKey ||
    event.ctrlKey ||
    event.shiftKey ||
    event.altKey
  )
  if (!(link instanceof HTMLAnchorElement) || !plain) return
  event.preventDefault()
  go(link.pathname + link.search)
})
window.addEventListener('popstate', () => route())

createUploadForm((/** @type {Job} */ job) => {
  const path = `/jobs/${encodeURIComponent(job.id)}`
  if (!home.hidden) return go(path)
  // The visitor is reading something else meanwhile, and is not dragged away from it.
  toast.replaceChildren(
    h('span', {}, `${title(job)} is uploaded.`),
    h('a', { href: path, 'data-route': true }, 'See its job'),
  )
  toast.hidden = false
})

const signOut = byId('sign-out', HTMLButtonElement)
signOut.hidden = !hasSession()
signOut.addEventListener('click', () =>
  endSession().catch(() => announce('The service cannot be reached; you are still signed in.')),
)

route({ focus: false })
