/** Each attempt of a delivery, the newest first: when, how long and on what, and what came back. */
import type { Delivery } from '../../contract.ts'
import { duration } from '../../format.ts'
import { Badge } from '../../parts/status.tsx'
import { Time } from '../../parts/time.tsx'
import styles from './attempts.module.css'

type Attempt = Delivery['attempts'][number]

/** @param content whether the reader's role sees what receivers answered */
export function Attempts({ attempts, content }: { attempts: readonly Attempt[]; content: boolean }) {
  if (attempts.length === 0) return <p className={styles.none}>None has ended yet.</p>
  return (
    <>
      <ol className={styles.attempts} reversed>
        {attempts.toReversed().map((attempt, index) => (
          <li key={attempt.at}>
            <One attempt={attempt} number={attempts.length - index} content={content} />
          </li>
        ))}
      </ol>
      {!content && <p className={styles.none}>What receivers answer is not shown to your role.</p>}
    </>
  )
}

function One({ attempt, number, content }: { attempt: Attempt; number: number; content: boolean }) {
  const { at, statusCode, error } = attempt
  const arrived = error === null
  return (
    <>
      <div className={styles.head}>
        <Badge tone={arrived ? 'good' : 'bad'}>{statusCode ?? 'No answer'}</Badge>
        <strong>{arrived ? 'Delivered' : error}</strong>
        <span className={styles.when}>
          <span className="muted">Attempt {number}</span> <Time at={at} />
        </span>
      </div>
      <Phases attempt={attempt} />
      {content && statusCode !== null && <Answer text={attempt.response ?? ''} />}
    </>
  )
}

/** Of an attempt's time, what went into which part of it. */
function Phases({ attempt }: { attempt: Attempt }) {
  const { durationMs, dnsMs, connectMs } = attempt
  const before = (dnsMs ?? 0) + (connectMs ?? 0)
  const rest = Math.max(0, durationMs - before)
  const parts = [
    { name: 'DNS', ms: dnsMs },
    { name: 'Connecting', ms: connectMs },
    // Where all of it went into the name or the connection, nothing was waited for.
    { name: attempt.statusCode === null ? 'Waiting' : 'Answer', ms: rest < 1 && before > 0 ? null : rest },
  ].filter((part): part is { name: string; ms: number } => part.ms !== null)
  return (
    <div className={styles.phases}>
      <span className={styles.bar} aria-hidden>
        {parts.map(({ name, ms }) => (
          <span key={name} data-part={name} style={{ flexGrow: ms }} />
        ))}
      </span>
      <dl>
        {parts.map(({ name, ms }) => (
          <div key={name} data-part={name}>
            <dt>{name}</dt>
            <dd>{duration(ms)}</dd>
          </div>
        ))}
        {parts.length > 1 && (
          <div>
            <dt>In all</dt>
            <dd>{duration(durationMs)}</dd>
          </div>
        )}
      </dl>
    </div>
  )
}

function Answer({ text }: { text: string }) {
  if (text === '') return <p className={styles.empty}>The answer had no body.</p>
  return (
    <details className={styles.answer}>
      <summary>What the receiver answered</summary>
      <pre>{text}</pre>
    </details>
  )
}
