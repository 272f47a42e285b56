/**
 * Entries over time, in memory that does not grow with the span: seconds are counted until there are too many of them,
 * then everything moves to the next wider bucket.
 */
import { isError } from '../levels.ts'
import type { Timeline } from '../report-json.ts'
import type { SeenAt } from './found.ts'

/** Seconds; widths that divide a minute, an hour, a day, so that buckets begin where a person would begin them. */
const WIDTHS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 604_800,
  2_592_000, 31_536_000,
]
/** More cannot be told apart in a chart as wide as a page. */
const MOST_BUCKETS = 120
/** Kept while counting, so that a late decision for a wider bucket is seldom needed. */
const MOST_COUNTED = 4_096
/** Templates of errors kept apart in a bucket. */
const MOST_TEMPLATES = 8

export interface Count {
  entries: number
  errors: number
  warnings: number
  /** Of each template: how many of the errors, and the first of them. */
  readonly errorTemplates: Map<number, TemplateErrors>
}

export interface TemplateErrors {
  count: number
  first: SeenAt
}

export class TimelineCounter {
  #width = 0
  #counts = new Map<number, Count>()
  #last = Number.NaN
  #lastCount = noCount()

  add(seen: SeenAt): void {
    if (Number.isNaN(seen.time)) return
    const bucket = Math.floor(seen.time / 1e3 / WIDTHS[this.#width]!)
    // Neighbours in a log are nearly always neighbours in time.
    const count = bucket === this.#last ? this.#lastCount : this.#countOf(bucket)
    count.entries++
    if (seen.level === 'warn') count.warnings++
    if (!isError(seen.level)) return
    count.errors++
    addTo(count.errorTemplates, seen.template, { count: 1, first: seen })
  }

  /** Buckets of the width that suits the span, with none left out between the first and the last. */
  finish(): { timeline: Timeline; counts: readonly Count[] } {
    if (this.#counts.size === 0) return { timeline: { bucketSeconds: 60, buckets: [] }, counts: [] }
    while (this.#span() > MOST_BUCKETS && this.#width < WIDTHS.length - 1) this.#widen()
    const bucketSeconds = WIDTHS[this.#width]!
    const first = this.#first()
    const counts = Array.from({ length: this.#span() }, (_, at) => this.#counts.get(first + at) ?? noCount())
    const buckets = counts.map(({ entries, errors, warnings }, at) => ({
      at: new Date((first + at) * bucketSeconds * 1e3).toISOString(),
      entries,
      errors,
      warnings,
    }))
    return { timeline: { bucketSeconds, buckets }, counts }
  }

  #countOf(bucket: number): Count {
    let count = this.#counts.get(bucket)
    if (!count) {
      count = noCount()
      this.#counts.set(bucket, count)
    }
    this.#last = bucket
    this.#lastCount = count
    if (this.#counts.size > MOST_COUNTED) this.#widen()
    return count
  }

  #first(): number {
    return this.#counts.keys().reduce((least, bucket) => Math.min(least, bucket))
  }

  #span(): number {
    return this.#counts.keys().reduce((most, bucket) => Math.max(most, bucket)) - this.#first() + 1
  }

  #widen(): void {
    const narrow = WIDTHS[this.#width]!
    this.#width++
    const wide = WIDTHS[this.#width]!
    const counts = new Map<number, Count>()
    for (const [bucket, count] of this.#counts) {
      // By its beginning: not every width divides the next.
      const into = Math.floor((bucket * narrow) / wide)
      const sum = counts.get(into)
      if (!sum) counts.set(into, count)
      else merge(sum, count)
    }
    this.#counts = counts
    this.#last = Number.NaN
  }
}

function merge(into: Count, from: Count): void {
  into.entries += from.entries
  into.errors += from.errors
  into.warnings += from.warnings
  for (const [template, errors] of from.errorTemplates) addTo(into.errorTemplates, template, errors)
}

/** What is added may be kept as it is. */
export function addTo(
  templates: Map<number, TemplateErrors>,
  template: number,
  errors: TemplateErrors,
): void {
  const known = templates.get(template)
  if (known) {
    known.count += errors.count
    if (errors.first.time < known.first.time) known.first = errors.first
  } else if (templates.size < MOST_TEMPLATES) templates.set(template, errors)
}

function noCount(): Count {
  return { entries: 0, errors: 0, warnings: 0, errorTemplates: new Map() }
}
