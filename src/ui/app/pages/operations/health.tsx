/** Whether the service can take uploads: each check, and what is wrong with those that are not well. */
import { CircleAlert, CircleCheck, TriangleAlert } from 'lucide-react'
import type { Health } from '../../contract.ts'
import { Card } from '../../parts/page.tsx'
import { Badge } from '../../parts/status.tsx'
import styles from './health.module.css'

const NAMES: Readonly<Record<string, string>> = {
  redis: 'Redis',
  storage: 'Storage',
  installation: 'Installation',
  scanner: 'Virus scanner',
  process: 'API process',
}
const TONES = { ok: 'good', warning: 'warn', failed: 'bad' } as const
const WORDS = { ok: 'ok', warning: 'warning', failed: 'failed' } as const

export function HealthChecks({ health }: { health: Health }) {
  const checks = Object.entries(health.checks)
  const complaints = checks.flatMap(([name, { status, messages }]) =>
    messages.map(message => ({ name, status, message })),
  )
  const ready = health.status === 'ok'
  const Icon = !ready ? CircleAlert : complaints.length > 0 ? TriangleAlert : CircleCheck
  return (
    <Card
      padded
      className={styles.health}
      data-tone={!ready ? 'bad' : complaints.length > 0 ? 'warn' : 'good'}
      aria-labelledby="health"
    >
      <h2 id="health">
        <Icon size={19} aria-hidden />
        {ready ? 'Takes uploads' : 'Takes no uploads'}
      </h2>
      <ul className={styles.checks} aria-label="Checks">
        {checks.map(([name, { status }]) => (
          <li key={name}>
            <Badge tone={TONES[status]}>
              {NAMES[name] ?? name} {WORDS[status]}
            </Badge>
          </li>
        ))}
      </ul>
      {complaints.length > 0 && (
        <ul className={styles.complaints}>
          {complaints.map(({ name, message }) => (
            <li key={`${name} ${message}`}>
              <strong>{NAMES[name] ?? name}:</strong> {message}
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}
