/**
 * Bytes that can be read from any place, in ranges: what a zip needs, whose directory is at its end. Small reads are
 * served from a few blocks, so that ten thousand members are not as many calls to storage.
 */
import type { ByteRange } from '../../../../storage/storage.ts'

export interface ByteSource {
  /** Bytes. */
  readonly size: number
  open(range: ByteRange): Promise<AsyncIterable<Uint8Array>>
}

const BLOCK = 128 * 1024
const BLOCKS = 8

export class RandomAccess {
  readonly size: number
  readonly #source: ByteSource
  /** By their number, the one used last at the end. */
  readonly #blocks = new Map<number, Buffer>()

  constructor(source: ByteSource) {
    this.#source = source
    this.size = source.size
  }

  /** @returns fewer bytes than wanted where the source ends before. */
  async read(start: number, length: number): Promise<Buffer> {
    const parts: Buffer[] = []
    const end = Math.min(start + length, this.size)
    for (let at = start; at < end; ) {
      const number = Math.floor(at / BLOCK)
      const from = number * BLOCK
      const part = (await this.#block(number)).subarray(at - from, end - from)
      if (part.length === 0) break
      parts.push(part)
      at += part.length
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }

  /** What is longer than a block streams past the blocks. */
  async *stream(start: number, length: number): AsyncGenerator<Uint8Array> {
    if (length === 0) return
    if (length <= BLOCK) yield await this.read(start, length)
    else yield* await this.#source.open({ start, end: start + length - 1 })
  }

  async #block(number: number): Promise<Buffer> {
    const start = number * BLOCK
    const block =
      this.#blocks.get(number) ?? (await gathered(await this.#source.open({ start, end: start + BLOCK - 1 })))
    this.#blocks.delete(number)
    this.#blocks.set(number, block)
    if (this.#blocks.size > BLOCKS) this.#blocks.delete(this.#blocks.keys().next().value!)
    return block
  }
}

async function gathered(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks)
}
