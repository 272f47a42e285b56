/**
 * A body that comes too slowly, or not at all any more. An honest slow upload may take hours; one that stalls, or gives a
 * byte now and then so as not to look stalled, holds a connection and whatever its request holds.
 *
 * Nothing is done a chunk: silence is told by the socket's own timer, the rate by one look at all bodies now and then.
 */
import type { IncomingMessage } from 'node:http'
import { Problem } from './problems.ts'

export interface Pace {
  /** Milliseconds without a byte. */
  readonly idleMs: number
  /** Bytes a second, over `windowMs` milliseconds; 0 for none. */
  readonly minRate: number
  readonly windowMs: number
  /** By which the rate can be changed, to be named to whoever is below it. */
  readonly setting?: string
}

/** Of bodies that no setting governs; uploads have a least rate of their own. */
export const PACE: Pace = { idleMs: 30_000, minRate: 1_024, windowMs: 60_000 }

/** Looks within a window. Each forgives what was our own fault at that moment. */
const LOOKS = 6

interface Watched {
  readonly request: IncomingMessage
  readonly pace: Pace
  readonly slow: (problem: Problem) => void
  /** Where its present window began: the clock, and the bytes that the connection had brought. */
  since: number
  bytes: number
}

/** Bodies under way, by how often they are looked at (ms): in one process all uploads share one timer. */
const sweeps = new Map<number, { readonly bodies: Set<Watched>; readonly timer: NodeJS.Timeout }>()

/** Calls back with `upload-timeout` when too little has come. Ends by itself once the body is whole. */
export function watchPace(
  request: IncomingMessage | undefined,
  failed: (problem: Problem) => void,
  pace: Pace = PACE,
): { stop(): void } {
  if (!request) return { stop: () => undefined }
  const { idleMs } = pace
  const onTimeout = () => {
    if (isOurTurn(request)) return void request.socket.setTimeout(idleMs)
    failed(new Problem('upload-timeout', `No byte came for ${idleMs / 1_000} s.`))
  }
  const leave = enter({ request, pace, slow: failed, since: 0, bytes: 0 })
  const stop = () => {
    leave()
    request.off('timeout', onTimeout).off('end', stop)
    request.socket.setTimeout(0)
  }
  // Once the body is there, it is our turn: syncing a large file may well take longer.
  request.on('timeout', onTimeout).on('end', stop)
  request.socket.setTimeout(idleMs)
  return { stop }
}

/** Bytes are there that we have not fetched, or there are no more: it is our disk that is slow, not the client. */
function isOurTurn(request: IncomingMessage): boolean {
  return request.readableLength > 0 || request.complete
}

function enter(watched: Watched): () => void {
  const { minRate, windowMs } = watched.pace
  if (minRate === 0) return () => undefined
  beginWindow(watched)
  const every = windowMs / LOOKS
  let sweep = sweeps.get(every)
  if (!sweep) {
    const bodies = new Set<Watched>()
    const timer = setInterval(() => bodies.forEach(look), every).unref()
    sweep = { bodies, timer }
    sweeps.set(every, sweep)
  }
  const { bodies, timer } = sweep
  bodies.add(watched)
  return () => {
    if (!bodies.delete(watched) || bodies.size > 0) return
    clearInterval(timer)
    sweeps.delete(every)
  }
}

function beginWindow(watched: Watched): void {
  watched.since = performance.now()
  watched.bytes = watched.request.socket.bytesRead
}

function look(watched: Watched): void {
  const { request, pace, slow, since, bytes } = watched
  const seconds = (performance.now() - since) / 1_000
  if (!isOurTurn(request) && seconds * 1_000 < pace.windowMs) return
  const came = request.socket.bytesRead - bytes
  beginWindow(watched)
  if (isOurTurn(request) || came >= pace.minRate * seconds) return
  slow(
    new Problem(
      'upload-timeout',
      `${Math.floor(came / seconds)} bytes a second came over ${Math.round(seconds)} s; at least ${pace.minRate} are wanted${pace.setting ? ` (${pace.setting})` : ''}.`,
    ),
  )
}
