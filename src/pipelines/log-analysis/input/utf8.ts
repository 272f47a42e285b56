/** UTF-8 to strings, chunk by chunk, as `StringDecoder` does it; several times as fast where a chunk is ASCII. */
import { isAscii } from 'node:buffer'
import { StringDecoder } from 'node:string_decoder'

export class Utf8Decoder {
  readonly #decoder = new StringDecoder('utf8')
  /** The last chunk may have ended within a character, whose rest the decoder waits for. */
  #waiting = false

  write(chunk: Buffer): string {
    // Latin-1 is the quickest way to a string, and for ASCII the same.
    if (!this.#waiting && isAscii(chunk)) return chunk.toString('latin1')
    if (chunk.length > 0) this.#waiting = chunk[chunk.length - 1]! >= 0x80
    return this.#decoder.write(chunk)
  }
}
