/** Tokens as numbers, so that a message is compared with a hundred groups in the time of a few comparisons of text. */
import { detached } from '../input/lines.ts'
import { WILDCARD } from './mask.ts'

/** Equal to no token. */
export const UNKNOWN = 0
const BARE_WILDCARD = 1
const SPACED_WILDCARD = 2

export class Vocabulary {
  readonly #tokens = ['', WILDCARD, ` ${WILDCARD}`]
  readonly #ids = new Map(this.#tokens.map((token, id) => [token, id]))

  /** Only what groups have learnt is known: text without any template leaves nothing here. */
  find(token: string): number {
    return this.#ids.get(token) ?? UNKNOWN
  }

  learn(token: string): number {
    const known = this.#ids.get(token)
    if (known !== undefined) return known
    const copy = detached(token)
    this.#ids.set(copy, this.#tokens.length)
    return this.#tokens.push(copy) - 1
  }

  tokenOf(id: number): string {
    return this.#tokens[id]!
  }

  /** The wildcard for a token's column, with its space. */
  wildcardFor(id: number): number {
    return this.tokenOf(id).startsWith(' ') ? SPACED_WILDCARD : BARE_WILDCARD
  }
}

/** Nothing but a wildcard: `blk_<*>` is a word. */
export function isWildcard(id: number): boolean {
  return id === BARE_WILDCARD || id === SPACED_WILDCARD
}
