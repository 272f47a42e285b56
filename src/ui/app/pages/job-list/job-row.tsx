/** One job in the list. */
import { type CSSProperties, memo, type Ref } from 'react'
import { Link } from 'wouter'
import type { Job } from '../../contract.ts'
import { between, bytes, counted, plain, sizeOf, titleOf } from '../../format.ts'
import { Progress } from '../../parts/progress.tsx'
import { StatusBadge } from '../../parts/status.tsx'
import { Time } from '../../parts/time.tsx'
import styles from './job-row.module.css'
import type { Listed } from './listed.ts'

/** Pairs of metadata that a row has room for. */
const CHIPS = 3

interface Props {
  job: Listed
  index: number
  current: boolean
  selected: boolean
  /** Null for whoever can do nothing with a selection. */
  onSelect: ((job: Job, selected: boolean, extend: boolean) => void) | null
  onMetadata: (key: string, value: string) => void
  ref: Ref<HTMLLIElement>
  style: CSSProperties
}

export function pathOf({ id }: Job): string {
  return `/jobs/${encodeURIComponent(id)}`
}

export const JobRow = memo(function JobRow({
  job,
  index,
  current,
  selected,
  onSelect,
  onMetadata,
  ref,
  style,
}: Props) {
  const title = titleOf(job)
  return (
    <li
      ref={ref}
      className={styles.row}
      style={style}
      data-index={index}
      data-job={job.id}
      data-current={current || undefined}
      data-selected={selected || undefined}
      data-gone={job.gone}
    >
      {onSelect && (
        <label className={styles.select}>
          <span className="visually-hidden">Select {title}</span>
          <input
            type="checkbox"
            checked={selected}
            disabled={job.gone}
            onChange={event =>
              onSelect(job, event.target.checked, (event.nativeEvent as MouseEvent).shiftKey)
            }
          />
        </label>
      )}
      <div className={styles.state}>
        <StatusBadge status={job.status} />
      </div>
      <div className={styles.what}>
        <Link href={pathOf(job)} className={styles.name} title={title}>
          {title}
        </Link>
        <div className={styles.about}>
          <span>{job.pipeline}</span>
          {job.priority !== 0 && (
            <span className={styles.priority} title="Priority: the higher, the earlier">
              {job.priority > 0 ? '▲' : '▼'} {Math.abs(job.priority)}
            </span>
          )}
          {Object.entries(job.metadata)
            .slice(0, CHIPS)
            .map(([key, value]) => (
              <button
                key={key}
                type="button"
                className={styles.chip}
                title={`Show only jobs with ${key}: ${plain(value)}`}
                onClick={() => onMetadata(key, plain(value))}
              >
                {key}: {plain(value)}
              </button>
            ))}
        </div>
      </div>
      <div className={styles.size}>
        {job.files.length > 0 && (
          <>
            {counted(job.files.length, 'file')}
            <br />
            {bytes(sizeOf(job))}
          </>
        )}
      </div>
      <Doing job={job} />
      <div className={styles.took}>
        {job.startedAt && job.finishedAt && between(job.startedAt, job.finishedAt)}
      </div>
      <div className={styles.age}>
        <Time at={job.createdAt} style="ago" />
      </div>
    </li>
  )
})

function Doing({ job }: { job: Listed }) {
  if (job.gone) return <p className={styles.doing}>No longer in this list</p>
  return (
    <div className={styles.doing} data-bad={job.status === 'failed' || undefined}>
      {job.status === 'processing' && (
        <Progress percent={job.progress.percent} label={`Progress of ${titleOf(job)}`} />
      )}
      <p title={job.error?.message}>{wordsFor(job)}</p>
    </div>
  )
}

function wordsFor(job: Job): string {
  switch (job.status) {
    case 'draft':
      return 'Not submitted yet'
    case 'attaching':
      return 'Checking its files'
    case 'pending':
      return job.attempts.made > 0 ? 'Waits for its next attempt' : 'Waits for a worker'
    case 'processing':
      return `${job.progress.stage ?? 'Starting'} · ${Math.floor(job.progress.percent)} %`
    case 'failed':
      return job.error?.message ?? 'Failed'
    case 'completed':
    case 'cancelled':
      return ''
  }
}
