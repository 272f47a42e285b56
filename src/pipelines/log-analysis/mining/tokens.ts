/**
 * A masked message's tokens: its words, each with the space before it, so that they joined are the message again (but
 * for the width of its spaces). A key is a token of its own (`uid=`, `0`): it is wording, whatever its value.
 */
import { WILDCARD } from './mask.ts'

/** What is longer is cut: the rest of such a message is data, not wording. */
const LONGEST_MESSAGE = 4_000
const MOST_TOKENS = 128
const SPACE = 32
const EQUALS = 61

export function tokensOf(masked: string): string[] {
  const length = Math.min(masked.length, LONGEST_MESSAGE)
  const tokens: string[] = []
  let at = 0
  while (tokens.length < MOST_TOKENS) {
    let from = at
    while (from < length && isSpace(masked.charCodeAt(from))) from++
    if (from === length) return tokens.length === 0 ? [''] : tokens
    let end = from
    while (end < length && !isSpace(masked.charCodeAt(end))) if (masked.charCodeAt(end++) === EQUALS) break
    const word = masked.slice(from, end)
    const token = from > at && tokens.length > 0 ? ` ${word}` : word
    if (!isListed(tokens, token)) tokens.push(token)
    at = end
  }
  // Cut short: the last token stands for the rest.
  return tokens.with(-1, ` ${WILDCARD}`)
}

/** In `delete blk_<*> blk_<*> blk_<*>`, whatever the list's length, there is one `blk_<*>`. */
function isListed(tokens: readonly string[], token: string): boolean {
  return token === tokens.at(-1) && token.length > WILDCARD.length + 1 && token.includes(WILDCARD)
}

function isSpace(code: number): boolean {
  return code === SPACE || (code >= 9 && code <= 13) || code === 0xa0
}
