/** The body of a request that a tus server reads, as the stream that it wants. */
import type { IncomingMessage } from 'node:http'
import { type Pace, watchPace } from '../pace.ts'
import { ClientGone } from '../upload/multipart-errors.ts'

/** Bytes that are held where the disk is slower than the network. */
const HELD = 512 * 1024

export interface Body {
  readonly stream: ReadableStream<Uint8Array>
  /** Why it ended early: the client hung up, or stalled. The tus server does not pass that on. */
  failure(): unknown
  /** Lets the request go; what is left of it is the HTTP server's. */
  stop(): void
}

/**
 * Not by `Readable.toWeb`: that ends early only by destroying the request, and with it the connection, so that nobody
 * would hear why.
 */
export function openBody(request: IncomingMessage, pace: Pace): Body {
  let failure: unknown
  let fail = (_error: unknown): void => undefined
  const take = { data: (_: Uint8Array): void => undefined, end: (): void => undefined }
  const onData = (chunk: Uint8Array) => take.data(chunk)
  const onEnd = () => take.end()
  const onClose = () => fail(new ClientGone('The client hung up.'))
  const watch = watchPace(request, problem => fail(problem), pace)
  const stop = () => {
    watch.stop()
    request.off('data', onData).off('end', onEnd).off('close', onClose).pause()
  }

  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        take.data = chunk => {
          controller.enqueue(chunk)
          if ((controller.desiredSize ?? 0) <= 0) request.pause()
        }
        take.end = () => {
          stop()
          controller.close()
        }
        fail = error => {
          stop()
          failure ??= error
          controller.error(error)
        }
        request.on('data', onData).on('end', onEnd).on('close', onClose)
        request.pause()
        // It hung up while another request was waited for.
        if (request.destroyed) onClose()
      },
      pull: () => void request.resume(),
      cancel: stop,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: HELD }),
  )
  // It is emitted with the `close` that says the same.
  request.on('error', () => undefined)
  return { stream, failure: () => failure, stop }
}
