/**
 * busboy is lenient where a job would silently become another one than was sent, and strict where a client means no
 * harm. It offers no hook for either, but sets `_hparser` to its one header parser at the beginning of each part.
 */
import type { Writable } from 'node:stream'

interface HeaderParser {
  push(chunk: Buffer, from: number, to: number): number
}

const TAB = 9
const LF = 10
const CR = 13
const SPACE = 32
const DELETE = 127

/**
 * @param smuggled called for a part behind the closing boundary: others ignore what stands there, busboy takes it.
 * @returns how many parts have begun. busboy passes over one whose Content-Disposition it cannot read, and says nothing:
 *   a file would be missing from a job that was accepted.
 */
export function watchParts(busboy: Writable, smuggled: () => void): () => number {
  let begun = 0
  let current: HeaderParser | null = null
  Object.defineProperty(busboy, '_hparser', {
    get: () => current,
    set(next: HeaderParser | null) {
      current = next
      if (next === null) return
      if (begun++ === 0) blankControls(next)
      if ((busboy as { _complete?: boolean })._complete) smuggled()
    },
  })
  return () => begun
}

/**
 * Browsers and `fetch` send the control characters of a file name as they are, which busboy refuses. As tabs they pass,
 * and go with the others when the name is cleaned. The chunk is nobody else's.
 */
function blankControls(parser: HeaderParser): void {
  const push = parser.push
  /** How much of the CR LF CR LF that ends the headers stands right before. */
  let matched = 0
  parser.push = (chunk, from, to) => {
    for (let at = from; at < to && matched < 4; at++) {
      const byte = chunk[at]!
      if (byte === (matched % 2 === 0 ? CR : LF)) matched++
      else matched = byte === CR ? 1 : 0
      if ((byte < SPACE && byte !== CR && byte !== LF) || byte === DELETE) chunk[at] = TAB
    }
    if (matched === 4) matched = 0
    return push.call(parser, chunk, from, to)
  }
}
