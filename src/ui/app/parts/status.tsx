/** The state of a job, of a file, of a delivery: never by colour alone, the word is always there. */
import type { Delivery, Status as JobStatus } from '../contract.ts'
import { capital } from '../format.ts'
import styles from './status.module.css'

export type Tone = 'good' | 'bad' | 'warn' | 'busy' | 'quiet' | 'hollow'

export const TONES: Readonly<Record<JobStatus | Delivery['status'], Tone>> = {
  draft: 'hollow',
  attaching: 'busy',
  pending: 'warn',
  processing: 'busy',
  completed: 'good',
  delivered: 'good',
  failed: 'bad',
  cancelled: 'quiet',
}

export function StatusBadge({ status }: { status: keyof typeof TONES }) {
  return <Badge tone={TONES[status]}>{capital(status)}</Badge>
}

export function Badge({ tone = 'quiet', children }: { tone?: Tone; children: React.ReactNode }) {
  return (
    <span className={styles.status} data-tone={tone}>
      {children}
    </span>
  )
}
