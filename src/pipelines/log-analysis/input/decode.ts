/**
 * Bytes to text. What comes out is UTF-8, cut between characters, each piece as bytes and as a string: the bytes are
 * kept, the string is read.
 *
 * Whether bytes above 127 are UTF-8 or one byte a character is settled by all that the file has shown so far, block by
 * block. In UTF-8 what is broken becomes U+FFFD: one bad byte must not cost a log of gigabytes.
 */
import { isAscii, isUtf8 } from 'node:buffer'
import { type Encoding, encodingOf, HEAD_BYTES, NotText, requireText, utf8Evidence } from './encoding.ts'
import { peek } from './peek.ts'
import { windows1252 } from './windows-1252.ts'

/** Bytes that are decoded together, always as many: what is found must not depend on how the bytes happened to come. */
const BLOCK = 64 * 1024
/** What broken bytes become, in UTF-8. */
const REPLACEMENT = '\ufffd'

export interface TextPiece {
  readonly bytes: Buffer
  readonly text: string
  /** The bytes are the source's own. */
  readonly verbatim: boolean
}

export interface DecodedText {
  /** Whole once the pieces have ended. */
  readonly encoding: Encoding
  /** A byte order mark was left out. */
  readonly marked: boolean
  readonly pieces: AsyncIterable<TextPiece>
}

interface Decoder {
  readonly encoding: Encoding
  /** @param last the block is the file's last. */
  decode(block: Buffer, last: boolean): TextPiece
}

/**
 * @param truncated asked at the end: the source broke off, and half a character at its end is dropped, not replaced.
 * @throws NotText from the pieces, after all pieces before the one at fault; here where the beginning shows it.
 */
export async function decoded(
  source: AsyncGenerator<Uint8Array>,
  truncated: () => boolean,
): Promise<DecodedText> {
  const { head, all } = await peek(source, HEAD_BYTES)
  const { encoding, mark } = await settled(head, all)
  const decoder: Decoder =
    encoding === 'bytes' ? new ByteDecoder(truncated) : new Utf16Decoder(encoding, truncated)
  return {
    get encoding() {
      return decoder.encoding
    },
    marked: mark > 0,
    pieces: pieces(all, mark, decoder),
  }
}

async function settled(head: Uint8Array, all: AsyncGenerator<Uint8Array>) {
  try {
    return encodingOf(head)
  } catch (error) {
    await all.return(undefined)
    throw error
  }
}

/** Of what is no text, bytes that are read on: a bomb is to be called one, whatever it is filled with. */
const READ_ON = 64 * 1024 * 1024

async function* pieces(
  source: AsyncIterable<Uint8Array>,
  mark: number,
  decoder: Decoder,
): AsyncGenerator<TextPiece> {
  const content = blocks(source, mark)
  try {
    let held: Buffer | null = null
    for (;;) {
      const { done, value } = await content.next()
      if (held) yield decoder.decode(held, done === true)
      if (done) return
      held = value
    }
  } catch (error) {
    if (error instanceof NotText) await readOn(content)
    throw error
  } finally {
    await content.return(undefined)
  }
}

/** @throws what the source does, such as that a limit was met. */
async function readOn(content: AsyncGenerator<Buffer>): Promise<void> {
  for (let read = 0; read < READ_ON; ) {
    const { done, value } = await content.next()
    if (done) return
    read += value.length
  }
}

/** Exactly `BLOCK` bytes each, but for the last. */
async function* blocks(source: AsyncIterable<Uint8Array>, skipped: number): AsyncGenerator<Buffer> {
  let waiting: Uint8Array[] = []
  let length = 0
  let skip = skipped
  for await (const whole of source) {
    let chunk = whole.subarray(Math.min(skip, whole.length))
    skip -= whole.length - chunk.length
    while (length + chunk.length >= BLOCK) {
      const room = BLOCK - length
      yield joined([...waiting, chunk.subarray(0, room)])
      waiting = []
      length = 0
      chunk = chunk.subarray(room)
    }
    if (chunk.length > 0) waiting.push(chunk)
    length += chunk.length
  }
  if (length > 0) yield joined(waiting)
}

