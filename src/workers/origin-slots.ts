/**
 * Who may send to an origin now, in this process; how many may in all is kept in Redis (lua/delivery-claim.lua). A process
 * has a few slots for each, so that a slow receiver fills those and nothing else. One that gives a slot back at once
 * earns another, and one that does not loses what it has earned. For a fast one, waiting here is cheaper by far than
 * another turn through the queue, which would hold every origin to so many slots a turn, however fast it answers.
 */

export interface OriginSlots {
  /** @returns gives the slot back; or null where none will be free soon: come again later. */
  take(origin: string): Promise<(() => void) | null>
  /** Whether who asks now will not be sent away at once. */
  hasSoon(origin: string): boolean
  /** How long an attempt there has lately taken, or been taking, ms. */
  pace(origin: string): number
}

interface Origin {
  /** Slots that it has now. */
  slots: number
  taken: number
  /** When a slot was last given back; at first, when one was first taken. */
  movedAt: number
  /** How long the last slot given back had been taken, ms. */
  lastMs: number
  /** Those that wait for a slot, the longest first. */
  readonly waiting: Set<() => void>
}

/**
 * @param options `perOrigin`: slots that each has; `fastest`: the most that one can earn. `patienceMs`: the longest
 * that anybody waits for a slot, and holds a place meanwhile; who is done sooner is fast.
 */
export function createOriginSlots(options: {
  perOrigin: number
  fastest: number
  patienceMs: number
}): OriginSlots {
  const { perOrigin, fastest, patienceMs } = options
  const origins = new Map<string, Origin>()

  function hold(name: string, origin: Origin): () => void {
    const since = performance.now()
    origin.taken++
    return () => {
      origin.taken--
      origin.movedAt = performance.now()
      origin.lastMs = origin.movedAt - since
      origin.slots = origin.lastMs <= patienceMs ? Math.min(origin.slots + 1, fastest) : perOrigin
      for (const next of origin.waiting) {
        if (origin.taken >= origin.slots) return
        next()
      }
      if (origin.taken === 0) origins.delete(name)
    }
  }

  const isFree = (origin: Origin) => origin.taken < origin.slots

  const paceOf = (origin: Origin) => Math.max(origin.lastMs, performance.now() - origin.movedAt)

  /** Milliseconds until the next one to ask would have a slot, as far as can be told. */
  function expectedWait(origin: Origin): number {
    return Math.ceil((origin.waiting.size + 1) / origin.slots) * paceOf(origin)
  }

  const find = (name: string): Origin => {
    let origin = origins.get(name)
    if (!origin) {
      origin = { slots: perOrigin, taken: 0, movedAt: performance.now(), lastMs: 0, waiting: new Set() }
      origins.set(name, origin)
    }
    return origin
  }

  return {
    hasSoon(name) {
      const origin = origins.get(name)
      return !origin || isFree(origin) || expectedWait(origin) <= patienceMs
    },
    async take(name) {
      const origin = find(name)
      if (isFree(origin)) return hold(name, origin)
      if (expectedWait(origin) > patienceMs) return null

      const { promise, resolve } = Promise.withResolvers<(() => void) | null>()
      const proceed = () => {
        clearTimeout(timer)
        origin.waiting.delete(proceed)
        // At once, before anybody else can ask.
        resolve(hold(name, origin))
      }
      const timer = setTimeout(() => {
        origin.waiting.delete(proceed)
        resolve(null)
      }, patienceMs)
      origin.waiting.add(proceed)
      return promise
    },
    pace(name) {
      const origin = origins.get(name)
      return origin ? Math.round(paceOf(origin)) : 0
    },
  }
}
