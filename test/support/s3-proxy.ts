/**
 * A proxy before an S3 that loses replies: the server has done what it was asked, and its client hears nothing of it.
 * Signatures hold, since the client signs the proxy's name and the server is told that one.
 */
import { Agent, createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/** `PUT /bucket/key?partNumber=1&uploadId=…`, say. */
export type RequestLine = string

export interface S3Proxy {
  readonly endpoint: string
  /** What has passed, in order. */
  readonly passed: readonly RequestLine[]
  /** The answers to the next `times` requests that fit are lost, once the server has given them. */
  lose(fits: RegExp, times?: number): void
  close(): Promise<void>
}

export async function startS3Proxy(upstream: string): Promise<S3Proxy> {
  const { hostname, port } = new URL(upstream)
  const agent = new Agent({ keepAlive: true })
  const passed: RequestLine[] = []
  let losing: { fits: RegExp; left: number } | null = null

  const server = createServer((incoming, outgoing) => {
    const { method = '', url: path = '', headers } = incoming
    const line = `${method} ${path}`
    passed.push(line)
    const isLost = losing !== null && losing.left > 0 && losing.fits.test(line)
    if (isLost) losing!.left--
    const forwarded = request({ hostname, port, agent, method, path, headers }, answer => {
      if (!isLost) {
        outgoing.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(outgoing)
        return
      }
      answer.resume().on('end', () => incoming.socket.destroy())
    })
    forwarded.on('error', () => incoming.socket.destroy())
    incoming.pipe(forwarded)
    incoming.on('close', () => cancel(incoming, () => forwarded.destroy()))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))

  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed,
    lose(fits, times = 1) {
      losing = { fits, left: times }
    },
    async close() {
      agent.destroy()
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** A client that goes away in the middle takes its request along. */
function cancel(incoming: IncomingMessage, how: () => void): void {
  if (!incoming.complete) how()
}
