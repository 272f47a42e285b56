/**
 * What ingestion knows of each entry, 16 bytes an entry, in the file's order: read beside the text, it spares the
 * later stages the search for entries. Little-endian: time f64 (NaN for none) · lines u32 · level u8 · format u8 · message
 * u16.
 */
import { earlier, isYearless } from './formats/years.ts'
import { LEVELS, type Level } from './levels.ts'

/** Bytes of an entry. */
export const RECORD = 16
const BLOCK = 4096 * RECORD

/** In the place of where a message begins: it is not the rest of its line, or begins too far behind. */
export const NOT_AT_END = 0xffff

export interface IndexedEntry {
  /** Ms; NaN where the entry tells no time. */
  readonly time: number
  readonly lines: number
  readonly level: Level
  /** Place in the registry of formats. */
  readonly format: number
  /** Where in the raw first line the message begins, of which it is the rest; or `NOT_AT_END`. */
  readonly messageAt: number
}

/** Records pile up here until `take` hands them on. */
export class EntryIndexWriter {
  #block = Buffer.alloc(BLOCK)
  #used = 0
  readonly #full: Buffer[] = []

  add(time: number, lines: number, level: Level, format: number, messageAt: number): void {
    if (this.#used === BLOCK) {
      this.#full.push(this.#block)
      this.#block = Buffer.alloc(BLOCK)
      this.#used = 0
    }
    const at = this.#used
    this.#block.writeDoubleLE(time, at)
    this.#block.writeUInt32LE(lines, at + 8)
    this.#block[at + 12] = LEVELS.indexOf(level)
    this.#block[at + 13] = format
    this.#block.writeUInt16LE(Math.min(messageAt, NOT_AT_END), at + 14)
    this.#used = at + RECORD
  }

  /** Full blocks; the last, short one, too, at the end. */
  take(atEnd = false): Buffer[] {
    if (atEnd && this.#used > 0) {
      this.#full.push(this.#block.subarray(0, this.#used))
      this.#used = 0
      this.#block = Buffer.alloc(BLOCK)
    }
    return this.#full.splice(0)
  }
}

export class EntryIndexReader {
  readonly #source: AsyncIterator<Uint8Array>
  readonly #yearsBack: number
  #block: Buffer = Buffer.alloc(0)
  #at = 0

  /** @param yearsBack the text's. */
  constructor(source: AsyncIterable<Uint8Array>, yearsBack: number) {
    this.#source = source[Symbol.asyncIterator]()
    this.#yearsBack = yearsBack
  }

  /** Reads ahead, so that the next `count` entries, or all there are, can be taken without waiting. */
  async ensure(count: number): Promise<void> {
    const chunks: Uint8Array[] = [this.#block.subarray(this.#at)]
    let have = chunks[0]!.length
    while (have < count * RECORD) {
      const { done, value } = await this.#source.next()
      if (done) break
      chunks.push(value)
      have += value.length
    }
    if (chunks.length === 1) return
    this.#block = Buffer.concat(chunks)
    this.#at = 0
  }

  /** @throws RangeError where the index has ended. */
  take(): IndexedEntry {
    const at = this.#at
    this.#at = at + RECORD
    const time = this.#block.readDoubleLE(at)
    const format = this.#block[at + 13]!
    return {
      time: this.#yearsBack > 0 && isYearless(format) ? earlier(time, this.#yearsBack) : time,
      lines: this.#block.readUInt32LE(at + 8),
      level: LEVELS[this.#block[at + 12]!]!,
      format,
      messageAt: this.#block.readUInt16LE(at + 14),
    }
  }
}
