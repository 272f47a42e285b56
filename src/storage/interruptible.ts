/**
 * Reads a source chunk by chunk, until it ends or somebody interrupts.
 *
 * `for await` cannot be interrupted while it waits, and a client that has stalled makes it wait for ever.
 * `Promise.race` against one long-lived promise would do, but holds on to every chunk's reaction until that promise
 * settles: tens of megabytes over a large upload.
 */
import { Readable } from 'node:stream'

export type Source = AsyncIterable<Uint8Array> | Readable

export class InterruptibleSource {
  readonly #source: Source
  readonly #iterator: AsyncIterator<Uint8Array>
  #interruption: { reason: unknown } | null = null
  #rejectPending: ((reason: unknown) => void) | null = null

  constructor(source: Source) {
    this.#source = source
    this.#iterator = source[Symbol.asyncIterator]()
  }

  /** The next chunk; rejects with the source's own error, or with the reason of the interruption. */
  next(): Promise<IteratorResult<Uint8Array>> {
    return new Promise((resolve, reject) => {
      if (this.#interruption) return reject(this.#interruption.reason)
      this.#rejectPending = reject
      this.#iterator.next().then(resolve, reject)
    })
  }

  /**
   * Gives the next chunk to `take`, and waits for it; false at the end. For loops: one that calls `next` itself holds on
   * to a chunk while it waits for the one after it, and so does each of a thousand uploads that pause.
   */
  async pass(take: (chunk: Uint8Array) => Promise<void> | null): Promise<boolean> {
    const read = await this.next()
    if (read.done) return false
    const taken = take(read.value)
    if (taken) await taken
    return true
  }

  /** Makes the call of `next` under way, and every later one, reject with `reason`. The first reason counts. */
  interrupt(reason: unknown): void {
    this.#interruption ??= { reason }
    this.#rejectPending?.(this.#interruption.reason)
  }

  /** Tells the source that nobody reads on, as leaving `for await` early does. Does not wait for it. */
  abandon(): void {
    if (this.#source instanceof Readable) {
      this.#source.destroy()
      return
    }
    // Whoever reads has an error to report already; what a generator's clean-up adds to it would only replace it.
    this.#iterator.return?.().catch(() => {})
  }
}
