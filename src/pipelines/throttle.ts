/**
 * Holds progress back, so that nobody is flooded: at most two a second, and 200 a stage and start. That a stage is at
 * its end is held back in any case: mostly its completion follows at once, and says the same.
 */

const SPACING_MS = 500
/** Of the 200: what only changes its message gets as many, and the percents, of which there are 100, the rest. */
const MOST_MESSAGES = 100

export interface Throttle {
  offer(percent: number, message?: string): void
  /** Drops what is still held back. */
  stop(): void
}

/** @param tell is called with whole percents that grow, or with the same and a new message. */
export function createThrottle(tell: (percent: number, message?: string) => void): Throttle {
  let told = { percent: 0, message: undefined as string | undefined, at: -Infinity }
  let messages = 0
  let held: { percent: number; message: string | undefined } | undefined
  let timer: NodeJS.Timeout | undefined

  function release(): void {
    timer = undefined
    if (!held) return
    const { percent, message } = held
    held = undefined
    if (percent <= told.percent && ++messages > MOST_MESSAGES) return
    told = { percent: Math.max(percent, told.percent), message, at: performance.now() }
    tell(told.percent, message)
  }

  return {
    offer(offered, message) {
      // 0 of 0 is no number; the message may still be one.
      const percent = Number.isNaN(offered) ? told.percent : Math.max(0, Math.min(100, Math.floor(offered)))
      if (percent <= told.percent && message === told.message) return
      held = { percent, message }
      const wait = percent === 100 ? SPACING_MS : told.at + SPACING_MS - performance.now()
      if (wait <= 0) release()
      else timer ??= setTimeout(release, wait)
    },
    stop() {
      clearTimeout(timer)
      held = undefined
    },
  }
}
