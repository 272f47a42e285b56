/**
 * How many streams a caller may have open in one API process. Each holds a connection and a place in the feed for as
 * long as its client likes. Counted in the process that serves them, as uploads are: whatever ends a stream, the death
 * of its process included, frees its place.
 */
import type { Caller } from './callers.ts'
import { rateLimited } from './rate-limits.ts'

/** In s: browsers that close a page give its stream back soon. */
const RETRY_AFTER = 5

export interface OpenStreams {
  /** @returns what gives the place back. @throws Problem `rate-limited` where the caller has as many as it may. */
  enter(caller: Caller): () => void
}

export function createOpenStreams(most: number): OpenStreams {
  const open = new Map<string, number>()
  return {
    enter({ name }) {
      const count = open.get(name) ?? 0
      if (count >= most) {
        throw rateLimited(`${most} streams are open with this key (SLUICE_MAX_STREAMS).`, RETRY_AFTER)
      }
      open.set(name, count + 1)
      return once(() => {
        const left = open.get(name)! - 1
        if (left === 0) open.delete(name)
        else open.set(name, left)
      })
    },
  }
}

function once(run: () => void): () => void {
  let done = false
  return () => {
    if (!done) run()
    done = true
  }
}
