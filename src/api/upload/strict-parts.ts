/**
 * busboy is lenient where a job would silently become another one than was sent, and strict where a client means no
 * harm. It offers no hook for either, but sets `_hparser` to its one header parser at the beginning of each part.
 */
import type { Writable } from 'node:stream'

interface HeaderParser {
  push(chunk: Buffer, from: number, to: number): number
  /** Takes the headers of a part: by name in lower case, each with its values. */
  cb(headers: Record<string, string[] | undefined>): void
}

export interface Parts {
  /**
   * How many have begun. busboy passes over one whose Content-Disposition it cannot read, and says nothing: a file would
   * be missing from a job that was accepted.
   */
  begun(): number
  /** Whether the closing boundary has come. */
  ended(): boolean
  /** The character set that the newest one names, in lower case. */
  charset(): string | null
}

const TAB = 9
const LF = 10
const CR = 13
const SPACE = 32
const DELETE = 127

const CHARSET = /;\s*charset\s*=\s*"?([^";\s]*)"?/gi

/** @param smuggled called for a part behind the closing boundary: others ignore what stands there, busboy takes it. */
export function watchParts(busboy: Writable, smuggled: () => void): Parts {
  const ended = () => (busboy as { _complete?: boolean })._complete === true
  let begun = 0
  let charset: string | null = null
  let current: HeaderParser | null = null
  Object.defineProperty(busboy, '_hparser', {
    get: () => current,
    set(next: HeaderParser | null) {
      current = next
      if (next === null) return
      charset = null
      if (begun++ === 0) {
        blankControls(next)
        takeCharsets(next, name => {
          charset = name
        })
      }
      if (ended()) smuggled()
    },
  })
  return { begun: () => begun, ended, charset: () => charset }
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

/**
 * busboy decodes a field by the character set that its part names, puts U+FFFD for what does not belong to it, and gives
 * nothing at all for one that it does not know. Where none is named it does as it was told.
 */
function takeCharsets(parser: HeaderParser, taken: (name: string) => void): void {
  const parsed = parser.cb
  parser.cb = headers => {
    const type = headers['content-type']?.[0]
    if (type !== undefined) {
      const plain = type.replace(CHARSET, (_, name: string) => {
        taken(name.toLowerCase())
        return ''
      })
      headers['content-type'] = [plain]
    }
    parsed(headers)
  }
}
