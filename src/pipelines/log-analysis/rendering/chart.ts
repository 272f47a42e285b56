/** The timeline as SVG: entries as bars, warnings and errors as their parts, findings as numbered marks above. */
import { span } from '../findings/found.ts'
import type { ReportJson } from '../report-json.ts'
import { html, type Markup } from './escape.ts'
import { counted, number, time } from './words.ts'

const WIDTH = 960
const PLOT = 150
const BOTTOM = 22
const LEFT = 48
const RIGHT = 12
/** A row of marks; those that would touch go a row up. */
const ROW = 20
const RADIUS = 8
/** The least height of a bar that stands for anything at all, so that one error among thousands is seen. */
const LEAST = 2
const TICKS = 5

interface Mark {
  readonly x: number
  readonly row: number
  readonly label: number
  readonly severity: string
  readonly title: string
}

export function renderChart(report: ReportJson): Markup {
  const { buckets, bucketSeconds } = report.timeline
  const step = (WIDTH - LEFT - RIGHT) / buckets.length
  const marks = placed(report, step)
  const top = ROW * (1 + Math.max(0, ...marks.map(mark => mark.row))) + 6
  const floor = top + PLOT
  const most = Math.max(1, ...buckets.map(bucket => bucket.entries))
  const height = (count: number) => (count === 0 ? 0 : Math.max(LEAST, (count / most) * PLOT))
  const bar = (kind: string, at: number, base: number, tall: number) =>
    tall === 0
      ? null
      : html`<rect class="${kind}" x="${round(LEFT + at * step)}" y="${round(base - tall)}" width="${round(Math.max(0.5, step - (step > 3 ? 1 : 0)))}" height="${round(tall)}"/>`

  const bars = buckets.map(({ at, entries, errors, warnings }, place) => {
    const bad = height(errors)
    const title = `${time(at)}: ${counted(entries, 'entry')}, ${counted(errors, 'error')}, ${counted(warnings, 'warning')}`
    return html`<g><title>${title}</title>${bar('b-entries', place, floor, height(entries))}${bar('b-warn', place, floor - bad, height(warnings))}${bar('b-error', place, floor, bad)}</g>`
  })
  const lines = marks.map(
    ({ x, row, severity }) =>
      html`<line class="${severity}" x1="${x}" x2="${x}" y1="${top - ROW * row - 6}" y2="${floor}"/>`,
  )
  const circles = marks.map(({ x, row, severity, label, title }) => {
    const y = top - ROW * row - 6 - RADIUS
    return html`<a href="#f${label}" class="${severity}"><title>${title}</title><circle cx="${x}" cy="${y}" r="${RADIUS}"/><text x="${x}" y="${y + 3.5}" text-anchor="middle">${label}</text></a>`
  })
  const whole = floor + BOTTOM
  return html`<div class="chart"><svg viewBox="0 0 ${WIDTH} ${whole}" role="img" aria-label="Entries over time in buckets of ${span(bucketSeconds)}, with warnings, errors and findings">
<g class="grid"><line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${top}" y2="${top}"/><line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${floor}" y2="${floor}"/></g>
<g class="axis"><text x="${LEFT - 6}" y="${top + 4}" text-anchor="end">${number(most)}</text><text x="${LEFT - 6}" y="${floor + 4}" text-anchor="end">0</text>
${ticks(buckets, bucketSeconds, step, whole - 6)}</g>
${bars}
<g class="marks">${lines}${circles}</g>
</svg></div>`
}

/** Findings that tell a time, from left to right. */
function placed({ timeline: { buckets, bucketSeconds }, findings }: ReportJson, step: number): Mark[] {
  const begin = Date.parse(buckets[0]!.at)
  const ends: number[] = []
  return findings
    .map((finding, place) => ({ ...finding, label: place + 1 }))
    .filter(({ at }) => at !== null)
    .map(({ at, label, severity, title }) => {
      const bucket = Math.floor((Date.parse(at!) - begin) / 1e3 / bucketSeconds)
      return { x: round(LEFT + (bucket + 0.5) * step), label, severity, title }
    })
    .sort((a, b) => a.x - b.x)
    .map(mark => {
      let row = ends.findIndex(end => mark.x - end > 2 * RADIUS + 2)
      if (row < 0) row = ends.length
      ends[row] = mark.x
      return { ...mark, row }
    })
}

function ticks(
  buckets: ReportJson['timeline']['buckets'],
  bucketSeconds: number,
  step: number,
  y: number,
): Markup[] {
  const [first, last] = [buckets[0]!.at, buckets.at(-1)!.at]
  const label = (iso: string) => {
    if (bucketSeconds >= 86_400) return iso.slice(0, 10)
    if (first.slice(0, 10) !== last.slice(0, 10)) return iso.slice(5, 16).replace('T', ' ')
    return iso.slice(11, bucketSeconds < 60 ? 19 : 16)
  }
  const count = Math.min(TICKS, buckets.length)
  return Array.from({ length: count }, (_, nth) => {
    const place = count === 1 ? 0 : Math.round((nth / (count - 1)) * (buckets.length - 1))
    const anchor = nth === 0 ? 'start' : nth === count - 1 ? 'end' : 'middle'
    const x = LEFT + (nth === 0 ? 0 : nth === count - 1 ? place + 1 : place + 0.5) * step
    return html`<text x="${round(x)}" y="${y}" text-anchor="${anchor}">${label(buckets[place]!.at)}</text>`
  })
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
