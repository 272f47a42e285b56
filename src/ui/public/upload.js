/**
 * One upload: a multipart request with progress. `fetch` cannot tell how much of a body has left, so this is the one
 * place that uses XMLHttpRequest.
 */
import { Problem, signIn } from './api.js'

/** @import { Job } from './api.js' */

/** How far back the rate looks, in ms: long enough to be calm, short enough to notice a change of network. */
const WINDOW = 4_000

/**
 * @typedef {{ sent: number, total: number, rate: number | null }} Sent bytes; rate in bytes a second, null at first
 * @param {FormData} form
 * @param {(sent: Sent) => void} onProgress
 * @returns {{ job: Promise<Job>, cancel: () => void }} `job` rejects with a Problem, whose code is `cancelled` after
 *   `cancel` and `connection-lost` when the request was cut
 */
export function upload(form, onProgress) {
  const request = new XMLHttpRequest()
  const { promise, resolve, reject } = Promise.withResolvers()
  const rate = createRate()
  let allSent = false

  request.open('POST', '/api/jobs')
  request.setRequestHeader('accept', 'application/json')
  request.responseType = 'json'
  request.upload.onprogress = ({ loaded, total }) => onProgress({ sent: loaded, total, rate: rate(loaded) })
  request.upload.onload = () => {
    allSent = true
  }
  request.onload = () => {
    if (request.status === 202) return resolve(request.response)
    if (request.status === 401) signIn()
    reject(new Problem(request.status, request.response))
  }
  request.onerror = () =>
    reject(new Problem(0, { code: 'connection-lost', detail: allSent ? CUT_LATE : CUT }))
  request.onabort = () =>
    reject(
      new Problem(0, {
        code: 'cancelled',
        detail: allSent ? CUT_LATE : 'Upload cancelled; nothing of it is kept.',
      }),
    )
  request.send(form)
  return { job: promise, cancel: () => request.abort() }
}

const CUT =
  'The connection was lost during the upload; nothing of it is kept. Check that the service runs, then send it again.'
// Between the last byte and the answer nobody can know on which side of the commit the cut fell.
const CUT_LATE =
  'All bytes had been sent, but no answer came: the job may exist. Look for it in the list before sending again.'

/** @returns {(sent: number) => number | null} */
function createRate() {
  /** @type {{ at: number, sent: number }[]} */
  let points = []
  return sent => {
    const now = performance.now()
    points = [...points.filter(point => now - point.at < WINDOW), { at: now, sent }]
    const first = /** @type {{ at: number, sent: number }} */ (points[0])
    return now - first.at < 500 ? null : ((sent - first.sent) / (now - first.at)) * 1000
  }
}
