/** What of a report is shown. The address holds it, so that a link shows to others what one sees oneself. */
import type { Level, Report } from '../../contract.ts'

/** The gravest first. */
export const LEVELS: readonly Level[] = ['fatal', 'error', 'warn', 'info', 'debug', 'unknown']

export type Order = 'count' | 'level' | 'first' | 'last'
export const ORDERS: Readonly<Record<Order, string>> = {
  count: 'Most frequent first',
  level: 'Gravest first',
  first: 'In order of appearance',
  last: 'Seen last first',
}

export interface Span {
  /** In ms since the epoch; `to` is exclusive. */
  readonly from: number
  readonly to: number
}

export interface Filter {
  /** Null: all of the time. */
  readonly span: Span | null
  /** None: all of them. */
  readonly levels: readonly Level[]
  /** Looked for in templates and in their examples. */
  readonly text: string
  readonly order: Order
}

/** What does not make sense in an address is left out: it may have been typed. */
export function readFilter(search: string): Filter {
  const params = new URLSearchParams(search)
  const from = Date.parse(params.get('from') ?? '')
  const to = Date.parse(params.get('to') ?? '')
  const order = params.get('order')
  return {
    span: from < to ? { from, to } : null,
    levels: LEVELS.filter(level => params.getAll('level').includes(level)),
    text: params.get('q') ?? '',
    order: order !== null && Object.hasOwn(ORDERS, order) ? (order as Order) : 'count',
  }
}

/** @returns with its question mark, or nothing where there is nothing to say */
export function writeFilter({ span, levels, text, order }: Filter): string {
  const params = new URLSearchParams(levels.map((level): [string, string] => ['level', level]))
  if (span) {
    params.set('from', new Date(span.from).toISOString())
    params.set('to', new Date(span.to).toISOString())
  }
  if (text) params.set('q', text)
  if (order !== 'count') params.set('order', order)
  return params.size > 0 ? `?${params}` : ''
}

const SEVERITIES = ['high', 'medium', 'low'] as const satisfies readonly Report.Finding['severity'][]

/** The worst first. What tells no time is shown at all times. */
export function findingsIn(findings: readonly Report.Finding[], { span }: Filter): Report.Finding[] {
  return findings
    .filter(({ at }) => touches(span, at, at))
    .toSorted((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))
}

export function templatesIn(
  templates: readonly Report.Template[],
  { span, levels, text, order }: Filter,
): Report.Template[] {
  const wanted = text.toLowerCase()
  return templates
    .filter(
      ({ template, example, level, firstTimestamp, lastTimestamp }) =>
        touches(span, firstTimestamp, lastTimestamp) &&
        (levels.length === 0 || levels.includes(level)) &&
        (template.toLowerCase().includes(wanted) || example.toLowerCase().includes(wanted)),
    )
    .toSorted((a, b) => COMPARE[order](a, b) || b.count - a.count)
}

type Compare = (a: Report.Template, b: Report.Template) => number

/** What tells no time comes last. */
const COMPARE: Readonly<Record<Order, Compare>> = {
  count: (a, b) => b.count - a.count,
  level: (a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level),
  first: (a, b) => timeOr(a.firstTimestamp, Infinity) - timeOr(b.firstTimestamp, Infinity) || 0,
  last: (a, b) => timeOr(b.lastTimestamp, 0) - timeOr(a.lastTimestamp, 0),
}

function timeOr(at: string | null, otherwise: number): number {
  return at === null ? otherwise : Date.parse(at)
}

function touches(span: Span | null, first: string | null, last: string | null): boolean {
  if (span === null || first === null || last === null) return true
  return Date.parse(first) < span.to && Date.parse(last) >= span.from
}

export interface Sums {
  readonly entries: number
  readonly errors: number
  readonly warnings: number
}

/** Of the buckets that begin within the span. */
export function sumsIn({ buckets }: Report.Timeline, span: Span | null): Sums {
  const sums = { entries: 0, errors: 0, warnings: 0 }
  for (const { at, entries, errors, warnings } of buckets) {
    const start = Date.parse(at)
    if (span && (start < span.from || start >= span.to)) continue
    sums.entries += entries
    sums.errors += errors
    sums.warnings += warnings
  }
  return sums
}

/** From the first bucket's beginning to the last one's end. */
export function wholeSpan({ buckets, bucketSeconds }: Report.Timeline): Span | null {
  const [first, last] = [buckets[0], buckets.at(-1)]
  if (!first || !last) return null
  return { from: Date.parse(first.at), to: Date.parse(last.at) + bucketSeconds * 1_000 }
}

/** To whole buckets, for a bucket is the least that a timeline can tell; null where that is all of it. */
export function snapped(timeline: Report.Timeline, from: number, to: number): Span | null {
  const whole = wholeSpan(timeline)
  if (!whole) return null
  const width = timeline.bucketSeconds * 1_000
  const down = (at: number) => whole.from + Math.floor((at - whole.from) / width) * width
  const span = {
    from: Math.max(whole.from, down(Math.min(from, to))),
    to: Math.min(whole.to, down(Math.max(from, to) - 1) + width),
  }
  if (span.from >= span.to || (span.from === whole.from && span.to === whole.to)) return null
  return span
}
