/**
 * Following a stream of events for as long as somebody looks.
 *
 * The browser's own `EventSource` resumes by itself after a cut, but gives up for ever on any other answer than a
 * stream (a 503 while Redis restarts, a 502 of a proxy, the 204 of a finished job). Here a refused stream is opened
 * again, unless its owner says that there is nothing more to come.
 */

/** @import { JobEvent } from './api.js' */

/** Named events reach only listeners of that name; so every type must be listed. */
const TYPES = [
  'job.created',
  'file.uploaded',
  'file.removed',
  'job.submitted',
  'file.attached',
  'file.failed',
  'job.ready',
  'job.started',
  'stage.started',
  'stage.progress',
  'stage.completed',
  'job.log',
  'job.retrying',
  'job.completed',
  'job.failed',
  'job.cancelled',
  'job.retried',
]

/** A browser opens six connections to one host: tabs that nobody looks at give theirs back after this time, in ms. */
const HIDDEN_GRACE = 60_000

/**
 * @param {string} path
 * @param {{
 *   onEvent: (event: JobEvent) => void,
 *   onReset?: () => void,
 *   onState?: (state: 'connecting' | 'live' | 'ended') => void,
 *   ended?: () => Promise<boolean>,
 * }} handlers `onReset`: the stream starts from now, or events were missed: what came before must be loaded.
 *   `ended`: asked when the stream was refused; true stops for good. A rejection counts as "not known": it is tried again.
 * @returns {() => void} stops following
 */
export function follow(path, { onEvent, onReset, onState, ended }) {
  let lastId = ''
  let refusals = 0
  let stopped = false
  /** @type {EventSource | null} */
  let source = null
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer

  const open = () => {
    onState?.('connecting')
    source = new EventSource(lastId ? `${path}?after=${encodeURIComponent(lastId)}` : path)
    source.onopen = () => {
      refusals = 0
      onState?.('live')
      if (!lastId) onReset?.()
    }
    source.onerror = () => (source?.readyState === EventSource.CLOSED ? refused() : onState?.('connecting'))
    source.addEventListener('reset', event => {
      lastId = event.lastEventId || lastId
      onReset?.()
    })
    for (const type of TYPES) {
      source.addEventListener(type, event => {
        lastId = event.lastEventId || lastId
        onEvent(JSON.parse(event.data))
      })
    }
  }

  const refused = async () => {
    close()
    onState?.('connecting')
    const over = (await ended?.().catch(() => false)) ?? false
    if (stopped || source) return
    if (over) {
      stop()
      onState?.('ended')
      return
    }
    refusals += 1
    timer = setTimeout(open, Math.min(15_000, 500 * 2 ** refusals))
  }

  const close = () => {
    clearTimeout(timer)
    source?.close()
    source = null
  }

  const onVisibility = () => {
    clearTimeout(timer)
    if (document.hidden) timer = setTimeout(close, HIDDEN_GRACE)
    else if (!source) open()
  }

  const stop = () => {
    stopped = true
    close()
    document.removeEventListener('visibilitychange', onVisibility)
  }

  document.addEventListener('visibilitychange', onVisibility)
  open()
  return stop
}
