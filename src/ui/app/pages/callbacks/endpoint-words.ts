/** How an endpoint is called, and in which state it is. */
import type { Webhook } from '../../contract.ts'
import type { Tone } from '../../parts/status.tsx'

export function nameOf({ description, url }: Pick<Webhook, 'description' | 'url'>): string {
  return description || originOf(url)
}

/** Where a URL leads: without its path, which may be long, and may hold a token. */
export function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url
}

/** What an endpoint may be looked for by. */
export const STATES = ['failing', 'disabled'] as const
export type State = (typeof STATES)[number]

export function isIn(state: State, { enabled, failingSince }: Webhook): boolean {
  return state === 'disabled' ? !enabled : enabled && failingSince !== null
}

export function stateOf({ enabled, disabledReason, failingSince }: Webhook): { tone: Tone; word: string } {
  if (!enabled) return { tone: disabledReason ? 'bad' : 'quiet', word: 'Disabled' }
  return failingSince ? { tone: 'warn', word: 'Failing' } : { tone: 'good', word: 'Enabled' }
}
