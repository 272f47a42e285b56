/**
 * Tells for each line which rules could find something in it, in one pass over the characters, whatever the number of
 * rules: the keywords of all of them are compiled into one table, as by Aho and Corasick ("Efficient string matching",
 * 1975; the full table of their section 6). On most lines of most logs no keyword stands, and no pattern ever runs.
 *
 * In a keyword `#` stands for any digit, `%` for any hexadecimal digit, a line end for the beginning or the end of
 * a line, and everything else for itself in either case. Digits that are written out stand for any digit, too: this is a filter,
 * and the patterns look closer.
 */

const NEWLINE = 10

/** Classes of characters, of which 0 is of those that no keyword holds: only what keywords tell apart is told apart. */
const LINE_END = 1
const DIGIT = 2

/** Set in a table's entry whose character ends a keyword or a line. */
const EVENT = 0x4000_0000
const STATE = EVENT - 1

/**
 * @param sets whose keywords stand in the line.
 * @param firsts by set: where the first one ends, the position of its last character.
 */
export type VisitLine = (from: number, to: number, sets: readonly number[], firsts: Int32Array) => void

export class KeywordScanner {
  readonly #classes: Uint8Array
  readonly #width: number
  /** `state × width + class` → the next state × width, perhaps with `EVENT`. */
  readonly #next: Uint32Array
  /** By state: the sets of the keywords that end there. */
  readonly #outputs: readonly (readonly number[])[]
  /** What the line that is being read holds so far. */
  readonly #found: number[] = []
  readonly #firsts: Int32Array
  readonly #longest: number
  /** As many of each as the longest text so far has had characters, and more. */
  #bytes: Buffer = Buffer.allocUnsafe(0)
  #eventAt = new Int32Array(0)
  #eventState = new Int32Array(0)

  /** @param sets of each rule its keywords, in lower case. */
  constructor(sets: readonly (readonly string[])[]) {
    const alphabet = alphabetOf(sets)
    this.#classes = alphabet.classes
    this.#width = alphabet.width
    const { next, outputs } = tableOf(trieOf(sets), alphabet)
    this.#next = next
    this.#outputs = outputs
    this.#firsts = new Int32Array(sets.length).fill(-1)
    this.#longest = Math.max(0, ...sets.flat().map(keyword => keyword.length))
  }

  /** How large the table has become, for whoever adds keywords. */
  get states(): number {
    return this.#outputs.length
  }

