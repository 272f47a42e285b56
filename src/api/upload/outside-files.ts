/**
 * What belongs to no file of a multipart body: what stands before its first boundary and behind its last, headers, fields,
 * and parts that are none. The parser has a limit for what it keeps of that, but reads on without one: a body that never
 * comes to a file, or to its end, would be read for ever.
 */
import type { IncomingMessage } from 'node:http'
import type { Readable, Writable } from 'node:stream'

/**
 * Bytes in a row: the largest field, twice. Counted in chunks from the socket, of which the first and the last may hold
 * something else.
 */
const MOST = 2 ** 18

/**
 * Call it when the parser is on the request: each chunk is counted when it has been parsed.
 *
 * @param tooMuch called once.
 * @returns what ends the watch.
 */
export function watchOutsideFiles(
  request: IncomingMessage,
  busboy: Writable,
  tooMuch: () => void,
): () => void {
  let [open, outside] = [0, 0]
  busboy.on('file', (_name: unknown, stream: Readable) => {
    open++
    outside = 0
    stream.once('close', () => open--)
  })
  busboy.on('field', () => {
    outside = 0
  })
  const count = (chunk: Buffer) => {
    if (open > 0) return
    outside += chunk.length
    if (outside <= MOST) return
    stop()
    tooMuch()
  }
  const stop = () => void request.off('data', count)
  request.on('data', count)
  return stop
}
