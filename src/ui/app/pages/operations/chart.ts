/** The drawing of what came in and what became of it, with uPlot. */
import uPlot from 'uplot'
import type { History } from '../../contract.ts'
import type { Colour } from '../../parts/plot.tsx'

/** Nothing is counted in halves. */
const WHOLE = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map(step => step * 10 ** power)).flat()
const COUNT = new Intl.NumberFormat('en', { notation: 'compact' })
const MINUTES = new Intl.DateTimeFormat('sv-SE', { timeStyle: 'short' })

/** Bars of jobs that ended, one kind upon the other, and a line of those that were submitted. */
export function drawThroughput(
  box: HTMLElement,
  colour: Colour,
  { points, bucketSeconds }: History,
  onPoint: (place: number | null) => void,
): uPlot {
  const bars = uPlot.paths.bars!({ size: [0.8, 40], align: 1 })
  const bar = (label: string, fill: string): uPlot.Series => ({
    label,
    paths: bars,
    fill,
    width: 0,
    points: { show: false },
  })
  const axis: uPlot.Axis = {
    stroke: colour('--muted'),
    font: `12px ${getComputedStyle(box).fontFamily}`,
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  }
  return new uPlot(
    {
      width: box.clientWidth,
      height: box.clientHeight,
      padding: [10, 18, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      scales: {
        // The last bar has its width, too.
        x: { time: true, range: (_, least, most) => [least, most + bucketSeconds] },
        y: { range: (_, __, most) => [0, Math.max(2, (most ?? 0) * 1.1)] },
      },
      // Drawn one over the other: each has those below it in its height.
      series: [
        {},
        bar('Cancelled', colour('--control')),
        bar('Failed', colour('--bad')),
        bar('Completed', colour('--good')),
        {
          label: 'Submitted',
          stroke: colour('--info'),
          width: 1.5,
          paths: uPlot.paths.stepped!({ align: 1 }),
          points: { show: false },
        },
      ],
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 32,
          space: 70,
          values: (_, splits) => splits.map(each => MINUTES.format(each * 1_000)),
        },
        {
          ...axis,
          size: 48,
          space: 34,
          incrs: WHOLE,
          values: (_, splits) => splits.map(each => COUNT.format(each)),
        },
      ],
      hooks: {
        setCursor: [
          plot => {
            const { left } = plot.cursor
            if (left === undefined || left < 0) return onPoint(null)
            const place = Math.floor((plot.posToVal(left, 'x') - plot.data[0][0]!) / bucketSeconds)
            onPoint(place >= 0 && place < points.length ? place : null)
          },
        ],
      },
    },
    [
      points.map(({ at }) => Date.parse(at) / 1_000),
      points.map(({ completed, failed, cancelled }) => completed + failed + cancelled),
      points.map(({ completed, failed }) => completed + failed),
      points.map(({ completed }) => completed),
      points.map(({ submitted }) => submitted),
    ],
    box,
  )
}
