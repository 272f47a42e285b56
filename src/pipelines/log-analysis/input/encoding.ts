/**
 * Which encoding a text is in, by evidence: a byte order mark, or where its NULs are, or how its bytes above 127 go
 * together. Nothing else says so, least of all the file's name.
 */

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'iso-8859-1' | 'windows-1252'

/** Bytes that `encodingOf` wants to see. */
export const HEAD_BYTES = 4096

export class NotText extends Error {
  override readonly name = 'NotText'
}

/**
 * @param head the first bytes, at least `HEAD_BYTES` where there are as many.
 * @returns what the beginning settles, and how many bytes its mark has. `bytes`: one byte a character or UTF-8, to be
 * settled by the first bytes above 127.
 */
export function encodingOf(head: Uint8Array): {
  encoding: 'utf-16le' | 'utf-16be' | 'bytes'
  mark: number
} {
  const [first, second, third, fourth] = head
  if (first === 0xef && second === 0xbb && third === 0xbf) return { encoding: 'bytes', mark: 3 }
  if (first === 0xff && second === 0xfe) {
    if (third === 0 && fourth === 0) throw new NotText('is in UTF-32')
    return { encoding: 'utf-16le', mark: 2 }
  }
  if (first === 0xfe && second === 0xff) return { encoding: 'utf-16be', mark: 2 }
  return { encoding: utf16By(head) ?? 'bytes', mark: 0 }
}

/** Of the pairs of a text without a mark, the share that must be plain ASCII: times, digits, blanks, line ends. */
const LEAST_ASCII = 0.3
/** One pair may be a stray NUL. */
const LEAST_PAIRS = 2

function utf16By(head: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  const pairs = head.length >> 1
  let little = 0
  let big = 0
  for (let at = 0; at < pairs * 2; at += 2) {
    if (head[at + 1] === 0 && isAsciiText(head[at]!)) little++
    if (head[at] === 0 && isAsciiText(head[at + 1]!)) big++
  }
  const [most, other] = little >= big ? [little, big] : [big, little]
  // In the wrong order the same bytes are hardly ever ASCII.
  if (most < LEAST_PAIRS || most < pairs * LEAST_ASCII || other > most / 10) return null
  return little >= big ? 'utf-16le' : 'utf-16be'
}

function isAsciiText(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || (byte >= 9 && byte <= 13) || byte === 0x1b
}

/** How many characters of several bytes there are, and how many bytes belong to none. */
export function utf8Evidence(bytes: Uint8Array): { valid: number; invalid: number } {
  let valid = 0
  let invalid = 0
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at]!
    if (byte < 0x80) {
      at++
      continue
    }
    const length =
      byte >= 0xc2 && byte < 0xe0 ? 2 : byte >= 0xe0 && byte < 0xf0 ? 3 : byte >= 0xf0 && byte < 0xf5 ? 4 : 0
    let continued = 1
    while (continued < length && (bytes[at + continued]! & 0xc0) === 0x80) continued++
    if (length > 0 && continued === length) {
      valid++
      at += length
    } else if (length > 0 && at + continued === bytes.length) {
      // Half a character at the end speaks neither for nor against.
      at = bytes.length
    } else {
      invalid++
      at++
    }
  }
  return { valid, invalid }
}

/** The share of control characters from which on bytes are no text in any encoding; random bytes have 0.1. */
const MOST_CONTROLS = 0.02

/** @throws NotText where bytes that are not UTF-8 are no text of one byte a character either. */
export function requireText(bytes: Uint8Array): void {
  let controls = 0
  for (const byte of bytes) if (byte < 0x20 && !isAsciiText(byte) && byte !== 8) controls++
  if (controls > bytes.length * MOST_CONTROLS) throw new NotText('holds bytes that are no text')
}
