/** The workers, and what each has in hand. */
import { ServerOff } from 'lucide-react'
import { Link } from 'wouter'
import type { Workers as Told } from '../../contract.ts'
import { capital, counted } from '../../format.ts'
import { Card, CardHead, Empty } from '../../parts/page.tsx'
import { Progress } from '../../parts/progress.tsx'
import { Badge } from '../../parts/status.tsx'
import { Time } from '../../parts/time.tsx'
import styles from './workers.module.css'

/** Of one worker's jobs; it may have fifty. */
const SHOWN = 6
/** Of those that were lost: one that dies whenever it is started makes hundreds. */
const LOST_SHOWN = 5

export function Workers({ items, lost, className }: Told & { className?: string | undefined }) {
  return (
    <Card className={className} aria-labelledby="workers">
      <CardHead>
        <h2 id="workers">Workers</h2>
        <span className={styles.note}>{counted(items.length, 'worker')}</span>
      </CardHead>
      {items.length === 0 && (
        <Empty icon={<ServerOff size={30} aria-hidden />} title="No worker runs">
          <p>
            Nothing is processed. Start one with <code>npm run worker</code>, or look at the log of those that
            should run.
          </p>
        </Empty>
      )}
      {(items.length > 0 || lost.length > 0) && (
        <ul className={styles.list}>
          {items.map(worker => (
            <li key={worker.id} className={styles.worker}>
              <Row worker={worker} lost={false} />
            </li>
          ))}
          {lost.slice(0, LOST_SHOWN).map(worker => (
            <li key={`${worker.id} ${worker.startedAt}`} className={styles.worker}>
              <Row worker={worker} lost />
            </li>
          ))}
          {lost.length > LOST_SHOWN && (
            <li className={`${styles.worker} muted`}>
              and {(lost.length - LOST_SHOWN).toLocaleString('en')} more gone in the last hour
            </li>
          )}
        </ul>
      )}
    </Card>
  )
}

function Row({ worker, lost }: { worker: Told['items'][number]; lost: boolean }) {
  const { host, pid, startedAt, seenAt, jobs } = worker
  const more = jobs.length - SHOWN
  return (
    <>
      <div className={styles.head}>
        <strong>{host}</strong>
        <span className="muted number">{pid}</span>
        {lost ? (
          <Badge tone="bad">Gone</Badge>
        ) : (
          <Badge tone={jobs.length > 0 ? 'busy' : 'quiet'}>
            {jobs.length > 0 ? counted(jobs.length, 'job') : 'Idle'}
          </Badge>
        )}
        <span className={styles.note}>
          {lost ? (
            <>
              {jobs.length > 0 && `${counted(jobs.length, 'job')} not taken up yet, `}last seen{' '}
              <Time at={seenAt} style="ago" />
            </>
          ) : (
            <>
              up since <Time at={startedAt} />
            </>
          )}
        </span>
      </div>
      {jobs.length > 0 && (
        <ul className={styles.jobs}>
          {jobs.slice(0, SHOWN).map(({ id, stage, percent }) => (
            <li key={id}>
              <Link href={`/jobs/${encodeURIComponent(id)}`} className={styles.id}>
                {id}
              </Link>
              <span>{stage === null ? 'Begins' : capital(stage)}</span>
              <Progress percent={percent} label={`Progress of ${id}`} />
              <span className="number">{percent} %</span>
            </li>
          ))}
          {more > 0 && <li className="muted">and {more.toLocaleString('en')} more</li>}
        </ul>
      )}
    </>
  )
}