  /** Visits every line of `text`, from `from` on, that holds a keyword. The last one may lack its line end. */
  scan(text: string, from: number, visit: VisitLine): void {
    const bytes = this.#lowBytes(text)
    const events = this.#follow(bytes, from, text.length)
    let lineStart = from
    for (let each = 0; each < events; each++) {
      const at = this.#eventAt[each]!
      this.#note(this.#eventState[each]! / this.#width, at)
      // Beyond Latin-1 the low byte of a character may look like a line end.
      if (bytes[at] !== NEWLINE || text.charCodeAt(at) !== NEWLINE) continue
      if (this.#found.length > 0) this.#visit(lineStart, at, visit)
      lineStart = at + 1
    }
    if (this.#found.length > 0) this.#visit(lineStart, text.length, visit)
  }

  /**
   * Every byte of every log goes through this loop. It only notes where a keyword or a line ends, and in which state:
   * with what follows from that inside, it would take twice as long.
   *
   * @returns how many it has noted.
   */
  #follow(bytes: Buffer, from: number, to: number): number {
    const classes = this.#classes
    const next = this.#next
    const eventAt = this.#eventAt
    const eventState = this.#eventState
    // A text begins as a line does; in the middle of one a keyword may lie across the beginning.
    let entry = next[LINE_END]!
    for (let at = Math.max(0, from - this.#longest); at < from; at++)
      entry = next[(entry & STATE) + classes[bytes[at]!]!]!
    let events = 0
    for (let at = from; at < to; at++) {
      entry = next[(entry & STATE) + classes[bytes[at]!]!]!
      if (entry < EVENT) continue
      eventAt[events] = at
      eventState[events++] = entry & STATE
    }
    return events
  }

  /**
   * The low byte of each character, so that places stay the same: reading bytes is several times as fast as asking a
   * string for its characters. What lies beyond Latin-1 may look like a keyword, and never hides one.
   */
  #lowBytes(text: string): Buffer {
    if (this.#bytes.length < text.length) {
      this.#bytes = Buffer.allocUnsafe(text.length * 2)
      this.#eventAt = new Int32Array(text.length * 2)
      this.#eventState = new Int32Array(text.length * 2)
    }
    this.#bytes.write(text, 0, 'latin1')
    return this.#bytes
  }

  #note(state: number, at: number): void {
    for (const set of this.#outputs[state]!) {
      if (this.#firsts[set]! >= 0) continue
      this.#firsts[set] = at
      this.#found.push(set)
    }
  }

  #visit(from: number, to: number, visit: VisitLine): void {
    visit(from, to, this.#found, this.#firsts)
    for (const set of this.#found) this.#firsts[set] = -1
    this.#found.length = 0
  }
}

interface Alphabet {
  /** Of each character of Latin-1 its class; beyond ASCII it is 0. */
  readonly classes: Uint8Array
  readonly width: number
  /** By class: the characters of keywords that it satisfies. */
  readonly satisfies: readonly (readonly string[])[]
}

function alphabetOf(sets: readonly (readonly string[])[]): Alphabet {
  const classes = new Uint8Array(256)
  classes[NEWLINE] = LINE_END
  for (const digit of '0123456789') classes[digit.charCodeAt(0)] = DIGIT
  const satisfies: string[][] = [[], ['\n'], ['#', '%']]
  // Hexadecimal letters have classes of their own, whether or not a keyword spells one.
  for (const character of new Set(`abcdef${sets.flat().join('')}`)) {
    if (/[\d#%\n]/.test(character)) continue
    const code = character.charCodeAt(0)
    if (code >= 128) throw new Error(`A keyword holds "${character}"; only ASCII is told apart.`)
    classes[code] = satisfies.length
    classes[character.toUpperCase().charCodeAt(0)] = satisfies.length
    satisfies.push(/[a-f]/.test(character) ? [character, '%'] : [character])
  }
  return { classes, width: satisfies.length, satisfies }
}

/** What keywords begin with in common is told once. */
interface Node {
  readonly id: number
  readonly next: Map<string, Node>
  /** Whose keyword ends here. */
  readonly sets: Set<number>
}

function trieOf(sets: readonly (readonly string[])[]): Node {
  let nodes = 0
  const make = (): Node => ({ id: nodes++, next: new Map(), sets: new Set() })
  const root = make()
  for (const [set, keywords] of sets.entries()) {
    for (const keyword of keywords) {
      let node = root
      for (const character of keyword.replace(/\d/g, '#')) {
        const next = node.next.get(character) ?? make()
        node.next.set(character, next)
        node = next
      }
      node.sets.add(set)
    }
  }
  return root
}

/**
 * Subset construction (Rabin and Scott, 1959): a state is the set of nodes that the text so far may have led to. The
 * root is in every one.
 */
function tableOf(
  root: Node,
  { width, satisfies }: Alphabet,
): { next: Uint32Array; outputs: readonly (readonly number[])[] } {
  const built: States = { known: new Map(), members: [], outputs: [] }
  stateOf([root], built)
  const rows: number[] = []
  for (let state = 0; state < built.members.length; state++) {
    for (let each = 0; each < width; each++) {
      const reached = [root]
      for (const node of built.members[state]!) {
        for (const character of satisfies[each]!) {
          const next = node.next.get(character)
          if (next) reached.push(next)
        }
      }
      const to = stateOf(reached, built)
      const event = each === LINE_END || built.outputs[to]!.length > 0
      rows.push(to * width + (event ? EVENT : 0))
    }
  }
  return { next: Uint32Array.from(rows), outputs: built.outputs }
}

interface States {
  /** By the ids of its nodes. */
  readonly known: Map<string | number, number>
  readonly members: (readonly Node[])[]
  readonly outputs: (readonly number[])[]
}

function stateOf(nodes: Node[], { known, members, outputs }: States): number {
  const key = keyOf(nodes)
  const state = known.get(key)
  if (state !== undefined) return state
  known.set(key, members.length)
  outputs.push([...new Set(nodes.flatMap(node => [...node.sets]))])
  return members.push(nodes) - 1
}

/** Nearly all sets hold the root and at most one other node; a number is cheaper than a text. */
function keyOf(nodes: readonly Node[]): string | number {
  if (nodes.length < 3) return nodes.at(-1)!.id
  return nodes
    .map(node => node.id)
    .sort((a, b) => a - b)
    .join()
}
