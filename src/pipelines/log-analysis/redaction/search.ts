/** Runs the rules over a text and gives back what they found, sorted and without overlaps. */
import { KeywordScanner } from './keyword-scanner.ts'
import { findPrivateKeys, type KeyBlock, OUTSIDE } from './private-key.ts'
import type { Rule, Span } from './rule.ts'

/** Characters before and after a match that a check may look at. */
const AROUND = 32

export class Search {
  readonly #rules: readonly Rule[]
  readonly #scanner: KeywordScanner

  /** Compiling all keywords takes some tenths of a second: make one and keep it. */
  constructor(rules: readonly Rule[]) {
    this.#rules = rules
    this.#scanner = new KeywordScanner(rules.map(rule => rule.keywords))
  }

  /**
   * @param text one or more lines, or a piece of one.
   * @param from where to begin; what stands before it is only looked at as context.
   * @param block of a private key that the text before this one ended in.
   * @returns what is to be replaced, sorted, without overlaps, and the block that this text ends in.
   */
  find(text: string, from = 0, block: KeyBlock = OUTSIDE): { spans: Span[]; block: KeyBlock } {
    const found = this.#apply(text, from)
    const keys = findPrivateKeys(text, from, block)
    return { spans: withKeys(found, keys.spans), block: keys.after }
  }

  #apply(text: string, from: number): Span[] {
    const spans: Span[] = []
    this.#scanner.scan(text, from, (lineFrom, lineTo, found, firsts) => {
      // In the rules' order, so that of two that find the same the earlier stays.
      const inOrder = found.length > 1 ? [...found].sort((a, b) => a - b) : found
      const line = new Part(text, lineFrom, lineTo)
      for (const at of inOrder) {
        const rule = this.#rules[at]!
        const part = rule.twoLines ? new Part(text, lineFrom, endOfNextLine(text, lineTo)) : line
        part.search(rule, firsts[at]! - lineFrom, spans)
      }
    })
    return merged(spans)
  }
}

/** A line, cut out: a global pattern would search on beyond it, to the end of the text. */
class Part {
  readonly #start: number
  readonly #from: number
  readonly #text: string

  constructor(text: string, from: number, to: number) {
    // In the middle of an endless line what stands before still counts.
    const context = from === 0 || text.charCodeAt(from - 1) === 10 ? 0 : AROUND
    this.#start = Math.max(0, from - context)
    this.#from = from - this.#start
    this.#text = text.slice(this.#start, to)
  }

  /** Where the search begins, of a rule whose first keyword ends at `end`. */
  #beginning({ reach }: Rule, end: number): number {
    if (reach === undefined) return this.#from
    return Math.max(this.#from, end - (typeof reach === 'number' ? reach : reach(this.#text, end)))
  }

  /** @param keywordAt where the first of the rule's keywords ends, in the line. */
  search(rule: Rule, keywordAt: number, spans: Span[]): void {
    const text = this.#text
    const { pattern } = rule
    pattern.lastIndex = this.#beginning(rule, this.#from + keywordAt)
    for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
      if (match[0] === '') {
        pattern.lastIndex++
        continue
      }
      const [start, stop] = secretIn(match)
      if (start === stop) continue
      const end = match.index + match[0].length
      if (rule.check) {
        const before = text.slice(Math.max(0, match.index - AROUND), match.index)
        const after = text.slice(end, end + AROUND)
        if (!rule.check(text.slice(start, stop), { groups: match.groups ?? {}, before, after })) continue
      }
      const at = this.#start
      spans.push({
        start: at + start,
        end: at + stop,
        from: at + match.index,
        to: at + end,
        rule,
        begins: true,
      })
    }
  }
}

function secretIn(match: RegExpExecArray): readonly [start: number, end: number] {
  const groups = match.indices?.groups
  return (
    groups?.secret ??
    groups?.quoted ??
    groups?.marked ??
    groups?.bare ?? [match.index, match.index + match[0].length]
  )
}

function endOfNextLine(text: string, lineTo: number): number {
  const end = text.indexOf('\n', lineTo + 1)
  return end < 0 ? text.length : end
}

/** What overlaps becomes one, so that no end of either is left. */
function merged(spans: Span[]): Span[] {
  if (spans.length < 2) return spans
  // Sorting is stable: of two that begin together the one of the earlier rule stays first.
  spans.sort((a, b) => a.start - b.start)
  const result: Span[] = []
  for (const span of spans) {
    const last = result.at(-1)
    if (!last || span.start >= last.end) result.push(span)
    else {
      result[result.length - 1] = {
        ...last,
        end: span.end <= last.to ? last.end : span.end,
        from: Math.min(last.from, span.from),
        to: Math.max(last.to, span.to),
      }
    }
  }
  return result
}

/** A key's line is a mark as a whole, whatever else a rule sees in it. */
function withKeys(found: Span[], keys: readonly Span[]): Span[] {
  if (keys.length === 0) return found
  const outside = found.filter(one => !keys.some(key => one.start < key.end && one.end > key.start))
  return [...keys, ...outside].sort((a, b) => a.start - b.start)
}