function joined(chunks: readonly Uint8Array[]): Buffer {
  const [only] = chunks
  if (chunks.length !== 1 || !only) return Buffer.concat(chunks)
  return Buffer.from(only.buffer, only.byteOffset, only.byteLength)
}

class ByteDecoder implements Decoder {
  readonly #truncated: () => boolean
  #rest = Buffer.alloc(0)
  #valid = 0
  #invalid = 0
  /** In a text of one byte a character: whether it holds any that only Windows-1252 has. */
  #windows = false

  constructor(truncated: () => boolean) {
    this.#truncated = truncated
  }

  get encoding(): Encoding {
    if (this.#isUtf8()) return 'utf-8'
    return this.#windows ? 'windows-1252' : 'iso-8859-1'
  }

  decode(block: Buffer, last: boolean): TextPiece {
    const bytes = this.#rest.length === 0 ? block : Buffer.concat([this.#rest, block])
    this.#rest = Buffer.alloc(0)
    if (bytes.includes(0)) throw new NotText('holds a NUL byte')
    // Nearly always; and Latin-1 is the quickest way to a string.
    if (isAscii(bytes)) return { bytes, text: bytes.toString('latin1'), verbatim: true }

    const end = bytes.length - halfCharacter(bytes)
    const whole = bytes.subarray(0, end)
    if (isUtf8(whole)) {
      const text = whole.toString()
      this.#valid += whole.length - text.length
      if (this.#isUtf8() || whole.length > text.length) return this.#utf8(bytes, whole, text, last)
    } else {
      const { valid, invalid } = utf8Evidence(bytes)
      this.#valid += valid
      this.#invalid += invalid
      if (this.#isUtf8()) return this.#utf8(bytes, null, whole.toString(), last)
    }
    requireText(bytes)
    return this.#single(bytes)
  }

  #isUtf8(): boolean {
    return this.#invalid === 0 || this.#valid > this.#invalid
  }

  #utf8(bytes: Buffer, whole: Buffer | null, text: string, last: boolean): TextPiece {
    const rest = bytes.subarray(bytes.length - halfCharacter(bytes))
    if (!last) this.#rest = Buffer.from(rest)
    else if (rest.length > 0 && !this.#truncated()) return piece(text + REPLACEMENT)
    return whole ? { bytes: whole, text, verbatim: true } : piece(text)
  }

  #single(bytes: Buffer): TextPiece {
    const { text, windows } = windows1252(bytes)
    this.#windows ||= windows
    return piece(text)
  }
}

class Utf16Decoder implements Decoder {
  readonly encoding: 'utf-16le' | 'utf-16be'
  readonly #truncated: () => boolean
  #rest = Buffer.alloc(0)

  constructor(encoding: 'utf-16le' | 'utf-16be', truncated: () => boolean) {
    this.encoding = encoding
    this.#truncated = truncated
  }

  decode(block: Buffer, last: boolean): TextPiece {
    const bytes = Buffer.concat([this.#rest, block])
    let end = bytes.length & ~1
    if (this.encoding === 'utf-16be') bytes.subarray(0, end).swap16()
    // A surrogate waits for its other half.
    if (!last && end > 0 && (bytes[end - 1]! & 0xfc) === 0xd8) end -= 2
    this.#rest = Buffer.from(bytes.subarray(end))
    if (!last && this.encoding === 'utf-16be') this.#rest.subarray(0, this.#rest.length & ~1).swap16()
    const text = bytes.toString('utf16le', 0, end)
    if (text.includes('\0')) throw new NotText('holds a NUL character')
    return piece(last && bytes.length > end && !this.#truncated() ? text + REPLACEMENT : text)
  }
}

function piece(text: string): TextPiece {
  // A half of a pair without the other has no UTF-8.
  const wellFormed = text.toWellFormed()
  return { bytes: Buffer.from(wellFormed), text: wellFormed, verbatim: false }
}

/** How many bytes at the end begin a character that they do not finish: 0 to 3. */
function halfCharacter(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0
  }
  return 0
}
