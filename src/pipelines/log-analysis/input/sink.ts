/**
 * Two outputs from one pass: `StageContext` pulls from a source, so a stage that fills two at once needs something to
 * push into. A write waits until the reader has taken the chunk before; nothing piles up.
 */
export class Sink<T> implements AsyncIterable<T> {
  #chunk: { value: T; taken: () => void } | null = null
  #wake: () => void = () => {}
  #ended = false
  #abort: { error: unknown } | null = null
  #failure: { error: unknown } | null = null
  #onFailure: (error: unknown) => void = () => {}
  readonly #done: Promise<void>

  /** @param consume reads the sink to its end, as `writeArtifact` does. */
  constructor(consume: (source: AsyncIterable<T>) => Promise<void>) {
    this.#done = consume(this)
    // Met by the next write or by `end`; until then it must not count as unhandled.
    this.#done.catch(error => {
      this.#failure = { error }
      this.#onFailure(error)
    })
  }

  /** @throws what the consumer failed with. */
  async write(value: T): Promise<void> {
    if (this.#failure) throw this.#failure.error
    await new Promise<void>((taken, failed) => {
      this.#onFailure = failed
      this.#chunk = { value, taken }
      this.#wake()
    })
  }

  /** Resolves once the consumer has kept everything. */
  async end(): Promise<void> {
    this.#ended = true
    this.#wake()
    await this.#done
  }

  /** Makes the consumer fail, so that it leaves nothing half written. */
  async abort(error: unknown): Promise<void> {
    this.#abort = { error }
    this.#wake()
    // With this very error, which whoever aborts has already; here only the end matters.
    await this.#done.catch(() => {})
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      if (this.#abort) throw this.#abort.error
      const chunk = this.#chunk
      if (chunk) {
        this.#chunk = null
        yield chunk.value
        chunk.taken()
      } else if (this.#ended) {
        return
      } else {
        await new Promise<void>(wake => {
          this.#wake = wake
        })
      }
    }
  }
}
