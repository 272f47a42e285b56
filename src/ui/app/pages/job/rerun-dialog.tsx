/** Making another job of the same files, with other settings: nothing has to be sent again. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import type { Job, Pipeline } from '../../contract.ts'
import { counted } from '../../format.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { SelectField, TextField } from '../../parts/field.tsx'
import { useNotices } from '../../parts/notices.tsx'
import { RefusalNote } from '../../parts/page.tsx'
import { call, faultAt, jobPath } from '../../service/call.ts'
import { MetadataFields } from '../upload/metadata-fields.tsx'
import { changesTo, type Settings, settingsOf } from './rerun.ts'

export function RerunDialog({ job, onClose }: { job: Job; onClose: () => void }) {
  const [settings, setSettings] = useState<Settings>(() => settingsOf(job))
  const [refused, setRefused] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const [, navigate] = useLocation()
  const notices = useNotices()
  const { data: pipelines = [] } = useQuery({
    queryKey: ['pipelines'],
    queryFn: async ({ signal }) =>
      (await call<{ items: Pipeline[] }>('GET', '/api/pipelines', { signal })).items,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const set = (change: Partial<Settings>) => {
    setSettings({ ...settings, ...change })
    setRefused(null)
  }
  const run = async () => {
    setBusy(true)
    setRefused(null)
    try {
      const body = changesTo(job, settings)
      const made = await call<Job>('POST', `${jobPath(job.id)}/rerun`, { body })
      notices.done('A new job was made of the same files.')
      onClose()
      navigate(`/jobs/${encodeURIComponent(made.id)}`)
    } catch (error) {
      setRefused(error)
    } finally {
      setBusy(false)
    }
  }
  const at = (pointer: string) => faultAt(refused, pointer)
  const elsewhere = refused !== null && !['/pipeline', '/priority', '/callbackUrl'].some(at)
  // The job's own pipeline may be one that this service does not have any more.
  const names = new Set([...pipelines.map(({ name }) => name), job.pipeline])

  return (
    <Dialog
      open
      onClose={onClose}
      title="Run again with other settings"
      buttons={
        <>
          <Button onClick={onClose}>Leave it</Button>
          <Button kind="primary" disabled={busy} onClick={run}>
            {busy ? 'Starting…' : 'Run again'}
          </Button>
        </>
      }
    >
      <p className="muted">
        A new job of the same {counted(job.files.length, 'file')}. This one stays as it is; either may be
        deleted without the other.
      </p>
      {elsewhere && <RefusalNote error={refused} />}
      <SelectField
        label="Pipeline"
        value={settings.pipeline}
        error={at('/pipeline')}
        onChange={event => set({ pipeline: event.target.value })}
      >
        {[...names].map(name => (
          <option key={name}>{name}</option>
        ))}
      </SelectField>
      <TextField
        label="Priority"
        hint="−1000 to 1000. The higher goes first."
        type="number"
        min={-1000}
        max={1000}
        step={1}
        value={settings.priority}
        error={at('/priority')}
        onChange={event => set({ priority: event.target.value })}
      />
      <TextField
        label="Callback URL"
        hint="Gets a signed POST when the new job ends."
        type="url"
        placeholder="https://example.com/hook"
        value={settings.callbackUrl}
        error={at('/callbackUrl')}
        onChange={event => set({ callbackUrl: event.target.value })}
      />
      <MetadataFields pairs={settings.metadata} disabled={busy} onChange={metadata => set({ metadata })} />
    </Dialog>
  )
}
