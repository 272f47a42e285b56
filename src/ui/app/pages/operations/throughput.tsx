/** What came in and what became of it, over time. */
import { useCallback, useState } from 'react'
import type { History } from '../../contract.ts'
import { duration } from '../../format.ts'
import { Card, CardHead } from '../../parts/page.tsx'
import { Plot } from '../../parts/plot.tsx'
import { clock, full } from '../../parts/time.tsx'
import { drawThroughput } from './chart.ts'
import styles from './throughput.module.css'

const KINDS = ['submitted', 'completed', 'failed', 'cancelled'] as const
type Counts = Readonly<Record<(typeof KINDS)[number], number>>

export function Throughput({ history, className }: { history: History; className?: string | undefined }) {
  const [pointed, setPointed] = useState<number | null>(null)
  const draw = useCallback(
    (box: HTMLElement, colour: Parameters<typeof drawThroughput>[1]) =>
      drawThroughput(box, colour, history, setPointed),
    [history],
  )
  const point = pointed === null ? undefined : history.points[pointed]
  const step = duration(history.bucketSeconds * 1_000).replace(/ 0 s$/, '')
  const [first] = history.points

  return (
    <Card className={className} aria-labelledby="throughput">
      <CardHead>
        <h2 id="throughput">Throughput</h2>
        <span className={styles.said}>
          {point ? `${clock(point.at).slice(0, 5)}, ${step}` : `Jobs, each bar ${step}`}
        </span>
      </CardHead>
      <Plot
        className={styles.chart}
        draw={draw}
        label={`Chart of jobs since ${first ? full(first.at) : 'now'}: ${inWords(history.total)}.`}
      />
      <dl className={styles.legend}>
        {KINDS.map(kind => (
          <div key={kind} data-kind={kind}>
            <dt>{kind}</dt>
            <dd className="number">{(point ?? history.total)[kind].toLocaleString('en')}</dd>
          </div>
        ))}
      </dl>
    </Card>
  )
}

function inWords(counts: Counts): string {
  return KINDS.map(kind => `${counts[kind].toLocaleString('en')} ${kind}`).join(', ')
}
