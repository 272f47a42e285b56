/**
 * A group of similar messages, column by column. In a column where few different words have been seen (`opened`,
 * `closed`) each word is wording and makes a template of its own; when one more is seen the column is data (user names),
 * and the templates that it told apart become one. The idea is that of iterative partitioning (A. Makanju et al.,
 * "Clustering Event Logs Using Iterative Partitioning", KDD 2009) and of Brain (S. Yu et al., "Brain: Log Parsing with
 * Bidirectional Parallel Tree", IEEE TSC 2023), here online.
 */
import { isWildcard, UNKNOWN, type Vocabulary } from './vocabulary.ts'

/** Different words in a column that still are wording: the states of most things that have states. */
const MOST_WORDS = 4
/** Templates of one group; columns multiply. */
const MOST_IN_GROUP = 32
/** What only words are made of: no digits, paths, dotted names, wildcards. */
const WORD = /^ ?[({['"<-]{0,3}[A-Za-z][A-Za-z_'"-]{0,40}(?:=|[)}\]'":;,.!?>]{0,4}=?)$/
/** In place of a column's word where there are several. */
const SEVERAL = -1

/** Tokens are given by their ids. */
export interface Template {
  /** Counts from 0, in the order of first appearance. */
  readonly place: number
  /** One of the words of each column. */
  words: readonly number[]
  /** The template that this one became part of. */
  into: Template | null
}

export function current(template: Template): Template {
  let found = template
  while (found.into) found = found.into
  return found
}

export class Group {
  readonly #vocabulary: Vocabulary
  readonly #columns: number[]
  readonly #several = new Map<number, number[]>()
  #templates: Template[] = []

  constructor(tokens: readonly string[], vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary
    this.#columns = tokens.map(token => vocabulary.learn(token))
  }

  /**
   * The share of columns in which the message has a word that is known there. Columns where both have nothing but a
   * wildcard say nothing and do not count. −1 where it is below `least`.
   */
  similarity(ids: readonly number[], least: number): number {
    const mostDifferent = ids.length * (1 - least)
    let different = 0
    let silent = 0
    for (let at = 0; at < ids.length; at++) {
      const column = this.#columns[at]!
      if (column === ids[at]) {
        if (isWildcard(column)) silent++
      } else if (column !== SEVERAL || !this.#several.get(at)!.includes(ids[at]!)) {
        if (++different > mostDifferent) return -1
      }
    }
    if (silent === ids.length) return 1
    const similarity = 1 - different / (ids.length - silent)
    return similarity < least ? -1 : similarity
  }

  /** @param create null where no more templates may be: then the whole group is one. */
  join(
    tokens: readonly string[],
    ids: readonly number[],
    create: ((words: number[]) => Template) | null,
  ): Template {
    for (let at = 0; at < tokens.length; at++) if (this.#columns[at] !== ids[at]) this.#learn(at, tokens[at]!)
    const words = this.#columns.map((column, at) =>
      column === SEVERAL ? this.#vocabulary.find(tokens[at]!) : column,
    )
    const several = [...this.#several.keys()]
    const known = this.#templates.find(template => several.every(at => template.words[at] === words[at]))
    if (known) return known
    if (!create) {
      while (this.#several.size > 0) this.#giveUpWidest()
      return this.#templates[0]!
    }
    const created = create(words)
    this.#templates.push(created)
    if (this.#templates.length > MOST_IN_GROUP) this.#giveUpWidest()
    return current(created)
  }

  #learn(at: number, token: string): void {
    const column = this.#columns[at]!
    if (isWildcard(column)) return
    const words = column === SEVERAL ? this.#several.get(at)! : [column]
    const id = this.#vocabulary.find(token)
    if (id !== UNKNOWN && words.includes(id)) return
    const areWords =
      words.length < MOST_WORDS &&
      WORD.test(token) &&
      words.every(word => WORD.test(this.#vocabulary.tokenOf(word)))
    if (areWords) {
      this.#columns[at] = SEVERAL
      this.#several.set(at, [...words, this.#vocabulary.learn(token)])
    } else this.#giveUp(at)
  }

  #giveUpWidest(): void {
    const [at] = [...this.#several].reduce((a, b) => (b[1].length > a[1].length ? b : a))
    this.#giveUp(at)
  }

  /** From now on the column is data. */
  #giveUp(at: number): void {
    const wildcard = this.#vocabulary.wildcardFor(this.#templates[0]!.words[at]!)
    this.#columns[at] = wildcard
    this.#several.delete(at)
    const kept = new Map<string, Template>()
    for (const template of this.#templates) {
      template.words = template.words.with(at, wildcard)
      const wording = template.words.join()
      const same = kept.get(wording)
      if (same) template.into = same
      else kept.set(wording, template)
    }
    this.#templates = [...kept.values()]
  }
}
