/**
 * The place for suspects: one a process. The jobs of a dead worker come back as one cohort, and if one of them killed
 * it, it would take the innocent along again and again. A job that has lost its worker twice runs only in this place,
 * alone among suspects, until it has completed a stage: so only the killer is lost five times.
 */
export interface SuspectPlace {
  /** Waits for the place; answers how to give it up, which may be called more than once. */
  take(signal: AbortSignal): Promise<() => void>
}

export function createSuspectPlace(): SuspectPlace {
  let last: Promise<void> = Promise.resolve()
  return {
    async take(signal) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const before = last
      last = before.then(() => promise)
      const aborted = new Promise<never>((_, reject) => {
        if (signal.aborted) reject(signal.reason)
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      })
      try {
        await Promise.race([before, aborted])
      } catch (reason) {
        resolve()
        throw reason
      }
      return resolve
    },
  }
}
