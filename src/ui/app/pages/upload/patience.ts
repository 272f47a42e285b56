/**
 * What of an upload waits for the service, and until when: the draft, a file, the submission. Whatever may go well a
 * moment later is tried again, for as long as the page is open; meanwhile the page says so.
 */
import { Refusal } from '../../service/call.ts'

export interface Wait {
  readonly refusal: Refusal
  /** In ms since 1970. */
  readonly until: number
}

/** In ms, after each refusal; the last one again and again. */
const DELAYS = [0, 1_000, 2_000, 4_000, 8_000, 15_000]
/** What another request holds for a moment, or one that died. */
const HELD = ['uploads-in-progress', 'idempotency-in-progress']

let waits: ReadonlyMap<string, Wait> = new Map()
const watchers = new Set<() => void>()
/** End the waits of those who ask persistently. */
const alarms = new Map<string, () => void>()

export function watchWaits(changed: () => void): () => void {
  watchers.add(changed)
  return () => watchers.delete(changed)
}

/** By what waits: the id of a file, or the name under which somebody asks persistently. */
export function waiting(): ReadonlyMap<string, Wait> {
  return waits
}

/** @returns ms to leave the service alone for: at least as long as it asks for */
export function tellWait(name: string, refusal: Refusal, attempt: number): number {
  const delay = delayAfter(refusal, attempt)
  // What is tried again at once is nothing to speak of yet.
  if (delay > 0) set(new Map(waits).set(name, { refusal, until: Date.now() + delay }))
  return delay
}

export function delayAfter({ retryAfter = 0 }: Refusal, attempt: number): number {
  return Math.max(retryAfter, DELAYS[Math.min(attempt, DELAYS.length - 1)]!)
}

/** Tells of it no more; who asks persistently goes on at once. */
export function endWait(name: string): void {
  if (waits.has(name)) set(new Map([...waits].filter(([each]) => each !== name)))
  alarms.get(name)?.()
}

/** Lets those who ask persistently try again at once. */
export function wakeAll(): void {
  const until = Date.now()
  set(new Map([...waits].map(([name, wait]) => [name, { ...wait, until }])))
  for (const wake of alarms.values()) wake()
}

/**
 * Asks until there is an answer, one at a time under a name.
 *
 * @param signal ends it, with its reason
 * @param quiet what nobody waits for any more is not told
 * @throws {Refusal} that will stay
 */
export async function persistently<T>(
  name: string,
  ask: () => Promise<T>,
  { signal, quiet = () => false }: { signal?: AbortSignal; quiet?: () => boolean } = {},
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    const answer = await ask().catch((error: unknown) => {
      signal?.throwIfAborted()
      if (error instanceof Refusal && (error.passes || HELD.includes(error.code))) return error
      if (!quiet()) endWait(name)
      throw error
    })
    if (!(answer instanceof Refusal)) {
      if (!quiet()) endWait(name)
      return answer
    }
    if (quiet()) await new Promise(wake => setTimeout(wake, delayAfter(answer, attempt)))
    else await sleep(name, tellWait(name, answer, attempt))
    signal?.throwIfAborted()
  }
}

function sleep(name: string, delay: number): Promise<void> {
  return new Promise(resolve => {
    const wake = () => {
      clearTimeout(timer)
      alarms.delete(name)
      resolve()
    }
    const timer = setTimeout(wake, delay)
    alarms.set(name, wake)
  })
}

function set(next: ReadonlyMap<string, Wait>): void {
  waits = next
  for (const watcher of watchers) watcher()
}
