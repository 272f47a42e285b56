/** A body of which nothing comes any more. An honest slow upload may take hours; a stalled one holds a connection. */
import type { IncomingMessage } from 'node:http'
import { Problem } from './problems.ts'

/** Milliseconds without a byte. */
export const IDLE_MS = 30_000

/**
 * Calls back once with `upload-timeout` when no byte has come for `IDLE_MS`. Uses the socket's own timer: nothing has
 * to be done a chunk.
 */
export function watchIdle(
  request: IncomingMessage | undefined,
  stalled: (problem: Problem) => void,
  idleMs = IDLE_MS,
): { stop(): void } {
  if (!request) return { stop: () => undefined }
  const onTimeout = () => {
    // Bytes are there and we have not fetched them: it is our disk that is slow, not the client.
    if (request.readableLength > 0) return void request.socket.setTimeout(idleMs)
    stalled(new Problem('upload-timeout', `No byte came for ${idleMs / 1_000} s.`))
  }
  const stop = () => {
    request.off('timeout', onTimeout).off('end', stop)
    request.socket.setTimeout(0)
  }
  // Once the body is there, it is our turn: syncing a large file may well take longer.
  request.on('timeout', onTimeout).on('end', stop)
  request.socket.setTimeout(idleMs)
  return { stop }
}
