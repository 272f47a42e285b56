/** Each time that a worker took the job up, and what came of it; the newest first. */
import { useState } from 'react'
import { counted, duration } from '../../format.ts'
import { Card, CardHead } from '../../parts/page.tsx'
import { ShowAll } from '../../parts/show-all.tsx'
import { Badge } from '../../parts/status.tsx'
import { Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import styles from './attempts.module.css'
import type { Attempt, Story } from './story.ts'
import { outcomeOf } from './words.ts'

/** Starts that are drawn at once: of a job that was retried over and over the last ones say how it stands. */
const SHOWN = 6

const BADGES: Readonly<Record<Attempt['outcome'], string>> = {
  running: 'Running',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Cancelled',
  'worker-lost': 'Worker lost',
  'hand-over': 'Handed over',
}

export function Attempts({ story }: { story: Story }) {
  const [all, setAll] = useState(false)
  const attempts = story.runs.flatMap(run => run.attempts).reverse()
  if (attempts.length === 0) return null
  const runs = story.runs.length > 1
  const shown = all ? attempts : attempts.slice(0, SHOWN)
  return (
    <Card aria-labelledby="attempts">
      <CardHead>
        <h2 id="attempts">Attempts</h2>
        <span className="muted">{counted(attempts.length, 'start')}</span>
      </CardHead>
      <Table label="Attempts" stacks>
        <thead>
          <tr>
            {runs && <th>Run</th>}
            <th>Attempt</th>
            <th>Outcome</th>
            <th>Began</th>
            <th data-number>Took</th>
            <th>Worker</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(attempt => (
            <Row key={`${attempt.run}.${attempt.start}`} attempt={attempt} runs={runs} />
          ))}
        </tbody>
      </Table>
      <ShowAll shown={shown.length} total={attempts.length} onAll={() => setAll(true)} />
    </Card>
  )
}

function Row({ attempt, runs }: { attempt: Attempt; runs: boolean }) {
  const { startedAt, endedAt, outcome } = attempt
  const { text, tone } = outcomeOf(attempt)
  const badge = BADGES[outcome]
  return (
    <tr>
      {runs && (
        <td className="number" data-label="Run">
          {attempt.run}
        </td>
      )}
      <td className="number" data-label="Attempt">
        {attempt.attempt}
      </td>
      <td className={styles.outcome}>
        <Badge tone={tone}>{badge}</Badge>
        {text !== badge && outcome !== 'running' && <span>{text}</span>}
      </td>
      <td className={styles.began} data-label="Began">
        <Time at={startedAt} style="clock" />
      </td>
      <td data-number data-label="Took">
        {endedAt ? duration(Date.parse(endedAt) - Date.parse(startedAt)) : ''}
      </td>
      <td className={styles.worker} data-label="Worker">
        {attempt.worker}
      </td>
    </tr>
  )
}
