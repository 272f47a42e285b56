/** One job's page: what it is now, as its record says, and how it came there, as its events tell. */
import { FileX2 } from 'lucide-react'
import { FINAL } from '../../contract.ts'
import { titleOf } from '../../format.ts'
import { LinkButton } from '../../parts/button.tsx'
import { LiveBadge } from '../../parts/live.tsx'
import { Card, Empty, Page, RefusalNote } from '../../parts/page.tsx'
import { StatusBadge } from '../../parts/status.tsx'
import { Actions } from './actions.tsx'
import { Artifacts } from './artifacts.tsx'
import { Attempts } from './attempts.tsx'
import { Deliveries } from './deliveries.tsx'
import { Facts } from './facts.tsx'
import { Files } from './files.tsx'
import styles from './job-page.module.css'
import { Log } from './log.tsx'
import { Outcome } from './outcome.tsx'
import { Path } from './path.tsx'
import { Stages } from './stages.tsx'
import { Timeline } from './timeline.tsx'
import { useJob } from './use-job.ts'

export default function JobPage({ id }: { id: string }) {
  const followed = useJob(id)
  const { job, story, stream, gone, refusal, reload } = followed
  if (gone) return <Gone deleted={job !== null} />
  if (!job) {
    return (
      <Page title={refusal ? 'This job cannot be shown' : 'Loading…'}>
        <RefusalNote error={refusal} retry={reload} />
      </Page>
    )
  }
  return (
    <Page
      title={titleOf(job)}
      beside={
        <>
          <span role="status">
            <StatusBadge status={job.status} />
          </span>
          <LiveBadge state={FINAL.has(job.status) ? 'ended' : stream} />
        </>
      }
      actions={<Actions job={job} followed={followed} />}
    >
      <div className={styles.page}>
        <RefusalNote error={refusal} retry={reload} />
        <Outcome job={job} followed={followed} />
        <Card className={styles.progress} aria-label="Progress">
          <Path job={job} story={story} />
          <Stages job={job} story={story} />
        </Card>
        <div className={styles.columns}>
          <div className={styles.main}>
            <Artifacts job={job} story={story} />
            <Files job={job} reload={reload} />
            <Attempts story={story} />
            <Timeline story={story} />
            <Log story={story} job={job} />
          </div>
          <aside className={styles.aside} aria-label="About this job">
            <Facts job={job} />
            <Deliveries job={job} />
          </aside>
        </div>
      </div>
    </Page>
  )
}

function Gone({ deleted }: { deleted: boolean }) {
  return (
    <Page title={deleted ? 'This job was deleted' : 'There is no such job'}>
      <Card>
        <Empty
          icon={<FileX2 size={34} aria-hidden />}
          title={deleted ? 'It was deleted while you looked at it' : 'Nothing is known of it'}
        >
          <p role="status">
            {deleted
              ? 'Its files, its artifacts and its events are gone. Callbacks that were still open go on.'
              : 'It was deleted, its time was over, or it belongs to somebody else.'}
          </p>
          <LinkButton href="/">To the jobs</LinkButton>
        </Empty>
      </Card>
    </Page>
  )
}
