/** In which state an endpoint is. */
import type { Webhook } from '../../contract.ts'

/** Disabled by itself, something is wrong; by hand, somebody wanted it so. */
export type State = 'enabled' | 'failing' | 'disabled-by-itself' | 'disabled-by-hand'

export function stateOf({ enabled, disabledReason, failingSince }: Webhook): State {
  if (!enabled) return disabledReason === null ? 'disabled-by-hand' : 'disabled-by-itself'
  return failingSince === null ? 'enabled' : 'failing'
}

/** What endpoints may be looked for by, and in which states those are. */
export const LOOKED_FOR: ReadonlyMap<string, readonly State[]> = new Map([
  ['failing', ['failing']],
  ['disabled', ['disabled-by-itself', 'disabled-by-hand']],
])
