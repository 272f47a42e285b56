/** Exceptions with a stack trace, grouped by their types, from the outermost to the root cause, and their top frames. */
import { isError, type Level } from '../levels.ts'
import { at, clock, type Found, type SeenAt, times } from './found.ts'
import { readStackTrace, type StackTrace, shortName } from './stack-trace.ts'

/** Groups kept; the types of an honest program are far fewer. */
const MOST_GROUPS = 500
const MOST_FINDINGS = 4

interface Group {
  readonly trace: StackTrace
  readonly first: SeenAt
  last: SeenAt
  count: number
  level: Level
}

export class ExceptionCounter {
  readonly #groups = new Map<string, Group>()
  #left = 0

  /** @param continuation the lines of the entry after its first. */
  add(seen: SeenAt, message: string, continuation: readonly string[]): void {
    const trace = readStackTrace(message, continuation)
    if (!trace) return
    const key = JSON.stringify([trace.types, trace.frames.slice(0, 2)])
    const group = this.#groups.get(key)
    if (group) {
      group.count++
      group.last = seen
      if (isError(seen.level)) group.level = seen.level
    } else if (this.#groups.size < MOST_GROUPS) {
      this.#groups.set(key, { trace, first: seen, last: seen, count: 1, level: seen.level })
    } else this.#left++
  }

  /** The most frequent first; what has the same types but was thrown elsewhere is one finding. */
  findings(): Found[] {
    const byTypes = Map.groupBy(this.#groups.values(), ({ trace }) => trace.types.join('\n'))
    const all = [...byTypes.values()]
      .map(groups => groups.toSorted((a, b) => b.count - a.count))
      .map(groups => ({ groups, count: groups.reduce((sum, group) => sum + group.count, 0) }))
      .sort((a, b) => b.count - a.count)
    const more = all.slice(MOST_FINDINGS)
    return all.slice(0, MOST_FINDINGS).map(({ groups, count }, rank) => {
      const found = finding(groups, count)
      const isLast = rank === MOST_FINDINGS - 1
      if (!isLast || (more.length === 0 && this.#left === 0)) return found
      const others = more.slice(0, 3).map(({ groups: [group] }) => shortName(group!.trace.types[0]!))
      const rest = more.length > others.length ? ` and ${more.length - others.length} more kinds` : ''
      return { ...found, detail: `${found.detail} Rarer: ${others.join(', ')}${rest}.` }
    })
  }
}

function finding(groups: readonly Group[], count: number): Found {
  const most = groups[0]!
  const first = groups.map(group => group.first).reduce((a, b) => (b.time < a.time ? b : a))
  const last = groups.map(group => group.last).reduce((a, b) => (b.time > a.time ? b : a))
  const { types, frames } = most.trace
  const root = types.length > 1 ? ` caused by ${shortName(types.at(-1)!)}` : ''
  const called = frames[1] ? `, called from ${frames[1]}` : ''
  const elsewhere =
    groups.length > 1 ? `, and in ${groups.length - 1} other place${groups.length > 2 ? 's' : ''}` : ''
  const chain =
    types.length > 1
      ? ` The chain: ${types.join(', caused by ')}.`
      : types[0] === shortName(types[0]!)
        ? ''
        : ` In full: ${types[0]}.`
  const until =
    count > 1 && last.time > first.time
      ? ` Last at ${clock(last.time, last.time - first.time > 86_400_000)}.`
      : ''
  const isGrave = groups.some(({ level }) => isError(level) || level === 'unknown')
  return {
    kind: 'exception',
    severity: isGrave ? 'high' : 'medium',
    title: `${shortName(types[0]!)}${root}, ${times(count)}`,
    detail: `Thrown in ${frames[0]}${called}${elsewhere}.${chain}${until}`,
    ...at(first),
  }
}
