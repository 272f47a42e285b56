/** Takes from a stream as many bytes as are wanted, whatever chunks they come in. */
import { Damaged } from './damaged.ts'

const NOTHING = new Uint8Array(0)

export class ByteReader {
  readonly #source: AsyncGenerator<Uint8Array>
  #chunk: Uint8Array = NOTHING

  constructor(source: AsyncGenerator<Uint8Array>) {
    this.#source = source
  }

  /** @returns null where there are not as many. */
  async exactly(count: number): Promise<Buffer | null> {
    const bytes = Buffer.alloc(count)
    for (let have = 0; have < count; ) {
      const chunk = await this.some(count - have)
      if (!chunk) return null
      bytes.set(chunk, have)
      have += chunk.length
    }
    return bytes
  }

  /** @returns at least one byte and at most `most`; null at the end. */
  async some(most: number): Promise<Uint8Array | null> {
    while (this.#chunk.length === 0) {
      const { done, value } = await this.#source.next()
      if (done) return null
      this.#chunk = value
    }
    const taken = this.#chunk.subarray(0, most)
    this.#chunk = this.#chunk.subarray(taken.length)
    return taken
  }

  /** The next `size` bytes, to be read or skipped before anything else is taken. */
  part(size: number): Part {
    return new Part(this, size)
  }

  /** Reads on to the end, for the sake of the source: it may have something to say there. */
  async rest(): Promise<void> {
    while (await this.some(Number.MAX_SAFE_INTEGER)) {
      // Dropped.
    }
  }
}

class Part {
  readonly size: number
  readonly #reader: ByteReader
  #left: number

  constructor(reader: ByteReader, size: number) {
    this.#reader = reader
    this.size = size
    this.#left = size
  }

  /** @throws Damaged where the stream ends before. */
  async *read(): AsyncGenerator<Uint8Array> {
    while (this.#left > 0) yield await this.#next()
  }

  /** What was not read. @throws as `read`. */
  async skip(): Promise<void> {
    while (this.#left > 0) await this.#next()
  }

  async #next(): Promise<Uint8Array> {
    const chunk = await this.#reader.some(this.#left)
    if (!chunk) throw new Damaged('breaks off')
    this.#left -= chunk.length
    return chunk
  }
}
