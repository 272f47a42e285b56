/** How an endpoint is called, and how its state is. */
import type { Webhook } from '../../contract.ts'
import type { Tone } from '../../parts/status.tsx'
import type { State } from './endpoint-state.ts'

export function nameOf({ description, url }: Pick<Webhook, 'description' | 'url'>): string {
  return description || originOf(url)
}

/** Where a URL leads: without its path, which may be long, and may hold a token. */
export function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url
}

export const STATES: Readonly<Record<State, { tone: Tone; word: string }>> = {
  enabled: { tone: 'good', word: 'Enabled' },
  failing: { tone: 'warn', word: 'Failing' },
  'disabled-by-itself': { tone: 'bad', word: 'Disabled' },
  'disabled-by-hand': { tone: 'quiet', word: 'Disabled' },
}
