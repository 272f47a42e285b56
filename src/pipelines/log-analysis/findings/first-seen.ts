/**
 * Messages that a file did not have before: near the beginning of a burst, where they may be its cause, and errors that
 * are new although there are too few for a burst.
 */
import { isError, LEVELS } from '../levels.ts'
import type { Burst } from './error-bursts.ts'
import { at, clock, type Found, quoted, type SeenAt, times, type Wordings } from './found.ts'

/** The share of the file that must have gone by before anything in it can be called new. */
const LEAST_BEFORE = 0.1
/**
 * How unlikely it must be that a message spread evenly over the file kept away so long: a file has thousands of
 * templates, and none of them should be told by chance.
 */
const CHANCE = 1e-7
const MOST_NAMED = 3
const MOST_NEW_ERRORS = 2
/** Ms. At least so long before the burst's first error. */
const LEAST_BEFORE_BURST = 60_000

interface Appearance {
  first: SeenAt
  /** Entries of the file before it. */
  before: number
  count: number
}

export class FirstSeenFinder {
  readonly #appearances: (Appearance | undefined)[] = []
  #entries = 0

  add(seen: SeenAt): void {
    const appearance = this.#appearances[seen.template]
    if (appearance) appearance.count++
    else this.#appearances[seen.template] = { first: seen, before: this.#entries, count: 1 }
    this.#entries++
  }

  finish(bursts: readonly Burst[], wordings: Wordings): Found[] {
    const fresh = this.#merged(wordings).filter(({ before }) => before >= this.#entries * LEAST_BEFORE)
    const apart = fresh.filter(({ first }) => !bursts.some(burst => isNear(first, burst)))
    return [
      ...bursts.flatMap(burst => nearBurst(fresh, burst, wordings)),
      ...this.#newErrors(apart, wordings),
    ]
  }

  #newErrors(fresh: readonly Appearance[], wordings: Wordings): Found[] {
    return fresh
      .filter(
        ({ first, before, count }) => isError(first.level) && (1 - before / this.#entries) ** count < CHANCE,
      )
      .sort((a, b) => b.count - a.count || a.before - b.before)
      .slice(0, MOST_NEW_ERRORS)
      .map(({ first, count }) => ({
        kind: 'first-seen',
        severity: 'medium',
        title: `A new error, ${times(count)}`,
        detail: `${quoted(wordings.wordingOf(first.template))} is first seen here and keeps coming back.`,
        ...at(first),
      }))
  }

  /** Templates that have become one since have appeared when the first of them did. */
  #merged(wordings: Wordings): Appearance[] {
    const merged = new Map<number, Appearance>()
    // `forEach` passes over the places that this file has no entry of.
    this.#appearances.forEach((appearance, template) => {
      const current = wordings.current(template)
      const other = merged.get(current)
      if (!other) merged.set(current, { ...appearance! })
      else {
        if (appearance!.before < other.before)
          Object.assign(other, { first: appearance!.first, before: appearance!.before })
        other.count += appearance!.count
      }
    })
    return [...merged.values()]
  }
}

function isNear(seen: SeenAt, burst: Burst): boolean {
  return seen.time >= burst.from - burst.window && seen.time <= burst.to + burst.window
}

/** One finding for all that is new around the burst's beginning; the gravest, then the nearest. */
function nearBurst(fresh: readonly Appearance[], burst: Burst, wordings: Wordings): Found[] {
  const begin = burst.from - Math.max(LEAST_BEFORE_BURST, burst.window)
  const burstTemplate = burst.found.template === null ? null : wordings.current(burst.found.template)
  const near = fresh
    .filter(({ first }) => first.time >= begin && first.time <= burst.from)
    .filter(({ first }) => wordings.current(first.template) !== burstTemplate)
    .sort((a, b) => LEVELS.indexOf(a.first.level) - LEVELS.indexOf(b.first.level) || b.before - a.before)
    .slice(0, MOST_NAMED)
    .sort((a, b) => a.before - b.before)
  const [first] = near
  if (!first) return []
  const list = near.map(
    each =>
      `${quoted(wordings.wordingOf(each.first.template))} (${clock(each.first.time, false)}, ${times(each.count)})`,
  )
  return [
    {
      kind: 'first-seen',
      severity: 'medium',
      title:
        near.length === 1
          ? 'A new message shortly before the errors began'
          : `${near.length} new messages shortly before the errors began`,
      detail: `Not in this file before, and possibly a cause or a first sign: ${list.join('; ')}.`,
      ...at(first.first),
    },
  ]
}
