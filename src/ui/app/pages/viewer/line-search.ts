/** Finds the lines that hold a text or fit an expression, in one pass over the bytes. */

export interface Query {
  readonly text: string
  readonly isExpression: boolean
  readonly matchCase: boolean
}

/** More matches than anybody goes through; the search ends there, and says so. */
export const MOST_MATCHES = 100_000
/** Characters. Lines longer than this are searched in pieces, that share `OVERLAP`. */
const PIECE = 1024 * 1024
const OVERLAP = 4 * 1024

/** @throws SyntaxError for an expression that is none */
export function patternOf({ text, isExpression, matchCase }: Query): RegExp {
  const source = isExpression ? text : text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  return new RegExp(source, matchCase ? 'gm' : 'gim')
}

export class LineSearch {
  readonly #pattern: RegExp
  readonly #decoder = new TextDecoder()
  #rest = ''
  #line = 0
  #found: number[] = []
  #last = -1
  #count = 0

  constructor(query: Query) {
    this.#pattern = patternOf(query)
  }

  /** Whether there are more than are kept. */
  get isFull(): boolean {
    return this.#count >= MOST_MATCHES
  }

  push(chunk: Uint8Array): void {
    this.#search(this.#rest + this.#decoder.decode(chunk, { stream: true }))
  }

  end(): void {
    this.#within(`${this.#rest}${this.#decoder.decode()}`)
    this.#rest = ''
  }

  /** Lines found since it was last asked, from 1, in order. */
  take(): number[] {
    const found = this.#found
    this.#found = []
    return found
  }

  #search(text: string): void {
    const end = text.lastIndexOf('\n') + 1
    this.#within(text.slice(0, end))
    this.#rest = text.slice(end)
    if (this.#rest.length < PIECE) return
    this.#within(this.#rest)
    this.#rest = this.#rest.slice(-OVERLAP)
  }

  /** Counts on from the line that the text begins in to the one that it ends in. */
  #within(text: string): void {
    let at = 0
    while (!this.isFull) {
      this.#pattern.lastIndex = at
      const match = this.#pattern.exec(text)
      if (!match) break
      at = this.#advance(text, at, match.index)
      const feed = text.indexOf('\n', match.index)
      const lineEnd = feed < 0 ? text.length : feed
      // An expression may have gone on into the next line: it counts if it fits without.
      const isWithin = match.index + match[0].length <= lineEnd
      if (isWithin || this.#fits(text.slice(at, lineEnd))) this.#add()
      if (feed < 0) return
      at = feed + 1
      this.#line++
    }
    this.#advance(text, at, text.length)
  }

  #fits(line: string): boolean {
    this.#pattern.lastIndex = 0
    return this.#pattern.test(line)
  }

  #add(): void {
    if (this.#line === this.#last) return
    this.#last = this.#line
    this.#count++
    this.#found.push(this.#line + 1)
  }

  /** Counts the line ends up to `to`. @returns where the line begins in which `to` is */
  #advance(text: string, from: number, to: number): number {
    let start = from
    for (let feed = text.indexOf('\n', from); feed >= 0 && feed < to; feed = text.indexOf('\n', feed + 1)) {
      this.#line++
      start = feed + 1
    }
    return start
  }
}
