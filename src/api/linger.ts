/**
 * What is still on its way when a request is answered. Closed with bytes unread, a connection is reset, and the answer may
 * be lost with it (RFC 9112, section 9.6): a client that sends first and reads then would never hear that its 5 GiB are
 * not wanted. So it is read on for a while, and dropped.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

export class Linger {
  readonly #ms: number
  readonly #sockets = new Set<Socket>()

  /** @param ms for which a connection is read on. One that is kept alive and falls silent is ended as any idle one. */
  constructor(ms: number) {
    this.#ms = ms
  }

  /** Ends the connection after a while, if nobody else does before. @returns a function that lets it be. */
  on(socket: Socket): () => void {
    const timer = setTimeout(() => socket.destroy(), this.#ms).unref()
    this.#sockets.add(socket)
    const letBe = () => {
      clearTimeout(timer)
      this.#sockets.delete(socket)
      socket.off('close', letBe)
    }
    socket.once('close', letBe)
    return letBe
  }

  /** Lingers on the connection where the answer is out before the request is in. */
  behind(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    response.once('prefinish', () => {
      // By this Node ends a connection that is not kept alive: at once, with what comes unread.
      if (!request.complete) socket.destroySoon = () => socket.end()
    })
    response.once('close', () => {
      if (request.complete || socket.destroyed) return
      const letBe = this.on(socket)
      request.once('end', () => {
        // The next request may come on it, unless we have said our last.
        if (socket.writable) letBe()
      })
      // Whoever read it has no use for more of it, and might pause it.
      request.removeAllListeners('data').resume()
    })
  }

  /** Ends what lingers now: a server that stops does not wait for it. */
  end(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}
