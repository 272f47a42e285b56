/** What was taken out, by kind. */
import { Card, CardHead } from '../../parts/page.tsx'
import styles from './redactions.module.css'

export function Redactions({ redactions }: { redactions: Readonly<Record<string, number>> }) {
  const kinds = ranked(redactions)
  const most = kinds[0]?.[1] ?? 1
  return (
    <Card aria-labelledby="redactions">
      <CardHead>
        <h2 id="redactions">Redacted</h2>
      </CardHead>
      {kinds.length === 0 ? (
        <p className={styles.none}>No secret and no personal data was found, so nothing was taken out.</p>
      ) : (
        <dl className={styles.kinds}>
          {kinds.map(([kind, count]) => (
            <div key={kind}>
              <dt>{kindName(kind)}</dt>
              <dd className={styles.track} aria-hidden>
                <div style={{ width: `${(count / most) * 100}%` }} />
              </dd>
              <dd className={styles.count}>{count.toLocaleString('en')}</dd>
            </div>
          ))}
        </dl>
      )}
    </Card>
  )
}

/** The most frequent first. */
export function ranked(redactions: Readonly<Record<string, number>>): [kind: string, count: number][] {
  return Object.entries(redactions).sort(([, a], [, b]) => b - a)
}

export function kindName(kind: string): string {
  return kind.replaceAll('_', ' ')
}
