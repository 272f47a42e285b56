/**
 * Private keys in PEM (RFC 7468) and OpenPGP armour (RFC 4880): blocks over many lines, so no pattern's business. Each
 * line of a block becomes a mark of its own; the block counts once.
 */
import type { Span } from './rule.ts'

export const privateKeyRule = { name: 'private-key-block', kind: 'private_key' } as const

const BEGIN = /-----BEGIN (?:[A-Z0-9]{1,16} ){0,4}PRIVATE KEY(?: BLOCK)?-----/
const END = /-----END (?:[A-Z0-9]{1,16} ){0,4}PRIVATE KEY(?: BLOCK)?-----/
/** Base64, also behind quotes, escapes, a diff's sign or YAML's indentation, and the armour's own headers. */
const BODY =
  /^[\s"'`+>|,\\]{0,40}(?:(?:[A-Za-z0-9+/=]|\\[nr])+|(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset): .*)?[\s"'`,\\]{0,40}$/
/** The same behind a header of the log's own. */
const LAST_WORD = /(?:^|\s)([A-Za-z0-9+/]{16,}={0,2})\s*$/

/** A block that never ends is left at last: RSA with 16,384 bits has about 200 lines. */
const LONGEST = 400

/** Lines of the block so far that a text ended in; 0 outside of one. */
export type KeyBlock = number
export const OUTSIDE: KeyBlock = 0

/** @param block where the text before this one ended. @returns what to replace, and where this one ended. */
export function findPrivateKeys(
  text: string,
  from: number,
  block: KeyBlock,
): { spans: Span[]; after: KeyBlock } {
  const spans: Span[] = []
  if (block === OUTSIDE && !text.includes('PRIVATE KEY', from)) return { spans, after: block }
  let at = from
  let after = block
  while (at < text.length) {
    const newline = text.indexOf('\n', at)
    const end = newline < 0 ? text.length : newline
    after = readLine(text.slice(at, end), at, after, spans)
    at = end + 1
  }
  return { spans, after }
}

function readLine(line: string, offset: number, block: KeyBlock, spans: Span[]): KeyBlock {
  const cover = (start: number, end: number, begins: boolean) => {
    const [from, to] = [offset + start, offset + end]
    if (to > from) spans.push({ start: from, end: to, from, to, rule: privateKeyRule, begins })
  }
  let at = 0
  if (block !== OUTSIDE) {
    const end = END.exec(line)
    const body = bodyOf(end ? line.slice(0, end.index) : line)
    if (!end) {
      if (!body || block >= LONGEST) return OUTSIDE
      cover(body.start, body.end, false)
      return block + 1
    }
    at = end.index + end[0].length
    cover(body ? body.start : end.index, at, false)
  }
  for (;;) {
    const begin = line.includes('-----BEGIN ', at) ? BEGIN.exec(line.slice(at)) : null
    if (!begin) return OUTSIDE
    const start = at + begin.index
    const behind = start + begin[0].length
    const end = END.exec(line.slice(behind))
    if (!end) {
      cover(start, endOf(line), true)
      return 1
    }
    at = behind + end.index + end[0].length
    cover(start, at, true)
  }
}

/** Which part of a line within a block is key; null where none is, so that the block must have broken off. */
function bodyOf(line: string): { start: number; end: number } | null {
  const end = endOf(line)
  if (BODY.test(line)) return { start: Math.min(end, line.length - line.trimStart().length), end }
  const word = LAST_WORD.exec(line)
  return word && { start: word.index + word[0].indexOf(word[1]!), end }
}

function endOf(line: string): number {
  return line.endsWith('\r') ? line.length - 1 : line.length
}
