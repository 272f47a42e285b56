/** Times with far more errors than the file is used to. */
import { at, clock, type Found, quoted, span, spansDays, times, type Wordings } from './found.ts'
import { addTo, type Count, type TemplateErrors, type TimelineCounter } from './timeline.ts'

/** Buckets are put together to at most as many: a chart may be finer than what a person calls a burst. */
const MOST_WINDOWS = 40
/** In fewer windows nothing is usual. */
const LEAST_WINDOWS = 10
/** Fewer errors in a window are never a burst. */
const LEAST_ERRORS = 10
/** How many times the usual (the median) a burst must be, and how many median deviations above it. */
const TIMES_USUAL = 4
const DEVIATIONS = 8
/** Standard deviations of a steady rate: by chance alone, one of a hundred thousand quiet logs would go beyond. */
const SIGMAS = 7
const MOST_FINDINGS = 3
const MOST_NAMED = 4
/** Errors from which on a burst is grave. */
const GRAVE = 25

export interface Burst {
  readonly found: Found
  /** Ms. */
  readonly from: number
  readonly to: number
  /** Ms; the width that bursts were looked for with. */
  readonly window: number
}

/** The largest first; those of one template are one finding, at the largest of them. */
export function errorBursts(counter: TimelineCounter, wordings: Wordings): Burst[] {
  const { timeline, counts } = counter.finish()
  const together = Math.ceil(counts.length / MOST_WINDOWS)
  const errors = Array.from({ length: Math.ceil(counts.length / together) || 0 }, (_, window) =>
    sum(counts.slice(window * together, (window + 1) * together)),
  )
  if (errors.length < LEAST_WINDOWS) return []
  const usual = median(errors)
  const deviation = Math.max(1, median(errors.map(each => Math.abs(each - usual))))
  const threshold = Math.max(
    LEAST_ERRORS,
    usual * TIMES_USUAL,
    usual + deviation * DEVIATIONS,
    usual + SIGMAS * Math.sqrt(usual) + 3,
  )
  const bucket = timeline.bucketSeconds * 1e3
  const begin = Date.parse(timeline.buckets[0]!.at)
  const longerThanADay = spansDays(begin, begin + counts.length * bucket - 1)
  const runs = runsAbove(errors, threshold)
    .map(run => {
      const within = trimmed(counts, run.from * together, run.to * together)
      return { ...within, total: sum(counts.slice(within.from, within.to)) }
    })
    .sort((a, b) => b.total - a.total)
    .map(run => ({ ...run, templates: errorTemplates(counts.slice(run.from, run.to), wordings) }))
  const alike = Map.groupBy(runs, ({ templates }) => wordings.current(templates[0]!.first.template))
  return [...alike.values()].slice(0, MOST_FINDINGS).map(([largest, ...others]) => {
    const { from, to, total, templates } = largest!
    const first = templates[0]!.first
    const seconds = ((to - from) * bucket) / 1e3
    const window = span((together * bucket) / 1e3)
    const again = others
      .slice(0, MOST_NAMED)
      .map(other => `${clock(other.templates[0]!.first.time, longerThanADay)} (${other.total} errors)`)
    const more = others.length > again.length ? ` and ${others.length - again.length} more times` : ''
    const found: Found = {
      kind: 'error-burst',
      severity: total >= GRAVE ? 'high' : 'medium',
      title: `${total.toLocaleString('en-US')} errors within ${span(seconds)}`,
      detail: `From ${clock(first.time, longerThanADay)} on, where ${window} usually ${window.startsWith('1 ') ? 'has' : 'have'} ${usual === 0 ? 'none' : usual}. ${mostOf(templates, total, wordings)}${again.length > 0 ? ` Likewise at ${again.join(', ')}${more}.` : ''}`,
      ...at(first),
    }
    return { found, from: first.time, to: begin + to * bucket, window: together * bucket }
  })
}

/** Which messages the errors were, the most frequent first. */
function errorTemplates(counts: readonly Count[], wordings: Wordings): TemplateErrors[] {
  const all = new Map<number, TemplateErrors>()
  for (const { errorTemplates } of counts) {
    for (const [template, errors] of errorTemplates) addTo(all, wordings.current(template), { ...errors })
  }
  return [...all.values()].sort((a, b) => b.count - a.count || a.first.time - b.first.time)
}

function mostOf(templates: readonly TemplateErrors[], total: number, wordings: Wordings): string {
  const [first, second] = templates
  const text = ({ first: { template } }: TemplateErrors) => quoted(wordings.wordingOf(template))
  if (!second) return `All are ${text(first!)}.`
  const most = first!.count > total / 2 ? 'Most are' : 'The most frequent is'
  return `${most} ${text(first!)} (${times(first!.count)}), then ${text(second)} (${times(second.count)}).`
}

/** Without the buckets at either end that have hardly an error, by what is usual in the rest. */
function trimmed(counts: readonly Count[], from: number, to: number): { from: number; to: number } {
  let [first, end] = [from, Math.min(to, counts.length)]
  const few = sum(counts.slice(first, end)) / (end - first) / 4
  while (counts[first]!.errors <= few) first++
  while (counts[end - 1]!.errors <= few) end--
  return { from: first, to: end }
}

/** Neighbours above the threshold are one burst, also across a single quieter window. */
function runsAbove(values: readonly number[], threshold: number): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = []
  for (const [place, value] of values.entries()) {
    if (value < threshold) continue
    const last = runs.at(-1)
    if (last && place - last.to <= 1) last.to = place + 1
    else runs.push({ from: place, to: place + 1 })
  }
  return runs
}

function sum(counts: readonly Count[]): number {
  return counts.reduce((total, count) => total + count.errors, 0)
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]!
}
