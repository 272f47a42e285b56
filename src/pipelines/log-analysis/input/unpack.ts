/**
 * Compressed bytes to bytes, layer by layer, within limits, and as far as it goes: of a stream that breaks off
 * everything is read, of a damaged one what comes before the damage, to a few kilobytes.
 */
import { constants, createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from 'node:zlib'
import { type Compression, compressionOf, MAGIC_BYTES } from './compression.ts'
import { NotText } from './encoding.ts'
import { peek } from './peek.ts'
import { ZstdFrames } from './zstd-frames.ts'

/** What is lost at a damage: zlib gives nothing of a write that fails. */
const SLICE = 4096
const OUTPUT_CHUNK = 64 * 1024
/** Unpacked bytes that may wait to be taken; the rest stays packed meanwhile. A slice of zstd may hold 128 MiB. */
const MOST_WAITING = 256 * 1024
/**
 * Up to here no ratio is too high: a small file of one line, repeated, is no bomb, and gzip's best, 1,032 to 1, is
 * reached by any text that repeats itself.
 */
const RATIO_GRACE = 4 * 1024 * 1024
/** log2 of the most memory that zstd may ask for: what `zstd -d` grants, and less for layers within layers. */
const WINDOW_LOG = { outer: 27, inner: 23 } as const

export interface UnpackLimits {
  /** Most bytes that may come out of any layer. */
  readonly size: number
  /** Most bytes that may come out for one that was uploaded. */
  readonly ratio: number
  /** Most layers. */
  readonly depth: number
}

export interface UnpackOutcome {
  /** The stream ended before its end, or was damaged. */
  truncated: boolean
}

export class LimitExceeded extends Error {
  override readonly name = 'LimitExceeded'
  readonly limit: keyof UnpackLimits

  constructor(limit: keyof UnpackLimits, message: string) {
    super(message)
    this.limit = limit
  }
}

export interface Unpacked {
  /** From the outermost in; empty where the bytes are as they were. */
  readonly layers: readonly Compression[]
  readonly bytes: AsyncGenerator<Uint8Array>
  /** Filled in when `bytes` has ended. */
  readonly outcome: Readonly<UnpackOutcome>
}

/**
 * @throws LimitExceeded here for too many layers, and from `bytes` before a byte beyond a limit is yielded; the source's
 * own errors.
 */
export async function unpacked(source: AsyncGenerator<Uint8Array>, limits: UnpackLimits): Promise<Unpacked> {
  const outcome = { truncated: false }
  const budget = new Budget(limits)
  const layers: Compression[] = []
  let bytes = budget.counting(source)
  for (;;) {
    const { head, all } = await peek(bytes, MAGIC_BYTES)
    const compression = compressionOf(head)
    if (!compression) return { layers, bytes: all, outcome }
    if (layers.length >= limits.depth) {
      await all.return(undefined)
      throw new LimitExceeded('depth', `is compressed more than ${limits.depth} times over`)
    }
    const decompressor = createDecompressor(compression, layers.length)
    layers.push(compression)
    bytes = unpack(all, slices[compression], decompressor, budget, outcome)
  }
}

/** What all layers of a file have together. */
class Budget {
  readonly #limits: UnpackLimits
  #uploaded = 0

  constructor(limits: UnpackLimits) {
    this.#limits = limits
  }

  async *counting(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      this.#uploaded += chunk.length
      yield chunk
    }
  }

  /** @param made bytes that one layer has given so far. */
  check(made: number): void {
    const { size, ratio } = this.#limits
    if (made > size) throw new LimitExceeded('size', `unpacks to more than ${size} bytes`)
    if (made > Math.max(RATIO_GRACE, this.#uploaded * ratio))
      throw new LimitExceeded('ratio', `unpacks to more than ${ratio} times its size`)
  }
}

type Decompressor = Gunzip | ZstdDecompress

function createDecompressor(compression: Compression, depth: number): Decompressor {
  if (compression === 'gzip') return createGunzip({ chunkSize: OUTPUT_CHUNK })
  const windowLog = depth === 0 ? WINDOW_LOG.outer : WINDOW_LOG.inner
  return createZstdDecompress({
    chunkSize: OUTPUT_CHUNK,
    params: { [constants.ZSTD_d_windowLogMax]: windowLog },
  })
}

/** The pieces in which packed bytes are handed over; null where they turn out to be something else from there on. */
const slices: Record<
  Compression,
  (source: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array | null, void>
> = {
  async *gzip(source) {
    for await (const chunk of source)
      for (let at = 0; at < chunk.length; at += SLICE) yield chunk.subarray(at, at + SLICE)
  },
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

async function* unpack(
  source: AsyncGenerator<Uint8Array>,
  slicesOf: (source: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array | null, void>,
  stream: Decompressor,
  budget: Budget,
  outcome: UnpackOutcome,
): AsyncGenerator<Uint8Array> {
  const output = new Output(stream, made => budget.check(made))
  try {
    for await (const slice of slicesOf(source)) {
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

/** Gathers what a decompressor gives, and holds it back while too much waits to be taken. */
class Output {
  readonly #stream: Decompressor
  readonly #check: (made: number) => void
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #made = 0
  #full = () => {}

  constructor(stream: Decompressor, check: (made: number) => void) {
    this.#stream = stream
    this.#check = check
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
      this.#made += this.#waitingBytes
      this.#check(this.#made)
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
