/** Entries, warnings and errors over time. Dragging over it, or its two fields, choose the time that is shown. */
import { useEffect, useRef, useState } from 'react'
import type uPlot from 'uplot'
import type { Report } from '../../contract.ts'
import { counted, duration } from '../../format.ts'
import { Button } from '../../parts/button.tsx'
import { Card, CardHead } from '../../parts/page.tsx'
import { clock, full } from '../../parts/time.tsx'
import { useThemeChanges } from '../../service/theme.ts'
import { drawTimeline, SERIES, type SeriesName } from './chart.ts'
import { type Span, snapped, sumsIn, wholeSpan } from './report-filter.ts'
import styles from './timeline.module.css'

interface Props {
  timeline: Report.Timeline
  span: Span | null
  onSpan: (span: Span | null) => void
}

export function Timeline({ timeline, span, onSpan }: Props) {
  const whole = wholeSpan(timeline)
  const [hidden, setHidden] = useState<ReadonlySet<SeriesName>>(new Set())
  const [pointed, setPointed] = useState<number | null>(null)
  if (!whole) {
    return (
      <Card padded aria-labelledby="timeline">
        <h2 id="timeline">Over time</h2>
        <p className="muted">No entry tells its time, so there is nothing to draw.</p>
      </Card>
    )
  }
  const shown = span ?? whole
  const sums = sumsIn(timeline, span)
  const bucket = pointed === null ? undefined : timeline.buckets[pointed]
  const said = bucket
    ? `${clock(bucket.at).slice(0, 8)}, ${duration(timeline.bucketSeconds * 1_000)}: ${inWords(bucket)}`
    : `${span ? 'In this time' : 'In all'}: ${inWords(sums)}`

  return (
    <Card aria-labelledby="timeline">
      <CardHead>
        <h2 id="timeline">Over time</h2>
        <span className={styles.said}>{said}</span>
        <fieldset className={styles.legend}>
          <legend className="visually-hidden">Shown in the chart</legend>
          {SERIES.map(name => (
            <button
              key={name}
              type="button"
              data-series={name}
              aria-pressed={!hidden.has(name)}
              onClick={() => setHidden(old => old.symmetricDifference(new Set([name])))}
            >
              {name}
            </button>
          ))}
        </fieldset>
      </CardHead>
      <Chart
        {...{ timeline, hidden, onPoint: setPointed }}
        span={shown}
        onSpan={({ from, to }) => onSpan(snapped(timeline, from, to))}
        label={`Chart of the time from ${at(shown.from)} to ${at(shown.to)}. ${inWords(sums)}.`}
      />
      <div className={styles.span}>
        <SpanField
          label="From"
          value={shown.from}
          onChange={from => onSpan(snapped(timeline, from, Math.max(from + 1, shown.to)))}
        />
        <SpanField
          label="To"
          value={shown.to}
          onChange={to => onSpan(snapped(timeline, Math.min(shown.from, to - 1), to))}
        />
        {span ? (
          <Button small onClick={() => onSpan(null)}>
            Show all of the time
          </Button>
        ) : (
          <span className={styles.hint}>Drag over the chart to look at a part of it.</span>
        )}
      </div>
    </Card>
  )
}

function inWords({
  entries,
  errors,
  warnings,
}: {
  entries: number
  errors: number
  warnings: number
}): string {
  return `${counted(entries, 'entry', 'entries')}, ${counted(errors, 'error')}, ${counted(warnings, 'warning')}`
}

function at(ms: number): string {
  return full(new Date(ms).toISOString())
}

interface ChartProps {
  timeline: Report.Timeline
  span: Span
  hidden: ReadonlySet<SeriesName>
  onSpan: (span: Span) => void
  onPoint: (bucket: number | null) => void
  label: string
}

function Chart({ timeline, span, hidden, onSpan, onPoint, label }: ChartProps) {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(null)
  const theme = useThemeChanges()
  const calls = useRef({ onSpan, onPoint })
  calls.current = { onSpan, onPoint }

  // biome-ignore lint/correctness/useExhaustiveDependencies: its colours are those of the theme.
  useEffect(() => {
    const element = box.current!
    const drawn = drawTimeline(element, timeline, {
      onSpan: span => calls.current.onSpan(span),
      onPoint: bucket => calls.current.onPoint(bucket),
    })
    plot.current = drawn
    const observer = new ResizeObserver(() =>
      drawn.setSize({ width: element.clientWidth, height: element.clientHeight }),
    )
    observer.observe(element)
    return () => {
      observer.disconnect()
      drawn.destroy()
    }
  }, [timeline, theme])
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new drawing has to be told, too.
  useEffect(() => {
    plot.current?.setScale('x', { min: span.from / 1_000, max: span.to / 1_000 })
  }, [span.from, span.to, timeline, theme])
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new drawing has to be told, too.
  useEffect(() => {
    for (const [place, name] of SERIES.entries()) {
      plot.current?.setSeries(place + 1, { show: !hidden.has(name) })
    }
  }, [hidden, timeline, theme])

  return <div ref={box} className={styles.chart} role="img" aria-label={label} />
}

interface SpanFieldProps {
  label: string
  /** In ms since the epoch. */
  value: number
  onChange: (value: number) => void
}

/** Taken over when the field is left or Enter is pressed: half a date is no date. */
function SpanField({ label, value, onChange }: SpanFieldProps) {
  const shown = localTime(value)
  const [typed, setTyped] = useState(shown)
  const [last, setLast] = useState(shown)
  if (last !== shown) {
    setLast(shown)
    setTyped(shown)
  }
  const take = () => {
    const next = Date.parse(typed)
    if (typed === shown) return
    if (Number.isNaN(next)) setTyped(shown)
    else onChange(next)
  }
  return (
    <label className={styles.field}>
      {label}
      <input
        type="datetime-local"
        step={1}
        value={typed}
        onChange={event => setTyped(event.target.value)}
        onBlur={take}
        onKeyDown={event => event.key === 'Enter' && take()}
      />
    </label>
  )
}

/** As the field wants it: in the viewer's zone, without its name. */
function localTime(ms: number): string {
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}
