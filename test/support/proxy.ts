/** A proxy as companies have them: a real HTTP server on 127.0.0.1 that knows `CONNECT`. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

export interface TestProxy {
  readonly port: number
  /** What it was asked for, in order. */
  readonly asked: readonly { readonly authority: string; readonly authorization: string | null }[]
  close(): Promise<void>
}

/**
 * @param answer to a CONNECT; 200, which is the default, makes the connection.
 * @param certificate makes it one that is spoken to by TLS.
 */
export async function startProxy(
  answer: (authority: string) => number | Promise<number> = () => 200,
  certificate?: { key: string; cert: string },
): Promise<TestProxy> {
  const asked: { authority: string; authorization: string | null }[] = []
  const open = new Set<Duplex>()
  const keep = (socket: Duplex) => {
    open.add(socket)
    // Whoever breaks off ends the other side as well.
    socket.on('error', () => socket.destroy())
    socket.once('close', () => open.delete(socket))
  }
  const server = certificate ? createSecureServer(certificate) : createServer()
  server.on('request', (_, response) => response.writeHead(400).end())
  server.on('connect', async (request, client) => {
    keep(client)
    const authority = request.url!
    asked.push({ authority, authorization: request.headers['proxy-authorization'] ?? null })
    const status = await answer(authority)
    if (status !== 200) return client.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`)
    const { hostname, port } = new URL(`http://${authority}`)
    const receiver: Socket = connect(Number(port || 80), hostname.replace(/^\[|\]$/g, ''))
    keep(receiver)
    receiver.once('connect', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      receiver.pipe(client).pipe(receiver)
    })
    receiver.once('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n'))
    receiver.once('close', () => client.destroy())
    client.once('close', () => receiver.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    async close() {
      server.close()
      server.closeAllConnections()
      for (const socket of open) socket.destroy()
      await once(server, 'close')
    },
  }
}
