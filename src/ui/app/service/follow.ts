/**
 * Following a stream of events for as long as somebody looks.
 *
 * The browser's own `EventSource` resumes by itself after a cut, but gives up for ever on any other answer than a
 * stream (a 503 while Redis restarts, a 502 of a proxy, the 204 of a finished job). Here a refused stream is opened
 * again, unless its owner says that there is nothing more to come.
 */
import type { EventType, JobEvent } from '../contract.ts'
import type { StreamState } from './stream-state.ts'

/** Named events reach only listeners of that name; so every type must be listed, and the compiler sees to it. */
const TYPES = Object.keys({
  'job.created': 0,
  'file.uploaded': 0,
  'file.removed': 0,
  'job.submitted': 0,
  'file.attached': 0,
  'file.failed': 0,
  'job.ready': 0,
  'job.started': 0,
  'stage.started': 0,
  'stage.progress': 0,
  'stage.completed': 0,
  'job.log': 0,
  'job.retrying': 0,
  'job.completed': 0,
  'job.failed': 0,
  'job.cancelled': 0,
  'job.retried': 0,
} satisfies Record<EventType, 0>)

/** A browser opens six connections to one host: tabs that nobody looks at give theirs back after this time, in ms. */
const HIDDEN_GRACE = 60_000

export interface Follower {
  onEvent(event: JobEvent): void
  /** Told only where every job is followed: a job's own stream just ends with it. */
  onDeleted?(jobId: string): void
  /** The stream starts from now, events were missed, or it was refused for a while: what came before must be loaded. */
  onReset?(): void
  onState?(state: StreamState): void
  /** Asked when the stream was refused; true stops for good. A rejection counts as "not known": it is tried again. */
  ended?(): Promise<boolean>
}

/**
 * @param path of the stream, with all that its query says but `after`
 * @returns stops following
 */
export function follow(path: string, { onEvent, onDeleted, onReset, onState, ended }: Follower): () => void {
  let lastId = ''
  let refusals = 0
  let stopped = false
  let source: EventSource | null = null
  let timer: ReturnType<typeof setTimeout> | undefined

  const open = () => {
    onState?.('connecting')
    const url = new URL(path, location.href)
    if (lastId) url.searchParams.set('after', lastId)
    source = new EventSource(url)
    source.onopen = () => {
      // Whatever else was asked for meanwhile was refused as well.
      const wasRefused = refusals > 0
      refusals = 0
      onState?.('live')
      if (!lastId || wasRefused) onReset?.()
    }
    source.onerror = () => {
      if (source?.readyState === EventSource.CLOSED) refused()
      else onState?.('connecting')
    }
    source.addEventListener('reset', event => {
      lastId = event.lastEventId || lastId
      onReset?.()
    })
    source.addEventListener('job.deleted', event => {
      lastId = event.lastEventId || lastId
      onDeleted?.(JSON.parse(event.data).jobId)
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
