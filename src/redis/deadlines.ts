/**
 * Fails the commands that have had no answer in time. ioredis's `commandTimeout` does so with a timer for each of them,
 * and makes a slow object of each by deleting it: a third of what a small command costs. But Redis answers in order, so
 * whoever has waited longest stands in front, and one look now and then is enough.
 */
import type { Command } from 'ioredis'

/** Milliseconds between two looks. */
const LOOK_EVERY = 100

export class Deadlines {
  readonly #ms: number
  readonly #waiting: { readonly command: Command; readonly since: number }[] = []
  #looking: NodeJS.Timeout | undefined

  /** @param ms that a command may wait. */
  constructor(ms: number) {
    this.#ms = ms
  }

  /** Call it for each command as it is sent. For one that is sent again the first time counts. */
  watch(command: Command): void {
    while (this.#waiting[0]?.command.isSettled) this.#waiting.shift()
    this.#waiting.push({ command, since: performance.now() })
    this.#looking ??= setInterval(() => this.#look(), LOOK_EVERY)
  }

  #look(): void {
    const latest = performance.now() - this.#ms
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      if (!first.command.isSettled) {
        if (first.since > latest) return
        first.command.reject(new Error('Command timed out'))
      }
      this.#waiting.shift()
    }
    clearInterval(this.#looking)
    this.#looking = undefined
  }
}
