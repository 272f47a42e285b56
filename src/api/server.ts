/** The HTTP server around the app: how it listens, and how it stops without cutting what is under way. */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Api } from './app.ts'
import { Linger } from './linger.ts'
import { SECURITY_HEADERS } from './security-headers.ts'
import { refuseUnreadable, unreadable } from './unreadable.ts'

/** Milliseconds that a request's head may take, and between two looks at who is over it. */
const HEAD_MS = 30_000
/** Bytes of a request's head: metadata of 16 KiB are a third longer in `Upload-Metadata`, and Node takes 16 KiB in all. */
const MOST_HEAD = 32 * 1024
/** Milliseconds for which a request is read on that was answered before it was whole. */
const LINGER_MS = 30_000

export interface ApiServer {
  /** Where it listens, without a slash at the end. */
  readonly url: string
  /** Takes no more connections, and waits `graceMs` for the requests under way. */
  stop(graceMs: number): Promise<void>
}

/** @throws the listen error (`EADDRINUSE`, …). */
export async function listen(
  api: Pick<Api, 'app'>,
  {
    host,
    port,
    headMs = HEAD_MS,
    lingerMs = LINGER_MS,
  }: { host: string; port: number; headMs?: number; lingerMs?: number },
): Promise<ApiServer> {
  const fetch = api.app.fetch as Parameters<typeof getRequestListener>[0]
  // A request line or a Host header that makes no URL, or none at all: the app, which sets these headers, is not asked.
  const errorHandler = () => {
    const response = unreadable().toResponse('none')
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.headers.set(name, value)
    return response
  }
  // The adapter would end the connection of a refused upload half a second behind the answer.
  const options = { errorHandler, autoCleanupIncoming: false }
  const newer = getRequestListener(fetch, options)
  // HTTP/1.0 knows no Host, and simple health checkers send none. The name makes a URL of the path, no more: whoever asks
  // for the Host looks at the header.
  const older = getRequestListener(fetch, { ...options, hostname: 'localhost' })
  const linger = new Linger(lingerMs)
  const respond: RequestListener = (request, response) => {
    linger.behind(request, response)
    void (request.httpVersion === '1.0' ? older : newer)(request, response)
  }
  const server = createServer(
    {
      // An honest upload may take hours. Stalled ones are ended by their own watch, see pace.ts.
      requestTimeout: 0,
      headersTimeout: headMs,
      maxHeaderSize: MOST_HEAD,
      connectionsCheckingInterval: headMs,
      keepAliveTimeout: 15_000,
      noDelay: true,
      // Node would answer with a bare 400; without one there is no URL, either.
      requireHostHeader: false,
    },
    respond,
  )
  server.on('checkContinue', (request, response) => {
    // Node would ask for the body at once. It is asked for by whoever begins to read it: what is refused before, need
    // not be sent. A refused body is drained, too, but behind its answer.
    request.once('resume', () => {
      if (!response.headersSent) response.writeContinue()
    })
    respond(request, response)
  })
  // Any other expectation. Node would answer with a bare 417, and RFC 9110, section 10.1.1, lets us
  // pass over it.
  server.on('checkExpectation', respond)
  refuseUnreadable(server, linger)
  const connections = new Set<Socket>()
  server.on('connection', socket => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const { port: bound } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    stop: graceMs => stop(server, connections, linger, graceMs),
  }
}

async function stop(
  server: Server,
  connections: ReadonlySet<Socket>,
  linger: Linger,
  graceMs: number,
): Promise<void> {
  const closed = new Promise(resolve => server.close(resolve))
  server.closeIdleConnections()
  // Connections kept alive become idle only when their request ends.
  const sweep = setInterval(() => {
    server.closeIdleConnections()
    // Browsers keep connections in reserve. To Node one is not idle on which nothing was ever asked.
    for (const socket of connections) if (socket.bytesRead === 0) socket.destroy()
    linger.end()
  }, 100)
  const force = setTimeout(() => server.closeAllConnections(), graceMs)
  await closed
  clearInterval(sweep)
  clearTimeout(force)
}
