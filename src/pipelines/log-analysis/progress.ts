/** A stage's progress by the bytes that it has read of all it will read; the message is the name of the file at hand. */
import type { StageContext } from '../pipeline.ts'

export class ByteProgress {
  readonly #context: StageContext
  readonly #total: number
  #read = 0

  constructor(context: StageContext, total: number) {
    this.#context = context
    this.#total = total
  }

  /** Also the place where a stage that was told to stop does so: it is called for each chunk. */
  add(bytes: number, name: string): void {
    this.#context.signal.throwIfAborted()
    this.#read += bytes
    this.#context.progress(this.#total === 0 ? 100 : Math.min(100, (this.#read / this.#total) * 100), name)
  }
}
