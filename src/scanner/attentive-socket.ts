/**
 * A socket that hears its peer out. Node's own is closed by the first write that fails, and with it goes what the peer
 * had said before it hung up and nobody had read yet: on a busy machine a tenth of the answers such as "too long" that
 * come in the middle of an upload.
 */
import { Socket } from 'node:net'

export class AttentiveSocket extends Socket {
  /** @param heard called with each piece that comes; the stream's own events stop at the first error. */
  constructor(heard: (piece: Buffer) => void) {
    super({
      onread: {
        buffer: Buffer.alloc(4_096),
        callback(length, buffer) {
          heard(Buffer.from(buffer.subarray(0, length)))
          return true
        },
      },
    })
  }

  /** Node calls it for each error of its own. */
  override destroy(error?: Error): this {
    if ((error as NodeJS.ErrnoException | undefined)?.syscall !== 'write') return super.destroy(error)
    // Between two immediates the event loop looks at its sockets: what had come by now is read.
    setImmediate(() => setImmediate(() => super.destroy(error)))
    return this
  }
}
