/** Why jobs failed, the most frequent cause first, and what to do about it. */
import { CircleCheck } from 'lucide-react'
import { Link } from 'wouter'
import type { History } from '../../contract.ts'
import { Card, CardHead, Empty } from '../../parts/page.tsx'
import { CAUSES, type Code, failedBy } from './causes.ts'
import styles from './failures.module.css'

export function Failures({
  history: { total },
  className,
}: {
  history: History
  className?: string | undefined
}) {
  const failures = Object.entries(total.failures).sort(([, a], [, b]) => b - a) as [Code, number][]
  const all = failures.reduce((sum, [, count]) => sum + count, 0)
  return (
    <Card className={className} aria-labelledby="failures">
      <CardHead>
        <h2 id="failures">Failures by cause</h2>
        {all > 0 && <Link href="/?status=failed">Failed jobs</Link>}
      </CardHead>
      {all === 0 ? (
        <Empty icon={<CircleCheck size={30} aria-hidden />} title="No job failed">
          <p>Causes are listed here with what to do about each, should one fail.</p>
        </Empty>
      ) : (
        <ul className={styles.list}>
          {failures.map(([code, count]) => (
            <li key={code}>
              <div className={styles.head}>
                <Link href={failedBy(code)}>{CAUSES[code].what}</Link>
                <span className="number">{count.toLocaleString('en')}</span>
              </div>
              <div className={styles.bar} aria-hidden="true">
                <div style={{ width: `${(count / all) * 100}%` }} />
              </div>
              <p>
                <code>{code}</code> {CAUSES[code].todo}
              </p>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}
