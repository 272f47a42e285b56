/**
 * The lines that are looked at, read block by block, and forgotten when others are. What a text takes here does not
 * depend on its size, nor on how long its lines are.
 */
import { BLOCK, type Block, type LineIndex } from './line-index.ts'

/** Characters of a line that are shown at once; a longer one would only be slow to lay out. */
export const SHOWN = 2_000
/** Bytes of a line that are read for them: UTF-8 has four a character at most. */
const HEAD = 4 * SHOWN
/** Of a line that somebody wants to see in full, in bytes. */
export const MOST_OF_A_LINE = 1024 * 1024
/** Some 10 MB. */
const KEPT_BLOCKS = 64
const LINE_FEED = 10

export interface Line {
  readonly text: string
  /** Where it begins, and how long it is, without its line end unless that was too far off to be read; in bytes. */
  readonly start: number
  readonly bytes: number
  /** Whether `text` is only its beginning. */
  readonly cut: boolean
}

/** @param to exclusive */
export type ReadBytes = (from: number, to: number, signal: AbortSignal) => Promise<Uint8Array>

export class LineStore {
  readonly #index: LineIndex
  readonly #read: ReadBytes
  readonly #onChange: (error?: unknown) => void
  /** The least recently wanted first. */
  readonly #blocks = new Map<number, readonly Line[]>()
  readonly #coming = new Map<number, AbortController>()

  /** @param onChange called when lines have come, and with the error when they could not be read */
  constructor(index: LineIndex, read: ReadBytes, onChange: (error?: unknown) => void) {
    this.#index = index
    this.#read = read
    this.#onChange = onChange
  }

  /** @param line from 0. @returns undefined as long as it has not come */
  get(line: number): Line | undefined {
    if (line >= this.#index.lines) return undefined
    const { number, before } = this.#index.blockOf(line)
    return this.#blocks.get(number)?.[line - before]
  }

  get keptBlocks(): number {
    return this.#blocks.size
  }

  /** Reads what is not here of these lines, and a block to either side; gives up reading what nobody wants any more. */
  want(from: number, to: number): void {
    const last = this.#index.lines - 1
    if (last < 0) return
    const first = this.#index.blockOf(Math.min(from, last)).number
    const final = this.#index.blockOf(Math.min(to, last)).number
    const end = this.#index.blockOf(last).number
    const wanted = new Set<number>()
    // What is seen comes before what may be seen next.
    for (let number = first; number <= final; number++) wanted.add(number)
    if (final < end) wanted.add(final + 1)
    if (first > 0) wanted.add(first - 1)
    for (const [number, controller] of this.#coming) {
      if (!wanted.has(number)) controller.abort()
    }
    for (const number of wanted) this.#fetch(this.#index.block(number))
  }

  /** The whole line, up to `MOST_OF_A_LINE`. */
  async whole({ start, bytes }: Line, signal: AbortSignal): Promise<string> {
    const length = Math.min(bytes, MOST_OF_A_LINE)
    return decode(await this.#read(start, start + length, signal), length < bytes).replace(/[\r\n]+$/, '')
  }

  stop(): void {
    for (const controller of this.#coming.values()) controller.abort()
  }

  async #fetch(block: Block): Promise<void> {
    const { number, start, end } = block
    const here = this.#blocks.get(number)
    if (here) {
      this.#blocks.delete(number)
      this.#blocks.set(number, here)
      return
    }
    if (this.#coming.has(number)) return
    const controller = new AbortController()
    this.#coming.set(number, controller)
    try {
      const bytes = await this.#read(start, Math.min(end, start + BLOCK + HEAD), controller.signal)
      this.#blocks.set(number, linesOf(bytes, block))
      for (const oldest of this.#blocks.keys()) {
        if (this.#blocks.size <= KEPT_BLOCKS) break
        this.#blocks.delete(oldest)
      }
      this.#onChange()
    } catch (error) {
      if (!controller.signal.aborted) this.#onChange(error)
    } finally {
      if (this.#coming.get(number) === controller) this.#coming.delete(number)
    }
  }
}

/** @param bytes the block's, or its beginning where its last line is very long */
function linesOf(bytes: Uint8Array, { start, end, lines }: Block): Line[] {
  const all: Line[] = []
  let at = 0
  while (all.length < lines) {
    const feed = bytes.indexOf(LINE_FEED, at)
    // Only the block's last line can end beyond what was read, or without a line feed: at the text's end.
    const lineEnd = feed >= 0 ? feed : end - start
    all.push(lineOf(bytes.subarray(at, Math.min(lineEnd, at + HEAD)), start + at, lineEnd - at))
    at = lineEnd + 1
  }
  return all
}

function lineOf(head: Uint8Array, start: number, bytes: number): Line {
  const text = decode(head, head.length < bytes)
  const cut = head.length < bytes || text.length > SHOWN
  return { text: cut ? shortened(text) : text.replace(/\r+$/, ''), start, bytes, cut }
}

/** @param isHead the last character may be there only in part, and is left out then */
function decode(bytes: Uint8Array, isHead: boolean): string {
  return new TextDecoder().decode(bytes, { stream: isHead })
}

function shortened(text: string): string {
  // Not in the middle of a pair of surrogates.
  const last = text.charCodeAt(SHOWN - 1)
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? SHOWN - 1 : SHOWN)
}
