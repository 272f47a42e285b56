/**
 * A receiver of callbacks: a real HTTP server on 127.0.0.1 that keeps every request it gets, and answers as it is told.
 *
 *     const receiver = await startReceiver({ respond: [answer(503), answer(204)] })
 *     …
 *     const second = await receiver.received(2)
 *     receiver.verify(second)
 */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import type { AllowedRange } from '../../src/config.ts'

export interface ReceivedRequest {
  /** From 1, in the order in which the requests were complete. */
  readonly number: number
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** Milliseconds since 1970, when the request was complete. */
  readonly arrivedAt: number
  /** Resolves when the connection that it came by is closed, by either side. */
  readonly hungUp: Promise<void>
}

export type Answer =
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
      readonly body: string | Uint8Array
      readonly delayMs: number
    }
  | { readonly kind: 'drip'; readonly status: number; readonly chunk: string; readonly everyMs: number }
  | { readonly kind: 'raw'; readonly text: string }
  | { readonly kind: 'hang' }
  | { readonly kind: 'reset' }

export function answer(
  status: number,
  rest: { body?: string | Uint8Array; headers?: Readonly<Record<string, string>>; delayMs?: number } = {},
): Answer {
  return {
    kind: 'answer',
    status,
    headers: rest.headers ?? {},
    body: rest.body ?? '',
    delayMs: rest.delayMs ?? 0,
  }
}

export function redirect(location: string, status = 302): Answer {
  return answer(status, { headers: { location } })
}

/** @param value seconds, or an HTTP date. */
export function retryAfter(value: number | string, status = 503): Answer {
  return answer(status, { headers: { 'retry-after': String(value) } })
}

/** Headers at once, then a chunk each so many milliseconds, without end. */
export function drip(status: number, { chunk = '.', everyMs = 10 } = {}): Answer {
  return { kind: 'drip', status, chunk, everyMs }
}

/** Writes this text to the socket, HTTP or not, and closes it. */
export function raw(text: string): Answer {
  return { kind: 'raw', text }
}

/** Never answers. */
export const HANG: Answer = { kind: 'hang' }
/** Resets the connection instead of an answer. */
export const RESET: Answer = { kind: 'reset' }

/** One answer for all; a list, whose last one is for all that follow; or a function, which may wait for the test. */
export type Script = Answer | readonly Answer[] | ((request: ReceivedRequest) => Answer | Promise<Answer>)

export interface Receiver {
  readonly port: number
  /** With a slash at its end. */
  readonly url: string
  /** What permits callbacks to it: as an entry of SLUICE_WEBHOOK_ALLOW, and as the settings hold it. */
  readonly allowEntry: string
  readonly allow: AllowedRange
  readonly requests: readonly ReceivedRequest[]
  /** How many connections have been opened so far. */
  readonly connections: number
  /** From now on; a list starts at its first answer. */
  respond(script: Script): void
  /** The n-th request, once it has come. Rejects after `withinMs` (default 20 s), saying how many came. */
  received(n: number, withinMs?: number): Promise<ReceivedRequest>
  /**
   * Checks a signature with the verifier of Standard Webhooks, and gives the body as JSON.
   *
   * @param secret default: the one the receiver was started with.
   * @throws WebhookVerificationError
   */
  verify(request: ReceivedRequest, secret?: string): unknown
  /** Breaks off what is under way. */
  close(): Promise<void>
}

export async function startReceiver(
  options: { port?: number; respond?: Script; secret?: string } = {},
): Promise<Receiver> {
  const requests: ReceivedRequest[] = []
  const waiting = new Set<() => void>()
  const closing = new AbortController()
  let next = scripted(options.respond ?? answer(204))
  const hangUps = new WeakMap<Socket, Promise<void>>()
  let connections = 0

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(incoming)
    if (body === null) return
    const request: ReceivedRequest = {
      number: requests.length + 1,
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      body,
      arrivedAt: Date.now(),
      hungUp: hangUps.get(incoming.socket)!,
    }
    requests.push(request)
    const answering = next(request)
    for (const wake of waiting) wake()
    await give(await answering, response, closing.signal)
  }

  // A script that throws is a mistake in the test: it ends as an unhandled rejection, which fails the run.
  const server = createServer((incoming, response) => void serve(incoming, response))
  server.on('connection', (socket: Socket) => {
    connections++
    hangUps.set(socket, new Promise(resolve => void socket.once('close', () => resolve())))
  })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  return {
    port,
    url: `http://127.0.0.1:${port}/`,
    allowEntry: `127.0.0.1/32:${port}`,
    allow: { cidr: '127.0.0.1/32', port },
    requests,
    get connections() {
      return connections
    },
    respond: script => {
      next = scripted(script)
    },
    async received(n, withinMs = 20_000) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const look = () => requests.length >= n && resolve()
      const timer = setTimeout(
        () => reject(new Error(`${requests.length} of ${n} requests came within ${withinMs} ms`)),
        withinMs,
      )
      waiting.add(look)
      look()
      await promise.finally(() => {
        clearTimeout(timer)
        waiting.delete(look)
      })
      return requests[n - 1]!
    },
    verify(request, secret = options.secret) {
      if (secret === undefined) throw new Error('the receiver was given no secret to verify with')
      return new Webhook(secret).verify(request.body, request.headers as Record<string, string>)
    },
    async close() {
      closing.abort()
      const done = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await done
    },
  }
}

function scripted(script: Script): (request: ReceivedRequest) => Answer | Promise<Answer> {
  if (typeof script === 'function') return script
  const answers = [script].flat() as Answer[]
  let index = 0
  return () => {
    const current = answers[Math.min(index++, answers.length - 1)]
    if (current === undefined) throw new Error('a script without an answer')
    return current
  }
}

async function give(what: Answer, response: ServerResponse, closing: AbortSignal): Promise<void> {
  const gone = AbortSignal.any([closing, signalOfClose(response)])
  switch (what.kind) {
    case 'answer':
      if (what.delayMs > 0) await patiently(what.delayMs, gone)
      response.writeHead(what.status, what.headers).end(what.body)
      return
    case 'drip':
      response.writeHead(what.status).flushHeaders()
      while (!gone.aborted) {
        response.write(what.chunk)
        await patiently(what.everyMs, gone)
      }
      return
    case 'raw':
      response.socket?.end(what.text)
      return
    case 'reset':
      response.socket?.resetAndDestroy()
      return
    case 'hang':
      return
  }
}

/** Waits, but no longer than somebody is there to wait for. */
async function patiently(milliseconds: number, gone: AbortSignal): Promise<void> {
  await wait(milliseconds, undefined, { signal: gone }).catch((error: Error) => {
    if (error.name !== 'AbortError') throw error
  })
}

function signalOfClose(response: ServerResponse): AbortSignal {
  const controller = new AbortController()
  response.once('close', () => controller.abort())
  return controller.signal
}

/** Null where the client hung up in the middle: such a request has not been received. */
async function readBody(incoming: IncomingMessage): Promise<Buffer | null> {
  try {
    return Buffer.concat(await incoming.toArray())
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNRESET') return null
    throw error
  }
}
