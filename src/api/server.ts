/** The HTTP server around the app: how it listens, and how it stops without cutting what is under way. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Api } from './app.ts'
import { Problem } from './problems.ts'

export interface ApiServer {
  /** Where it listens, without a slash at the end. */
  readonly url: string
  /** Takes no more connections, and waits `graceMs` for the requests under way. */
  stop(graceMs: number): Promise<void>
}

/** @throws the listen error (`EADDRINUSE`, …). */
export async function listen(api: Api, { host, port }: { host: string; port: number }): Promise<ApiServer> {
  const listener = getRequestListener(api.app.fetch as Parameters<typeof getRequestListener>[0], {
    // A request line or a Host header that makes no URL.
    errorHandler: () => new Problem('invalid-request', 'The request cannot be read.').toResponse('none'),
  })
  const server = createServer(
    {
      // An honest upload may take hours. Stalled ones are ended by their own watch, see idle.ts.
      requestTimeout: 0,
      headersTimeout: 30_000,
      keepAliveTimeout: 15_000,
      noDelay: true,
    },
    (request, response) => void listener(request, response),
  )
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
    stop: graceMs => stop(server, graceMs),
  }
}

async function stop(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise(resolve => server.close(resolve))
  server.closeIdleConnections()
  // Connections kept alive become idle only when their request ends.
  const sweep = setInterval(() => server.closeIdleConnections(), 100)
  const force = setTimeout(() => server.closeAllConnections(), graceMs)
  await closed
  clearInterval(sweep)
  clearTimeout(force)
}
