/**
 * Where the lines of a text begin, coarsely: one known beginning every `BLOCK` bytes is enough to find any line, and
 * costs a quarter of a megabyte for a gigabyte of text.
 *
 * - *block*: whole lines that begin within `BLOCK` bytes of the first one's beginning. Only its last line may be longer.
 */

/** Bytes. */
export const BLOCK = 64 * 1024
const LINE_FEED = 10

/** What a scanner has found since it was last asked. */
export interface IndexPart {
  /** Of each block that began: the offset of its first line in bytes, and how many lines stand before it. */
  readonly starts: readonly (readonly [offset: number, lines: number])[]
  /** Read so far. */
  readonly bytes: number
  readonly lines: number
  readonly done: boolean
}

/** Goes through the bytes once, in order. */
export class LineScanner {
  #bytes = 0
  #lines = 0
  #blockStart = 0
  #lineStart = 0
  #starts: [number, number][] = [[0, 0]]

  push(chunk: Uint8Array): void {
    let at = chunk.indexOf(LINE_FEED)
    while (at >= 0) {
      this.#lines++
      this.#lineStart = this.#bytes + at + 1
      if (this.#lineStart - this.#blockStart >= BLOCK) {
        this.#blockStart = this.#lineStart
        this.#starts.push([this.#blockStart, this.#lines])
      }
      at = chunk.indexOf(LINE_FEED, at + 1)
    }
    this.#bytes += chunk.length
  }

  take(done: boolean): IndexPart {
    const starts = this.#starts
    this.#starts = []
    // What follows the last line feed is a line, if it is anything.
    const open = done && this.#bytes > this.#lineStart ? 1 : 0
    return { starts, bytes: this.#bytes, lines: this.#lines + open, done }
  }
}

export interface Block {
  readonly number: number
  /** How many lines stand before it. */
  readonly before: number
  readonly lines: number
  /** In bytes; `end` is that of its last line. */
  readonly start: number
  readonly end: number
}

export class LineIndex {
  #offsets: number[] = []
  #before: number[] = []
  #last: IndexPart = { starts: [], bytes: 0, lines: 0, done: false }

  add(part: IndexPart): void {
    for (const [offset, lines] of part.starts) {
      this.#offsets.push(offset)
      this.#before.push(lines)
    }
    this.#last = part
  }

  /** Of which it is known where they are: until all is read, those of blocks that have ended. */
  get lines(): number {
    return this.#last.done ? this.#last.lines : (this.#before.at(-1) ?? 0)
  }

  get bytes(): number {
    return this.#last.bytes
  }

  get done(): boolean {
    return this.#last.done
  }

  /** @param line from 0, below `lines` */
  blockOf(line: number): Block {
    let low = 0
    let high = this.#before.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#before[middle]! <= line) low = middle
      else high = middle - 1
    }
    return this.block(low)
  }

  block(number: number): Block {
    const before = this.#before[number]!
    return {
      number,
      before,
      lines: (this.#before[number + 1] ?? this.lines) - before,
      start: this.#offsets[number]!,
      end: this.#offsets[number + 1] ?? this.bytes,
    }
  }
}
