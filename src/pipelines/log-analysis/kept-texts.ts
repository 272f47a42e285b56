/**
 * What is kept of the texts of one upload: their lines as UTF-8 and their entry indexes, each one after another in one
 * intermediate. An archive of ten thousand members is two objects more for storage, not twenty thousand.
 */
import type { StageContext } from '../pipeline.ts'
import { entryIndexesName, rawTextsName } from './handover.ts'
import { Sink } from './input/sink.ts'

export class KeptTexts {
  readonly text: Kept
  readonly index: Kept

  /** @param upload place of the file among the job's. */
  constructor(context: StageContext, upload: number) {
    this.text = new Kept(context, rawTextsName(upload))
    this.index = new Kept(context, entryIndexesName(upload))
  }

  /** Resolves once all of it is kept. */
  async end(): Promise<void> {
    await this.text.end()
    await this.index.end()
  }

  /** Leaves nothing. */
  async abort(error: unknown): Promise<void> {
    await Promise.all([this.text.abort(error), this.index.abort(error)])
  }
}

class Kept {
  readonly #context: StageContext
  readonly #name: string
  /** Null until there is something to be kept. */
  #sink: Sink<Uint8Array> | null = null
  #size = 0

  constructor(context: StageContext, name: string) {
    this.#context = context
    this.#name = name
  }

  /** Bytes so far: where the next ones begin. */
  get size(): number {
    return this.#size
  }

  /** @throws what writing failed with. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#size += bytes.length
    this.#sink ??= new Sink(source => this.#context.writeIntermediate(this.#name, source))
    await this.#sink.write(bytes)
  }

  async end(): Promise<void> {
    await this.#sink?.end()
  }

  async abort(error: unknown): Promise<void> {
    await this.#sink?.abort(error)
  }
}
