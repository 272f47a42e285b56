/** What can be done with a job, as its state and the reader's role allow. */
import { Ban, ChartColumn, ChevronDown, Copy, RefreshCcwDot, SquareTerminal, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { FINAL, type Job } from '../../contract.ts'
import { curlOf, curlOfUpload } from '../../curl.ts'
import { titleOf } from '../../format.ts'
import { Button, LinkButton } from '../../parts/button.tsx'
import { copyText } from '../../parts/copy.tsx'
import { Confirm } from '../../parts/dialog.tsx'
import { Menu, MenuItem, MenuSeparator } from '../../parts/menu.tsx'
import { call, jobPath } from '../../service/call.ts'
import { useSession } from '../../service/session.ts'
import { RerunDialog } from './rerun-dialog.tsx'
import { useAct } from './use-act.ts'
import type { FollowedJob } from './use-job.ts'

export function Actions({ job, followed }: { job: Job; followed: FollowedJob }) {
  const { session, rights } = useSession()
  const { busy, act, notices } = useAct(followed)
  const [asking, setAsking] = useState<'cancel' | 'delete' | 'rerun' | null>(null)
  const [, navigate] = useLocation()
  const close = () => setAsking(null)

  const isOver = FINAL.has(job.status)
  const title = titleOf(job)
  const path = jobPath(job.id)
  const mayRerun = rights.upload && job.status !== 'draft' && job.files.length > 0
  const mayDelete = rights.change && (isOver || job.status === 'draft')

  const cancel = () => act(async () => followed.took(await call('POST', `${path}/cancel`))).finally(close)
  const remove = () =>
    act(async () => {
      await call('DELETE', path)
      notices.done(`${title} was deleted.`)
      navigate('/')
    }).finally(close)
  const copy = (what: string, text: string) =>
    act(async () => {
      await copyText(text)
      notices.done(`${what} is in the clipboard.`)
    })
  const keys = session?.keys ?? false
  const upload = { ...job, files: job.files.map(({ name }) => name) }

  return (
    <>
      {job.artifacts.some(({ name }) => name === 'report.json') && (
        <LinkButton kind="primary" href={`/jobs/${encodeURIComponent(job.id)}/report`}>
          <ChartColumn size={16} aria-hidden />
          Open report
        </LinkButton>
      )}
      {rights.change && !isOver && (
        <Button onClick={() => setAsking('cancel')}>
          <Ban size={16} aria-hidden />
          Cancel job
        </Button>
      )}
      <Menu
        trigger={
          <Button>
            Actions
            <ChevronDown size={16} aria-hidden />
          </Button>
        }
      >
        {mayRerun && (
          <MenuItem onSelect={() => setAsking('rerun')}>
            <RefreshCcwDot size={16} aria-hidden />
            Run again with other settings…
          </MenuItem>
        )}
        {mayRerun && <MenuSeparator />}
        <MenuItem onSelect={() => copy('The id', job.id)}>
          <Copy size={16} aria-hidden />
          Copy id
        </MenuItem>
        <MenuItem onSelect={() => copy('The command', curlOf(path, location.origin, keys))}>
          <SquareTerminal size={16} aria-hidden />
          Copy as curl: this job
        </MenuItem>
        {job.files.length > 0 && (
          <MenuItem onSelect={() => copy('The command', curlOfUpload(upload, location.origin, keys))}>
            <SquareTerminal size={16} aria-hidden />
            Copy as curl: the upload
          </MenuItem>
        )}
        {mayDelete && <MenuSeparator />}
        {mayDelete && (
          <MenuItem danger onSelect={() => setAsking('delete')}>
            <Trash2 size={16} aria-hidden />
            Delete…
          </MenuItem>
        )}
      </Menu>
      <Confirm
        open={asking === 'cancel'}
        onClose={close}
        onConfirm={cancel}
        title="Cancel this job?"
        confirm="Cancel the job"
        keep="Let it go on"
        busy={busy}
      >
        <p>“{title}” stops where it is, and cannot be taken up again.</p>
        {job.callbackUrl && job.status !== 'draft' && <p>Its callback says that it was cancelled.</p>}
      </Confirm>
      <Confirm
        open={asking === 'delete'}
        onClose={close}
        onConfirm={remove}
        title="Delete this job?"
        confirm="Delete"
        busy={busy}
      >
        <p>“{title}”, its uploaded files, its artifacts and its events are removed for good.</p>
      </Confirm>
      {asking === 'rerun' && <RerunDialog job={job} onClose={close} />}
    </>
  )
}
