/** The drawing of a timeline, with uPlot. */
import 'uplot/dist/uPlot.min.css'
import uPlot from 'uplot'
import type { Report } from '../../contract.ts'
import { brush } from './brush.ts'
import type { Span } from './report-filter.ts'

/** Drawn one over the other, each with those below it in its height: the rest of a bar is ordinary entries. */
export const SERIES = ['Entries', 'Warnings', 'Errors'] as const
export type SeriesName = (typeof SERIES)[number]

interface Calls {
  /** Dragged over; not yet whole buckets. */
  onSpan(span: Span): void
  /** The bucket under the pointer, by its place; null where there is none. */
  onPoint(bucket: number | null): void
}

export function drawTimeline(box: HTMLElement, timeline: Report.Timeline, { onSpan, onPoint }: Calls): uPlot {
  const { buckets, bucketSeconds } = timeline
  const colours = coloursOf(box)
  const bars = uPlot.paths.bars!({ size: [0.86, 90], align: 1 })
  const axis: uPlot.Axis = {
    stroke: colours['--muted']!,
    font: `12px ${getComputedStyle(box).fontFamily}`,
    grid: { stroke: colours['--line']!, width: 1 },
    ticks: { show: false },
  }
  const series = (label: SeriesName, colour: string): uPlot.Series => ({
    label,
    paths: bars,
    fill: colours[colour]!,
    width: 0,
    points: { show: false },
  })
  const drawn = new uPlot(
    {
      width: box.clientWidth,
      height: box.clientHeight,
      padding: [10, 18, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        points: { show: false },
        // Dragging is the brush's, for uPlot knows of mice alone; the double click has no meaning here.
        bind: { mousedown: () => null, mouseup: () => null, dblclick: () => null },
      },
      scales: { x: { time: true }, y: { range: (_, __, most) => [0, Math.max(1, most * 1.05)] } },
      series: [{}, series('Entries', '--bar'), series('Warnings', '--warn'), series('Errors', '--bad')],
      axes: [
        { ...axis, grid: { show: false }, space: 70, values: timeLabels },
        { ...axis, size: 48, space: 34, incrs: WHOLE, values: (_, splits) => splits.map(countLabel) },
      ],
      hooks: {
        setCursor: [
          plot => {
            const { left, idx } = plot.cursor
            if (left === undefined || left < 0 || idx == null) return onPoint(null)
            // Not the nearest beginning: the bar under the pointer goes on to the right of its own.
            const place = Math.floor((plot.posToVal(left, 'x') - plot.data[0][0]!) / bucketSeconds)
            onPoint(place >= 0 && place < buckets.length ? place : null)
          },
        ],
      },
    },
    [
      buckets.map(({ at }) => Date.parse(at) / 1_000),
      buckets.map(({ entries }) => entries),
      buckets.map(({ errors, warnings }) => errors + warnings),
      buckets.map(({ errors }) => errors),
    ],
    box,
  )
  brush(drawn, (left, right) =>
    onSpan({ from: drawn.posToVal(left, 'x') * 1_000, to: drawn.posToVal(right, 'x') * 1_000 }),
  )
  return drawn
}

/** A canvas knows nothing of the page's names for colours. */
function coloursOf(box: HTMLElement): Readonly<Record<string, string>> {
  return Object.fromEntries(
    ['--bar', '--warn', '--bad', '--muted', '--line'].map(name => {
      // One each: a colour that changes may be on its way to the next one when it is asked for.
      const probe = document.createElement('span')
      probe.style.color = `var(${name})`
      box.append(probe)
      const { color } = getComputedStyle(probe)
      probe.remove()
      return [name, color]
    }),
  )
}

/** Nothing is counted in halves. */
const WHOLE = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map(step => step * 10 ** power)).flat()
const COUNT = new Intl.NumberFormat('en', { notation: 'compact' })

function countLabel(count: number): string {
  return COUNT.format(count)
}

const DAY = 86_400
const DATE = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short' })
const MINUTES = new Intl.DateTimeFormat('sv-SE', { timeStyle: 'short' })
const SECONDS = new Intl.DateTimeFormat('sv-SE', { timeStyle: 'medium' })

/** The time of day, and below it the day where another one begins. */
function timeLabels(_: uPlot, splits: number[], __: number, ___: number, step: number): string[] {
  let day = ''
  return splits.map(seconds => {
    const at = new Date(seconds * 1_000)
    const date = DATE.format(at)
    if (step >= DAY) return date
    const time = (step < 60 ? SECONDS : MINUTES).format(at)
    if (date === day) return time
    day = date
    return `${time}\n${date}`
  })
}
