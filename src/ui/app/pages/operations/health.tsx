/** Whether all is well: whether uploads are taken, by each check, and whatever else is wrong, with what to do about it. */
import { CircleAlert, CircleCheck, TriangleAlert } from 'lucide-react'
import { Link } from 'wouter'
import type { Health } from '../../contract.ts'
import { counted } from '../../format.ts'
import { Card } from '../../parts/page.tsx'
import { Badge } from '../../parts/status.tsx'
import { Time } from '../../parts/time.tsx'
import styles from './health.module.css'
import type { Trouble } from './troubles.ts'

const NAMES: Readonly<Record<string, string>> = {
  redis: 'Redis',
  storage: 'Storage',
  installation: 'Installation',
  scanner: 'Virus scanner',
  process: 'API process',
}
/** What to do about a check that failed; of the others, their message says it. */
const ADVICE: Readonly<Record<string, string>> = {
  redis: 'See that Redis runs and has memory. Workers and uploads go on by themselves once it answers.',
  storage: 'See that the disk or the bucket is there, and may be written to.',
}
const TONES = { ok: 'good', warning: 'warn', failed: 'bad' } as const
const WORDS = { ok: 'ok', warning: 'warning', failed: 'failed' } as const

interface Props {
  health: Health
  /** False: nobody answered when it was asked for last, so that what it says is of before. */
  answers: boolean
  /** Null as long as not all is known that they are told by. */
  troubles: readonly Trouble[] | null
}

export function HealthChecks({ health, answers, troubles }: Props) {
  const checks = Object.entries(health.checks)
  const all = checks.flatMap(([name, { status, messages }]) =>
    messages.map(message => ({ name, status, message })),
  )
  // What one lacks, others may lack with it: it is said once.
  const complaints = all.filter(
    ({ message }, index) => all.findIndex(each => each.message === message) === index,
  )
  if (!answers) {
    return (
      <Card padded className={styles.health} data-tone="bad" aria-labelledby="health">
        <h2 id="health">
          <CircleAlert size={19} aria-hidden />
          The service does not answer
        </h2>
        <p className={styles.well}>All else on this page is what was known before.</p>
      </Card>
    )
  }
  const ready = health.status === 'ok'
  const wrong = troubles?.length ?? 0
  const tone =
    !ready || troubles?.some(({ tone }) => tone === 'bad')
      ? 'bad'
      : complaints.length + wrong > 0
        ? 'warn'
        : 'good'
  const Icon = { bad: CircleAlert, warn: TriangleAlert, good: CircleCheck }[tone]
  return (
    <Card padded className={styles.health} data-tone={tone} aria-labelledby="health">
      <h2 id="health">
        <Icon size={19} aria-hidden />
        {ready ? 'Takes uploads' : 'Takes no uploads'}
        {wrong > 0 && `, ${ready ? 'but' : 'and'} ${counted(wrong, 'thing is', 'things are')} wrong`}
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
      {tone === 'good' && troubles && <p className={styles.well}>Nothing is wrong.</p>}
      {complaints.length > 0 && (
        <ul className={styles.complaints}>
          {complaints.map(({ name, status, message }) => (
            <li key={`${name} ${message}`}>
              <strong>{NAMES[name] ?? name}:</strong> {message} {status === 'failed' && ADVICE[name]}
            </li>
          ))}
        </ul>
      )}
      {troubles && wrong > 0 && (
        <ul className={styles.troubles} aria-label="What is wrong">
          {troubles.map(({ tone, what, since, todo, page }) => (
            <li key={what} data-tone={tone}>
              <strong>{what}.</strong>{' '}
              {since && (
                <span className={styles.since}>
                  Since <Time at={since} /> (<Time at={since} style="ago" />
                  ).
                </span>
              )}{' '}
              {todo} {page && <Link href={page.href}>{page.words}</Link>}
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}
