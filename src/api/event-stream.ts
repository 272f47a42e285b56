/** Server-Sent Events: a generator of events as a response that lives as long as its client wants it. */
import type { Context } from 'hono'
import type { JobDeleted, JobEvent } from '../jobs/job.ts'
import type { Caller } from './callers.ts'
import type { Env } from './endpoint.ts'

/** Milliseconds between signs of life; the contract promises one each 15 s. */
export const HEARTBEAT_MS = 10_000
const HEARTBEAT = Buffer.from(': still here\n\n')
/** The last two keep proxies from changing or buffering it. */
const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

export function formatEvent(event: JobEvent | JobDeleted): string {
  return `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}

/**
 * Reads the next event only when the client has taken the last one: a slow client is kept waiting by the feed, which
 * bounds what it holds for it, and never by a growing buffer here.
 *
 * @param open starts the events; they end when the signal aborts.
 * @param closing ends every stream, when the process shuts down.
 * @param enter takes a place for it; what that returns gives the place back.
 * @param caller whose it is: a revoked key ends it at once, a session that is over with the next sign of life.
 */
export function eventStream(
  c: Context<Env>,
  open: (signal: AbortSignal) => AsyncGenerator<string>,
  closing: AbortSignal,
  caller: Pick<Caller, 'until' | 'lasts'>,
  enter: () => () => void,
): Response {
  // Nobody would ever read the body of an answer to HEAD, nor end it.
  if (c.req.method === 'HEAD') return new Response(null, { headers: HEADERS })
  const leave = enter()
  const left = new AbortController()
  const events = open(AbortSignal.any([left.signal, closing, caller.until]))
  let heartbeat: NodeJS.Timeout | undefined
  let cancelled = false
  const end = () => {
    clearInterval(heartbeat)
    leave()
    left.abort()
  }
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      // At once, so that the headers leave: a client knows that it is heard before anything happens.
      controller.enqueue(HEARTBEAT)
      heartbeat = setInterval(() => {
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(HEARTBEAT)
        // Where Redis can't say, it is asked again with the next one.
        caller.lasts?.().then(
          lasts => lasts || end(),
          () => undefined,
        )
      }, HEARTBEAT_MS)
    },
    async pull(controller) {
      try {
        const { done, value } = await events.next()
        if (!done) return controller.enqueue(Buffer.from(value))
        end()
        controller.close()
      } catch {
        // Redis went away: the client reconnects with the last id that it has had.
        end()
        if (!cancelled) controller.close()
      }
    },
    async cancel() {
      cancelled = true
      end()
      await events.return(undefined)
    },
  })
  return new Response(body, { headers: HEADERS })
}
