/** How fast an upload goes, and how long it will still take. */
import { bytes, wholeSeconds } from '../../format.ts'

/** In ms since whenever, and the bytes sent by then. */
export type Sample = readonly [at: number, sent: number]

/** In ms: long enough to be calm, short enough to follow a line that becomes another. */
const WINDOW = 10_000
/** In ms: of less nothing can be told. */
const LEAST = 1_000

/** @returns those that count, with the new one; only that where less has been sent than before, as after a cut */
export function sampled(samples: readonly Sample[], [now, sent]: Sample): Sample[] {
  const last = samples.at(-1)
  if (last && sent < last[1]) return [[now, sent]]
  const from = samples.findLastIndex(([at]) => at <= now - WINDOW)
  return [...samples.slice(Math.max(from, 0)), [now, sent]]
}

/** @param left bytes still to be sent. @returns for people; nothing where nothing can be told yet */
export function pace(samples: readonly Sample[], left: number): string {
  const [first, last] = [samples[0], samples.at(-1)]
  if (!first || !last || last[0] - first[0] < LEAST || last[1] === first[1]) return ''
  const speed = (last[1] - first[1]) / (last[0] - first[0])
  return `${bytes(speed * 1_000)}/s · ${wholeSeconds(Math.max(1_000, left / speed))} left`
}
