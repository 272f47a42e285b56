/** What the analysis of a job's logs came to. */
import { ArrowLeft, Braces, ExternalLink, FileQuestion, FileX2, Hourglass } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Job } from '../../contract.ts'
import { titleOf } from '../../format.ts'
import { LinkButton, OutsideButton } from '../../parts/button.tsx'
import { Card, Empty, Page, RefusalNote } from '../../parts/page.tsx'
import { Progress } from '../../parts/progress.tsx'
import { StatusBadge } from '../../parts/status.tsx'
import { artifactPath } from '../../service/call.ts'
import { isMissing } from '../../service/use-followed-job.ts'
import { ReportView } from './report-view.tsx'
import { REPORT, useReport } from './use-report.ts'

const PIPELINE = 'log-analysis'

export default function ReportPage({ id }: { id: string }) {
  const { job, report, artifact } = useReport(id)
  const error = job.error ?? report.error
  const missing = isMissing(error)
  const hasPage = job.data?.artifacts.some(({ name }) => name === 'report.html')

  return (
    <Page
      title={job.data ? `Report on ${titleOf(job.data)}` : 'Report'}
      actions={
        <>
          <LinkButton href={`/jobs/${encodeURIComponent(id)}`}>
            <ArrowLeft size={16} aria-hidden />
            Job
          </LinkButton>
          {artifact && (
            <OutsideButton href={artifactPath(id, REPORT)} download>
              <Braces size={16} aria-hidden />
              JSON
            </OutsideButton>
          )}
          {hasPage && (
            <OutsideButton href={artifactPath(id, 'report.html')} target="_blank" rel="noopener">
              <ExternalLink size={16} aria-hidden />
              Printable
            </OutsideButton>
          )}
        </>
      }
    >
      {missing && (
        <Nothing icon={<FileQuestion size={34} aria-hidden />} title="There is no such report">
          <p>
            The job may have been deleted, or be somebody else’s. Finished jobs are kept for a limited time.
          </p>
          <LinkButton href="/">To the jobs</LinkButton>
        </Nothing>
      )}
      {!missing && <RefusalNote error={error} retry={() => (job.error ? job.refetch() : report.refetch())} />}
      {!error && (job.isPending || (artifact && report.isPending)) && <p className="muted">Loading…</p>}
      {!error && job.data && !artifact && <NoReport job={job.data} />}
      {report.data && !missing && <ReportView id={id} report={report.data} />}
    </Page>
  )
}

function NoReport({ job }: { job: Job }) {
  const toJob = <LinkButton href={`/jobs/${encodeURIComponent(job.id)}`}>To the job</LinkButton>
  if (job.pipeline !== PIPELINE) {
    return (
      <Nothing icon={<FileX2 size={34} aria-hidden />} title="This job makes no report">
        <p>
          Its pipeline is “{job.pipeline}”; a report comes of “{PIPELINE}”. What this one wrote is on the
          job’s page.
        </p>
        {toJob}
      </Nothing>
    )
  }
  switch (job.status) {
    case 'failed':
    case 'cancelled':
      return (
        <Nothing
          icon={<FileX2 size={34} aria-hidden />}
          title={`The job ${WHY[job.status]} before its report`}
        >
          <p>{job.error?.message ?? 'Nothing more is written for it.'}</p>
          {toJob}
        </Nothing>
      )
    case 'completed':
      return (
        <Nothing icon={<FileX2 size={34} aria-hidden />} title="The report is gone">
          <p>The job is completed, but its report is not among its artifacts any more.</p>
          {toJob}
        </Nothing>
      )
    default:
      return (
        <Nothing icon={<Hourglass size={34} aria-hidden />} title="The report is not written yet">
          <p>It appears here by itself as soon as the job is completed.</p>
          <StatusBadge status={job.status} />
          <div style={{ width: 'min(22rem, 100%)' }}>
            <Progress percent={job.progress.percent} label="Progress of the job" />
          </div>
          {toJob}
        </Nothing>
      )
  }
}

const WHY = { failed: 'failed', cancelled: 'was cancelled' }

function Nothing({ icon, title, children }: { icon: ReactNode; title: string; children: ReactNode }) {
  return (
    <Card>
      <Empty icon={icon} title={title}>
        {children}
      </Empty>
    </Card>
  )
}
