/**
 * Where the frames of a zstd stream begin. Node's decompressor drops what follows a frame within one write, so a stream
 * of several frames (`cat a.zst b.zst`, `pzstd`) has to be given to it frame by frame. RFC 8878, section 3.1.
 */
import { isSkippable, ZSTD_MAGIC } from './compression.ts'

type Part = 'magic' | 'skippable-size' | 'descriptor' | 'header' | 'block' | 'checksum'

const LAST_BLOCK = 1
const RLE_BLOCK = 1

export class ZstdFrames {
  #part: Part = 'magic'
  /** Bytes of the part at hand, and how many it has. */
  #bytes: number[] = []
  #wanted = 4
  /** Bytes of content to be passed over before the next part. */
  #skip = 0
  #checksum = false

  /**
   * @returns how many of these bytes, from `at` on, belong to the frame at hand: all, or those up to its end. 0 where a
   * frame should begin and does not.
   */
  take(bytes: Uint8Array, at: number): number {
    let place = at
    while (place < bytes.length) {
      const skipped = Math.min(this.#skip, bytes.length - place)
      this.#skip -= skipped
      place += skipped
      if (this.#wanted === 0) {
        if (this.#skip > 0) break
        this.#begin('magic', 4)
        return place - at
      }
      if (place === bytes.length) break
      this.#bytes.push(bytes[place++]!)
      if (this.#bytes.length < this.#wanted) continue
      if (!this.#read()) return 0
      if (this.#wanted === 0 && this.#skip === 0) {
        this.#begin('magic', 4)
        return place - at
      }
    }
    return place - at
  }

  /** Reads the part that is complete. @returns false where it is none. */
  #read(): boolean {
    const value = this.#bytes.reduce((sum, byte, place) => sum + byte * 2 ** (8 * place), 0)
    switch (this.#part) {
      case 'magic':
        if (isSkippable(value)) this.#begin('skippable-size', 4)
        else if (value === ZSTD_MAGIC) this.#begin('descriptor', 1)
        else return false
        return true
      case 'skippable-size':
        this.#end(value)
        return true
      case 'descriptor':
        this.#checksum = (value & 0b100) !== 0
        this.#begin('header', headerBytes(value))
        if (this.#wanted === 0) this.#begin('block', 3)
        return true
      case 'header':
        this.#begin('block', 3)
        return true
      case 'block':
        this.#skip = ((value >> 1) & 0b11) === RLE_BLOCK ? 1 : value >> 3
        if ((value & LAST_BLOCK) === 0) this.#begin('block', 3)
        else if (this.#checksum) this.#begin('checksum', 4)
        else this.#end(this.#skip)
        return true
      case 'checksum':
        this.#end(0)
        return true
    }
  }

  #begin(part: Part, wanted: number): void {
    this.#part = part
    this.#bytes = []
    this.#wanted = wanted
  }

  /** The frame ends `skip` bytes from here. */
  #end(skip: number): void {
    this.#bytes = []
    this.#wanted = 0
    this.#skip = skip
  }
}

/** Window descriptor, dictionary id and content size, as the frame header's descriptor announces them. */
function headerBytes(descriptor: number): number {
  const singleSegment = (descriptor & 0b10_0000) !== 0
  const contentSize = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!
  const dictionaryId = [0, 1, 2, 4][descriptor & 0b11]!
  return (singleSegment ? 0 : 1) + dictionaryId + contentSize
}
