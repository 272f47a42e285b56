/** When the next attempt is made; what is due is due now, whatever the clocks say. */
import { Time, useNow } from '../../parts/time.tsx'

/** Within so many ms an attempt is as good as under way. */
const SOON = 5_000

export function Due({ at }: { at: string | null }) {
  const now = useNow()
  return at === null || Date.parse(at) - now < SOON ? 'now' : <Time at={at} style="ago" />
}
