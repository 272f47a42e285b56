/** How long the stages took, and the wait before the first of them. */
import type { Durations, History } from '../../contract.ts'
import { capital, duration } from '../../format.ts'
import { Card, CardHead } from '../../parts/page.tsx'
import { Table } from '../../parts/table.tsx'
import { usePipelines } from '../../service/pipelines.ts'
import styles from './latency.module.css'
import { Sparkline } from './sparkline.tsx'

interface Row {
  readonly name: string
  readonly total: Durations
  /** What 95 % took at most, in ms, over time. */
  readonly course: readonly (number | null)[]
}

export function Latency({
  history: { points, total },
  className,
}: {
  history: History
  className?: string | undefined
}) {
  const { data: pipelines = [] } = usePipelines()
  // As their pipelines run them.
  const order = pipelines.flatMap(({ stages }) => stages.map(({ name }) => name))
  const stages = Object.entries(total.stages).sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))
  const rows: readonly Row[] = [
    { name: 'Wait for a worker', total: total.wait, course: points.map(({ wait }) => wait.p95Ms) },
    ...stages.map(([name, durations]) => ({
      name: capital(name),
      total: durations,
      course: points.map(({ stages }) => stages[name]?.p95Ms ?? null),
    })),
  ]
  return (
    <Card className={className} aria-labelledby="latency">
      <CardHead>
        <h2 id="latency">Latency by stage</h2>
        <span className={styles.note}>from counted ranges: close, not exact</span>
      </CardHead>
      <Table label="Latency by stage" stacks>
        <thead>
          <tr>
            <th scope="col">Stage</th>
            <th scope="col" data-number>
              Runs
            </th>
            <th scope="col" data-number>
              Median
            </th>
            <th scope="col" data-number>
              95 %
            </th>
            <th scope="col" data-number>
              Mean
            </th>
            <th scope="col" className={styles.course}>
              95 % over time
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, total, course }) => (
            <tr key={name}>
              <th scope="row" className={styles.name}>
                {name}
              </th>
              <td data-number data-label="Runs">
                {total.count.toLocaleString('en')}
              </td>
              <td data-number data-label="Median">
                {took(total.p50Ms)}
              </td>
              <td data-number data-label="95 %">
                {took(total.p95Ms)}
              </td>
              <td data-number data-label="Mean">
                {took(total.count > 0 ? total.totalMs / total.count : null)}
              </td>
              <td className={styles.course}>
                <Sparkline values={course} />
              </td>
            </tr>
          ))}
        </tbody>
      </Table>
    </Card>
  )
}

function took(ms: number | null) {
  return ms === null ? <span className="muted">–</span> : duration(ms)
}
