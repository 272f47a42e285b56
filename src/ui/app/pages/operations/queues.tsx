/** BullMQ's queues, with the way into Bull Board for who may go there. */
import { ExternalLink } from 'lucide-react'
import type { Stats } from '../../contract.ts'
import { capital } from '../../format.ts'
import { Card, CardHead } from '../../parts/page.tsx'
import { Table } from '../../parts/table.tsx'
import styles from './queues.module.css'

const WHAT: Readonly<Record<string, string>> = {
  'attach-file': 'checks each file of a job',
  process: 'runs the stages of a job',
  'deliver-webhook': 'calls back',
}
const STATES = ['waiting', 'active', 'delayed', 'failed'] as const

interface Props {
  stats: Stats
  /** Whether there is a way into Bull Board. */
  board: boolean
  className?: string | undefined
}

export function Queues({ stats, board, className }: Props) {
  return (
    <Card className={className} aria-labelledby="queues">
      <CardHead>
        <h2 id="queues">Queues</h2>
        {board && (
          <a href="/admin/queues">
            Bull Board <ExternalLink size={14} aria-hidden />
          </a>
        )}
      </CardHead>
      <Table label="Queues" stacks>
        <thead>
          <tr>
            <th scope="col">Queue</th>
            {STATES.map(state => (
              <th key={state} scope="col" data-number className={styles.state}>
                {state}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {Object.entries(stats.queues).map(([name, counts]) => (
            <tr key={name}>
              <th scope="row" className={styles.name}>
                {board ? <a href={`/admin/queues/queue/${encodeURIComponent(name)}`}>{name}</a> : name}
                <small>{counts.paused ? <strong className="bad">paused</strong> : WHAT[name]}</small>
              </th>
              {STATES.map(state => (
                <td
                  key={state}
                  data-number
                  data-label={capital(state)}
                  data-none={counts[state] === 0 || undefined}
                  data-state={state}
                >
                  {counts[state].toLocaleString('en')}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </Table>
    </Card>
  )
}
