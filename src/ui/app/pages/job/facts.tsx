/** What was asked for, by whom, and when what was. */
import type { ReactNode } from 'react'
import type { Job } from '../../contract.ts'
import { between, bytes, counted, plain, sizeOf } from '../../format.ts'
import { CopyButton } from '../../parts/copy.tsx'
import { Card } from '../../parts/page.tsx'
import { Time } from '../../parts/time.tsx'
import styles from './facts.module.css'

export function Facts({ job }: { job: Job }) {
  const { createdAt, readyAt, startedAt, finishedAt } = job
  const metadata = Object.entries(job.metadata)
  return (
    <>
      <Card padded aria-labelledby="details">
        <h2 id="details">Details</h2>
        <Definitions
          entries={[
            [
              'Id',
              <span key="id" className={styles.id}>
                <code>{job.id}</code>
                <CopyButton text={job.id}>Copy</CopyButton>
              </span>,
            ],
            ['Pipeline', job.pipeline],
            ['Files', `${counted(job.files.length, 'file')}, ${bytes(sizeOf(job))}`],
            ['Owner', job.owner],
            ['Priority', String(job.priority)],
            ['Run', String(job.run)],
            ['Attempts', `${job.attempts.made} of ${job.attempts.max}`],
            ['Callback', job.callbackUrl],
            ['Created', <Time key="created" at={createdAt} />],
            ['Ready', readyAt && <Time at={readyAt} />],
            ['Started', startedAt && <Time at={startedAt} />],
            ['Finished', finishedAt && <Time at={finishedAt} />],
            ['Waited', between(readyAt, startedAt)],
            ['Took', between(startedAt, finishedAt)],
          ]}
        />
      </Card>
      {metadata.length > 0 && (
        <Card padded aria-labelledby="metadata">
          <h2 id="metadata">Metadata</h2>
          <Definitions entries={metadata.map(([key, value]) => [key, plain(value)])} />
        </Card>
      )}
    </>
  )
}

/** Those without a value are left out. */
function Definitions({ entries }: { entries: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className={styles.facts}>
      {entries
        .filter(([, value]) => value !== null)
        .map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}
