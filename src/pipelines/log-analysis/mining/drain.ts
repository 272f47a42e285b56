/**
 * Template mining by Drain: P. He, J. Zhu, Z. Zheng, M. R. Lyu, "Drain: An Online Log Parsing Approach with Fixed Depth
 * Tree", ICWS 2017. A message goes by its number of tokens and its first tokens to a leaf of a small tree; among the
 * leaf's groups it joins the most similar one, or begins a new one.
 *
 * Two additions, in `columns.ts` and `tokens.ts`: a column in which few different words have been seen is wording, not
 * data, and tells templates of one group apart; and lists of any length are of one length.
 *
 * One configuration for every log. Bounded in templates, and in groups a leaf: a message that fits none and would be one
 * too many joins a template for all others.
 */
import { detached } from '../input/lines.ts'
import { current, Group, type Template } from './columns.ts'
import { mask, WILDCARD } from './mask.ts'
import { tokensOf } from './tokens.ts'
import { Vocabulary } from './vocabulary.ts'

/** Tokens that the tree looks at; the paper's depth less two, for the root and the length. */
const PREFIX = 2
/** The share of equal tokens from which on a message belongs to a group (`st`). Anything from 0.3 to 0.65 does as well. */
const SIMILARITY = 0.5
/** Children of a node, the one for all other tokens included (`maxChild`). */
const MOST_CHILDREN = 100
export const MOST_TEMPLATES = 10_000
/** A message is compared with every group of its leaf; text without any template would fill one and slow all down. */
const MOST_IN_LEAF = 128
/** Messages remembered as they are after masking: most lines of most logs need no more than this look-up. */
const MOST_REMEMBERED = 10_000
const LONGEST_REMEMBERED = 1_000

interface Node {
  readonly children: Map<string, Node>
  readonly groups: Group[]
}

export class Drain {
  readonly #vocabulary = new Vocabulary()
  readonly #byLength = new Map<number, Node>()
  readonly #templates: Template[] = []
  readonly #remembered = new Map<string, Template>()
  #others: Template | null = null

  /** Every template that ever was, by place; see `current` for those that became part of another. */
  get templates(): readonly Template[] {
    return this.#templates
  }

  /** As people read it: `session of <*> opened`. */
  wordingOf(template: Template): string {
    return (
      current(template)
        .words.map(id => this.#vocabulary.tokenOf(id))
        .join('')
        // A key that varies, and its value.
        .replaceAll(WILDCARD + WILDCARD, WILDCARD)
    )
  }

  /** Finds the message's template; its group learns from it. */
  add(message: string): Template {
    const masked = mask(message)
    const known = this.#remembered.get(masked)
    if (known) return known
    const template = this.#find(tokensOf(masked))
    // What has no template of its own does not come again, and would only crowd out what does.
    if (template !== this.#others && masked.length <= LONGEST_REMEMBERED) {
      if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.clear()
      this.#remembered.set(detached(masked), template)
    }
    return template
  }

  #find(tokens: readonly string[]): Template {
    const ids = tokens.map(token => this.#vocabulary.find(token))
    const leaf = this.#leaf(tokens)
    const create = this.#templates.length < MOST_TEMPLATES ? this.#create : null
    const group = mostSimilar(leaf.groups, ids)
    if (group) return group.join(tokens, ids, create)
    if (!create || leaf.groups.length >= MOST_IN_LEAF) return this.#rest()
    const begun = new Group(tokens, this.#vocabulary)
    leaf.groups.push(begun)
    return begun.join(tokens, ids, create)
  }

  readonly #create = (words: number[]): Template => {
    const template: Template = { place: this.#templates.length, words, into: null }
    this.#templates.push(template)
    return template
  }

  #leaf(tokens: readonly string[]): Node {
    let node = this.#byLength.get(tokens.length)
    if (!node) {
      node = createNode()
      this.#byLength.set(tokens.length, node)
    }
    for (let depth = 0; depth < PREFIX && depth < tokens.length; depth++) node = child(node, tokens[depth]!)
    return node
  }

  #rest(): Template {
    this.#others ??= this.#create([this.#vocabulary.learn(WILDCARD)])
    return this.#others
  }
}

function createNode(): Node {
  return { children: new Map(), groups: [] }
}

/** Tokens that hold data, and those that come when a node is full, share one child. */
function child(node: Node, token: string): Node {
  let key = /\d|<\*>/.test(token) ? WILDCARD : token
  let next = node.children.get(key)
  if (!next && key !== WILDCARD && node.children.size >= MOST_CHILDREN - 1) {
    key = WILDCARD
    next = node.children.get(key)
  }
  if (!next) {
    next = createNode()
    node.children.set(detached(key), next)
  }
  return next
}

function mostSimilar(groups: readonly Group[], ids: readonly number[]): Group | null {
  let best: Group | null = null
  let most = SIMILARITY
  for (const group of groups) {
    const similarity = group.similarity(ids, most)
    if (similarity > most || (best === null && similarity === most)) {
      best = group
      most = similarity
    }
  }
  return best
}
