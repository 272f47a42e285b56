/**
 * Redacts one text as it streams by. Whole lines are worked on together; a line beyond `PIECE` in overlapping pieces,
 * cut where no match lies across the cut, so that no secret is lost at a seam, of a chunk or of a piece.
 */
import type { RedactedText } from '../handover.ts'
import type { Mark } from './marks.ts'
import { type KeyBlock, OUTSIDE } from './private-key.ts'
import type { Rule, Span } from './rule.ts'
import type { Search } from './search.ts'

/** Characters of a line without an end that are waited for before it is worked on as it is. */
export const PIECE = 1024 * 1024
/** Held back at the end of a piece, and looked at again with what follows; no rule's secret need be shorter. */
export const OVERLAP = 64 * 1024
/** Kept of what has gone out, for what a rule wants to see before a match. */
const CONTEXT = 128
/** What a secret that fills a whole piece goes on with. */
const SECRET_TAIL = /[^\s"'`,;&<>]*/y

/** In characters; see `PIECE` and `OVERLAP`. */
export interface Pieces {
  readonly length: number
  readonly overlap: number
}

export class Redactor {
  readonly #search: Search
  readonly #mark: Mark
  readonly #pieces: Pieces
  readonly #found: Pick<RedactedText, 'kinds' | 'rules' | 'firstLines'> = {
    kinds: {},
    rules: {},
    firstLines: {},
  }
  /** What has not gone out, behind `#from` characters of context that have. */
  #pending = ''
  #from = 0
  #block: KeyBlock = OUTSIDE
  #swallowing = false
  #line = 1

  /** @param pieces how an endless line is cut; only tests want to cut more often. */
  constructor(search: Search, mark: Mark, pieces: Pieces = { length: PIECE, overlap: OVERLAP }) {
    this.#search = search
    this.#mark = mark
    this.#pieces = pieces
  }

  get found(): Pick<RedactedText, 'kinds' | 'rules' | 'firstLines'> {
    return this.#found
  }

  /** Takes the next chunk in, gives out what is certain. */
  push(chunk: string): string {
    this.#pending += this.#swallow(chunk)
    const lineEnd = settledEnd(this.#pending)
    let out = ''
    if (lineEnd > 0) {
      out = this.#lines(lineEnd)
    }
    if (this.#pending.length - this.#from >= this.#pieces.length) out += this.#piece()
    return out
  }

  /** Gives out the rest: the last line, where it has no end. */
  end(): string {
    return this.#pending.length > this.#from ? this.#lines(this.#pending.length) : ''
  }

  #lines(end: number): string {
    const text = this.#pending.slice(0, end)
    const { spans, block } = this.#search.find(text, this.#from, this.#block)
    this.#block = block
    const out = this.#replace(text, spans, text.length)
    this.#pending = this.#pending.slice(end)
    this.#from = 0
    return out
  }

  #piece(): string {
    const text = this.#pending
    const { spans, block } = this.#search.find(text, this.#from, this.#block)
    let cut = text.length - this.#pieces.overlap
    for (const span of spans.toReversed()) if (span.from < cut && span.to > cut) cut = span.from
    if (isLowSurrogate(text.charCodeAt(cut))) cut--
    if (cut <= this.#from) {
      // One match as long as the piece: it goes out as one mark, and what continues it goes nowhere.
      this.#swallowing = spans.some(span => span.to === text.length)
      this.#block = block
      cut = text.length
    }
    const out = this.#replace(
      text,
      spans.filter(span => span.to <= cut),
      cut,
    )
    const kept = this.#swallowing ? cut : Math.max(0, cut - CONTEXT)
    this.#pending = text.slice(kept)
    this.#from = cut - kept
    return out
  }

  #replace(text: string, spans: readonly Span[], end: number): string {
    let out = ''
    let at = this.#from
    let counted = this.#from
    for (const span of spans) {
      const { kind } = span.rule
      out += text.slice(at, span.start) + this.#mark(kind, text.slice(span.start, span.end))
      at = span.end
      if (span.begins) this.#count(span.rule)
      if (this.#found.firstLines[kind] === undefined) {
        this.#line += newlines(text, counted, span.start)
        counted = span.start
        this.#found.firstLines[kind] = this.#line
      }
    }
    this.#line += newlines(text, counted, end)
    return out + text.slice(at, end)
  }

  #count(rule: Pick<Rule, 'name' | 'kind'>): void {
    const { kinds, rules } = this.#found
    kinds[rule.kind] = (kinds[rule.kind] ?? 0) + 1
    rules[rule.name] = (rules[rule.name] ?? 0) + 1
  }

  #swallow(chunk: string): string {
    if (!this.#swallowing) return chunk
    SECRET_TAIL.lastIndex = 0
    SECRET_TAIL.test(chunk)
    const end = SECRET_TAIL.lastIndex
    this.#swallowing = end === chunk.length
    return chunk.slice(end)
  }
}

/** A key that ends its line, whose value is on the next: `token: |`, `<token>`. */
const OPEN_KEY = /[:>|][+-]?[ \t]{0,8}\r?\n$/
const LONGEST_OPEN_KEY = 1024

/** Up to where whole lines can be worked on: the last one waits for the next where it may be half of a secret. */
function settledEnd(text: string): number {
  const end = text.lastIndexOf('\n') + 1
  if (end < 2 || !OPEN_KEY.test(text.slice(Math.max(0, end - 12), end))) return end
  const start = text.lastIndexOf('\n', end - 2) + 1
  return end - start > LONGEST_OPEN_KEY ? end : start
}

function newlines(text: string, from: number, to: number): number {
  let count = 0
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) count++
  return count
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff
}
