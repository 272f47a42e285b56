/** What the reader should know first: why the job failed and what to do, or what a draft waits for. */
import { CircleAlert, FilePlus2, PencilLine, RefreshCcwDot, Send } from 'lucide-react'
import { type ChangeEvent, useRef, useState } from 'react'
import type { Job } from '../../contract.ts'
import { counted } from '../../format.ts'
import { Button } from '../../parts/button.tsx'
import { call, jobPath } from '../../service/call.ts'
import { useSession } from '../../service/session.ts'
import styles from './outcome.module.css'
import { RerunDialog } from './rerun-dialog.tsx'
import { useAct } from './use-act.ts'
import type { FollowedJob } from './use-job.ts'
import { ADVICE, isHopeful, isRetryable } from './words.ts'

export function Outcome({ job, followed }: { job: Job; followed: FollowedJob }) {
  if (job.status === 'failed' && job.error) return <Failure job={job} error={job.error} followed={followed} />
  if (job.status === 'draft') return <Draft job={job} followed={followed} />
  return null
}

interface FailureProps {
  job: Job
  error: NonNullable<Job['error']>
  followed: FollowedJob
}

function Failure({ job, error, followed }: FailureProps) {
  const { rights } = useSession()
  const { busy, act } = useAct(followed)
  const [rerunning, setRerunning] = useState(false)
  const file = job.files.find(({ id }) => id === error.fileId)
  const where = [
    error.stage && `in stage ${error.stage}`,
    file && `at ${file.name}`,
    error.attempts > 0 && `after ${counted(error.attempts, 'attempt')}`,
  ]
  return (
    <section className={styles.note} data-tone="bad" aria-label="Why it failed">
      <CircleAlert size={20} aria-hidden />
      <div className={styles.words}>
        <h2>{error.message}</h2>
        <p>{ADVICE[error.code]}</p>
        <p className={styles.small}>
          <code>{error.code}</code> {where.filter(Boolean).join(', ')}
        </p>
      </div>
      {isRetryable(job) && (
        <div className={styles.buttons}>
          {rights.change && (
            <Button
              kind={isHopeful(job) ? 'primary' : 'plain'}
              disabled={busy}
              onClick={() => act(async () => followed.took(await call('POST', `${jobPath(job.id)}/retry`)))}
            >
              Retry
            </Button>
          )}
          {rights.upload && !isHopeful(job) && (
            <Button kind="primary" onClick={() => setRerunning(true)}>
              <RefreshCcwDot size={16} aria-hidden />
              Run again…
            </Button>
          )}
        </div>
      )}
      {rerunning && <RerunDialog job={job} onClose={() => setRerunning(false)} />}
    </section>
  )
}

function Draft({ job, followed }: { job: Job; followed: FollowedJob }) {
  const { rights } = useSession()
  const { busy, act } = useAct(followed)
  const input = useRef<HTMLInputElement>(null)
  const empty = job.files.length === 0

  const add = ({ target }: ChangeEvent<HTMLInputElement>) => {
    const form = new FormData()
    for (const file of target.files ?? []) form.append('files', file)
    target.value = ''
    act(async () => {
      await call('POST', `${jobPath(job.id)}/files`, { form })
      followed.reload()
    })
  }
  const submit = () => act(async () => followed.took(await call('POST', `${jobPath(job.id)}/submit`)))

  return (
    <section className={styles.note} aria-label="What to do next">
      <PencilLine size={20} aria-hidden />
      <div className={styles.words}>
        <h2>{empty ? 'This draft has no files yet' : 'This draft has not been submitted'}</h2>
        <p>
          {empty
            ? 'Add files, then submit it. No worker sees a draft; if it is never submitted, it is removed after a while.'
            : 'Add more files, or submit it: then its files are checked, and it is processed.'}
        </p>
      </div>
      {rights.upload && (
        <div className={styles.buttons}>
          <input
            ref={input}
            type="file"
            multiple
            hidden
            aria-label="Files to add"
            tabIndex={-1}
            onChange={add}
          />
          <Button kind={empty ? 'primary' : 'plain'} disabled={busy} onClick={() => input.current?.click()}>
            <FilePlus2 size={16} aria-hidden />
            {busy ? 'Working…' : 'Add files'}
          </Button>
          {!empty && (
            <Button kind="primary" disabled={busy} onClick={submit}>
              <Send size={16} aria-hidden />
              Submit
            </Button>
          )}
        </div>
      )}
    </section>
  )
}
