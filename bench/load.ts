/**
 * The load: so many connections, each of which submits the next job as soon as its last one was answered. What has
 * been answered but not called back yet waits in the candidate's queue, and is not counted.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { cpuSeconds } from './processes.ts'
import { percentile } from './statistics.ts'

export interface Measured {
  /** Jobs a second that were called back within the measured time. */
  readonly finished: number
  /** Uploads a second that were answered within it. */
  readonly answered: number
  /** Milliseconds from submitting to the callback, of those finished. */
  readonly p50: number
  readonly p99: number
  /** By process: milliseconds of processor time for each job finished. */
  readonly cpu: ReadonlyMap<string, number>
}

export interface LoadOptions {
  readonly connections: number
  readonly warmupSeconds: number
  readonly seconds: number
  readonly signal: AbortSignal
}

export class Load {
  readonly #options: LoadOptions
  readonly #sentAt = new Map<number, number>()
  readonly #failure = Promise.withResolvers<never>()
  #submissions = 0
  #latencies: number[] | null = null
  #answers = 0

  constructor(options: LoadOptions) {
    this.#options = options
    // A failure before `drive` waits for it is told there.
    this.#failure.promise.catch(() => {})
  }

  /** A submission was called back. A second callback for the same one (at least once) counts for nothing. */
  readonly arrived = (submission: number): void => {
    const sentAt = this.#sentAt.get(submission)
    if (sentAt === undefined) return
    this.#sentAt.delete(submission)
    this.#latencies?.push(performance.now() - sentAt)
  }

  /** Ends the measurement: a rate in which some failed says nothing. */
  readonly failed = (error: Error): void => this.#failure.reject(error)

  /** @param submit resolves when the candidate has answered. @param pids whose processor time is told. */
  async drive(
    submit: (submission: number) => Promise<void>,
    pids: ReadonlyMap<string, number>,
  ): Promise<Measured> {
    const { connections, warmupSeconds, seconds, signal } = this.#options
    let open = true
    const connection = async () => {
      while (open) {
        const submission = ++this.#submissions
        this.#sentAt.set(submission, performance.now())
        await submit(submission)
        this.#answers++
      }
    }
    const all = Promise.all(Array.from({ length: connections }, connection))
    const wait = (s: number) =>
      Promise.race([delay(s * 1_000, undefined, { signal }), this.#failure.promise, all])

    try {
      await wait(warmupSeconds)
      const latencies: number[] = []
      this.#latencies = latencies
      const before = { at: performance.now(), answers: this.#answers, cpu: cpuOf(pids) }
      await wait(seconds)
      const elapsed = (performance.now() - before.at) / 1_000
      this.#latencies = null
      const after = { answers: this.#answers, cpu: cpuOf(pids) }
      open = false
      await Promise.race([all, this.#failure.promise])
      return {
        finished: latencies.length / elapsed,
        answered: (after.answers - before.answers) / elapsed,
        p50: percentile(latencies, 50),
        p99: percentile(latencies, 99),
        cpu: new Map(
          [...after.cpu].map(([name, used]) => [
            name,
            ((used - before.cpu.get(name)!) * 1_000) / latencies.length,
          ]),
        ),
      }
    } finally {
      open = false
      all.catch(() => {})
    }
  }
}

function cpuOf(pids: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...pids].map(([name, pid]) => [name, cpuSeconds(pid)]))
}
