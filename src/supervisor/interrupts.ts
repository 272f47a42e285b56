export interface Interrupts {
  /** The first SIGINT, SIGTERM or SIGHUP: stop in order. */
  readonly first: Promise<void>
  /** One more: stop at once. */
  readonly second: Promise<void>
}

/**
 * A Ctrl-C under npm arrives twice: from the terminal, which signals the whole process group, and from npm, which
 * passes it on. What follows this soon (in milliseconds) is the same one.
 */
const SAME_INTERRUPT = 500

/** To be called before anything is started that would have to be stopped. */
export function watchInterrupts(): Interrupts {
  const first = Promise.withResolvers<void>()
  const second = Promise.withResolvers<void>()
  let firstAt: number | null = null
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      firstAt ??= performance.now()
      if (performance.now() - firstAt > SAME_INTERRUPT) second.resolve()
      first.resolve()
    })
  }
  return { first: first.promise, second: second.promise }
}
