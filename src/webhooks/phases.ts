/** How an attempt's time was spent before its request could be written. */

export type Phase = 'dns' | 'connect'

export interface Phases {
  begin(phase: Phase): void
  end(phase: Phase): void
  /**
   * Whole milliseconds; of a phase that has not ended, those so far. Null where it was not reached, or not needed: an
   * address is not looked up, and a connection that was kept alive is there already.
   */
  ms(phase: Phase): number | null
}

export function createPhases(): Phases {
  const spans = new Map<Phase, { readonly from: number; to: number | null }>()
  return {
    begin: phase => void spans.set(phase, { from: performance.now(), to: null }),
    end(phase) {
      const span = spans.get(phase)
      if (span) span.to ??= performance.now()
    },
    ms(phase) {
      const span = spans.get(phase)
      return span ? Math.round((span.to ?? performance.now()) - span.from) : null
    },
  }
}
