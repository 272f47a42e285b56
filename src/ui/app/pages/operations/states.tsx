/** How many jobs are in each status, with the way to them. */
import { Link } from 'wouter'
import { STATUSES, type Stats } from '../../contract.ts'
import { Card, CardHead } from '../../parts/page.tsx'
import { StatusBadge } from '../../parts/status.tsx'
import styles from './states.module.css'

export function States({ stats: { jobs }, className }: { stats: Stats; className?: string | undefined }) {
  const all = STATUSES.reduce((sum, status) => sum + jobs[status], 0)
  return (
    <Card className={className} aria-labelledby="states">
      <CardHead>
        <h2 id="states">Jobs by status</h2>
        <span className={styles.all}>{all.toLocaleString('en')} kept</span>
      </CardHead>
      <ul className={styles.list}>
        {STATUSES.map(status => (
          <li key={status}>
            <Link href={`/?status=${status}`}>
              <StatusBadge status={status} />
              <span className="number">{jobs[status].toLocaleString('en')}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  )
}
