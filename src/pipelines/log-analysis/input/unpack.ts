/**
 * Compressed bytes to bytes, as far as it goes: of a stream that breaks off everything is read, of a damaged one what
 * comes before the damage, to a few kilobytes.
 */
import {
  constants,
  createGunzip,
  createInflateRaw,
  createZstdDecompress,
  type Gunzip,
  type InflateRaw,
  type ZstdDecompress,
} from 'node:zlib'
import type { Compression } from './compression.ts'
import { NotText } from './encoding.ts'
import { ZstdFrames } from './zstd-frames.ts'

/** What is lost at a damage: zlib gives nothing of a write that fails. */
const SLICE = 4096
const OUTPUT_CHUNK = 64 * 1024
/** Unpacked bytes that may wait to be taken; the rest stays packed meanwhile. A slice of zstd may hold 128 MiB. */
const MOST_WAITING = 256 * 1024
/** log2 of the most memory that zstd may ask for: what `zstd -d` grants, and less for layers within layers. */
const WINDOW_LOG = { outer: 27, inner: 23 } as const

export interface UnpackOutcome {
  /** The stream ended before its end, or was damaged. */
  truncated: boolean
}

/** `deflate`: as a zip has it, without a header. */
export type Packing = Compression | 'deflate'

/**
 * @param depth layers around this one.
 * @param outcome filled in when the stream has ended.
 * @throws NotText where it would take too much memory; the source's own errors.
 */
export async function* unpacked(
  source: AsyncGenerator<Uint8Array>,
  packing: Packing,
  depth: number,
  outcome: UnpackOutcome,
): AsyncGenerator<Uint8Array> {
  const stream = createDecompressor(packing, depth)
  const output = new Output(stream)
  try {
    for await (const slice of slices[packing](source)) {
      const intact = slice !== null && (yield* output.during(written(stream, slice)))
      if (!intact) {
        outcome.truncated = true
        return
      }
    }
    if (!(yield* output.during(ended(stream)))) outcome.truncated = true
  } finally {
    stream.destroy()
  }
}

type Decompressor = Gunzip | InflateRaw | ZstdDecompress

function createDecompressor(packing: Packing, depth: number): Decompressor {
  if (packing === 'gzip') return createGunzip({ chunkSize: OUTPUT_CHUNK })
  if (packing === 'deflate') return createInflateRaw({ chunkSize: OUTPUT_CHUNK })
  const windowLog = depth === 0 ? WINDOW_LOG.outer : WINDOW_LOG.inner
  return createZstdDecompress({
    chunkSize: OUTPUT_CHUNK,
    params: { [constants.ZSTD_d_windowLogMax]: windowLog },
  })
}

/** The pieces in which packed bytes are handed over; null where they turn out to be something else from there on. */
const slices: Record<
  Packing,
  (source: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array | null, void>
> = {
  gzip: evenSlices,
  deflate: evenSlices,
  async *zstd(source) {
    const frames = new ZstdFrames()
    for await (const chunk of source) {
      for (let at = 0; at < chunk.length; ) {
        const taken = frames.take(chunk.subarray(0, at + SLICE), at)
        if (taken === 0) {
          yield null
          return
        }
        yield chunk.subarray(at, at + taken)
        at += taken
      }
    }
  },
}

async function* evenSlices(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of source)
    for (let at = 0; at < chunk.length; at += SLICE) yield chunk.subarray(at, at + SLICE)
}

/** Gathers what a decompressor gives, and holds it back while too much waits to be taken. */
class Output {
  readonly #stream: Decompressor
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #full = () => {}

  constructor(stream: Decompressor) {
    this.#stream = stream
    stream.on('data', (chunk: Buffer) => {
      this.#waiting.push(chunk)
      this.#waitingBytes += chunk.length
      if (this.#waitingBytes < MOST_WAITING) return
      stream.pause()
      this.#full()
    })
    // Every failure is met by the write that caused it.
    stream.on('error', () => {})
  }

  /** Gives what comes while something is under way, and returns what that gave. */
  async *during<T>(work: Promise<T>): AsyncGenerator<Uint8Array, T> {
    for (;;) {
      const full = new Promise<'full'>(resolve => {
        this.#full = () => resolve('full')
      })
      const outcome = await Promise.race([work.then(value => ({ value })), full])
      const chunks = this.#waiting
      this.#waiting = []
      this.#waitingBytes = 0
      yield* chunks
      if (this.#stream.isPaused()) this.#stream.resume()
      if (outcome !== 'full') return outcome.value
    }
  }
}

/** @returns false where the data is damaged. What was unpacked before has been given either way. */
function written(stream: Decompressor, slice: Uint8Array): Promise<boolean> {
  return settled(stream, done => stream.write(slice, () => done()))
}

function ended(stream: Decompressor): Promise<boolean> {
  return settled(stream, done => {
    // It has ended already where something other than gzip follows, which is left alone as `gzip -d` does.
    if (stream.readableEnded) return done()
    stream.once('end', done)
    stream.end()
  })
}

/** A write that fails may or may not be called back, so the error itself is listened for. */
function settled(stream: Decompressor, work: (done: () => void) => void): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => {
      if (error.code === 'ZSTD_error_frameParameter_windowTooLarge')
        reject(new NotText('is in zstd with a window too large to be held in memory'))
      else resolve(false)
    }
    if (stream.errored) return fail(stream.errored)
    stream.once('error', fail)
    work(() => {
      stream.off('error', fail)
      resolve(stream.errored === null)
    })
  })
}
