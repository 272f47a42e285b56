/** Why jobs failed, the most frequent cause first, and what to do about it. */
import { CircleCheck } from 'lucide-react'
import { Link } from 'wouter'
import type { History, Job } from '../../contract.ts'
import { Card, CardHead, Empty } from '../../parts/page.tsx'
import styles from './failures.module.css'

type Code = NonNullable<Job['error']>['code']

const CAUSES: Readonly<Record<Code, { what: string; todo: string }>> = {
  'file-missing': {
    what: 'An uploaded file was gone',
    todo: 'See who else writes to the storage. The files must be uploaded again.',
  },
  'file-changed': {
    what: 'A stored file was not what was uploaded',
    todo: 'Check the disk or bucket, and who else writes to it. The files must be uploaded again.',
  },
  'file-type-not-allowed': {
    what: 'A type that is not let in',
    todo: 'If it should be, add it to SLUICE_ALLOWED_TYPES.',
  },
  'file-infected': { what: 'The virus scanner found something', todo: 'Tell whoever uploaded it.' },
  'unsupported-content': {
    what: 'Content that the pipeline cannot read',
    todo: 'Tell whoever uploaded it which formats are read.',
  },
  'archive-limit': {
    what: 'An archive that unpacks to too much',
    todo: 'If it is honest, raise the SLUICE_ARCHIVE_… limit that its error names.',
  },
  'stage-failed': { what: 'A stage failed', todo: 'The workers’ log says where. Retry when it is mended.' },
  'stage-timeout': {
    what: 'A stage made no progress',
    todo: 'Look at the worker’s CPU and the storage; SLUICE_STAGE_TIMEOUT is the limit.',
  },
  'worker-lost': {
    what: 'Workers died under it',
    todo: 'Most often it is memory: look at the machine’s log before you retry.',
  },
  'job-lost': { what: 'Its queue was deleted by hand', todo: 'Leave the queues alone, then retry.' },
  'storage-unavailable': {
    what: 'The storage could not be reached',
    todo: 'Bring the storage back, then retry.',
  },
}

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
                <strong>{CAUSES[code].what}</strong>
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
