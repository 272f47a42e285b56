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
  #waiting: { readonly command: Command; readonly since: number }[] = []
  /** Of those that wait the first; what stands before it is done with. To take away each as it is would move all others. */
  #first = 0
  #looking: NodeJS.Timeout | undefined

  /** @param ms that a command may wait. */
  constructor(ms: number) {
    this.#ms = ms
  }

  /** Call it for each command as it is sent. For one that is sent again the first time counts. */
  watch(command: Command): void {
    while (this.#waiting[this.#first]?.command.isSettled) this.#first++
    this.#forget()
    this.#waiting.push({ command, since: performance.now() })
    this.#looking ??= setInterval(() => this.#look(), LOOK_EVERY)
  }

  #look(): void {
    const latest = performance.now() - this.#ms
    for (; this.#first < this.#waiting.length; this.#first++) {
      const { command, since } = this.#waiting[this.#first]!
      if (command.isSettled) continue
      if (since > latest) return
      command.reject(new Error('Command timed out'))
    }
    this.#forget()
    clearInterval(this.#looking)
    this.#looking = undefined
  }

  #forget(): void {
    if (this.#first === 0 || this.#first * 2 < this.#waiting.length) return
    this.#waiting = this.#waiting.slice(this.#first)
    this.#first = 0
  }
}
