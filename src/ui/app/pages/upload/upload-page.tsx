/** Files in, one job out. */
import { useEffect, useSyncExternalStore } from 'react'
import { useLocation } from 'wouter'
import type { Pipeline } from '../../contract.ts'
import { curlOfUpload } from '../../curl.ts'
import { capital } from '../../format.ts'
import { Button } from '../../parts/button.tsx'
import { CopyButton } from '../../parts/copy.tsx'
import { SelectField, TextField } from '../../parts/field.tsx'
import { OnlyFor } from '../../parts/only-for.tsx'
import { Card, Page, RefusalNote } from '../../parts/page.tsx'
import { faultAt } from '../../service/call.ts'
import { usePipelines } from '../../service/pipelines.ts'
import { useSession } from '../../service/session.ts'
import { IntakeDashboard } from './dashboard.tsx'
import { useMaking } from './draft.ts'
import { changeForm, type Form, settings, useForm } from './form.ts'
import { intake, isUnderWay, jobOf, watchUppy } from './intake.ts'
import { MetadataFields } from './metadata-fields.tsx'
import { StallNote } from './stall-note.tsx'
import { forgive, showSubmitted, submit, useSubmission } from './submission.ts'
import styles from './upload-page.module.css'

export default function UploadPage() {
  return (
    <OnlyFor right="upload" title="Upload">
      <Intake />
    </OnlyFor>
  )
}

function Intake() {
  const form = useForm()
  const { pipeline, priority, callbackUrl, pairs } = form
  const [, navigate] = useLocation()
  const { submitting, refused } = useSubmission()
  const preparing = useMaking()
  const begun = useUppy(() => jobOf(intake) !== null) || preparing
  // Some have arrived and nothing is under way: the rest was refused, and may never come.
  const partly = useUppy(
    () => intake.getFiles().some(({ progress }) => progress.uploadComplete) && !isUnderWay(),
  )
  const finish = () => {
    const jobId = jobOf(intake)
    if (jobId) void submit(jobId)
  }
  useEffect(() => showSubmitted(jobId => navigate(`/jobs/${encodeURIComponent(jobId)}`)), [navigate])
  const { data: pipelines = [] } = usePipelines()
  const at = (pointer: string) => faultAt(refused, pointer)
  const elsewhere = refused !== null && !['/callbackUrl', '/priority', '/pipeline', '/metadata'].some(at)

  return (
    <Page title="Upload">
      <StallNote submitting={submitting} />
      {elsewhere && (
        <div className={styles.note}>
          <RefusalNote error={refused} {...(partly && !submitting && { retry: finish })} />
        </div>
      )}
      <RefusedFiles />
      <div className={styles.grid}>
        <Card className={styles.intake} aria-label="Files">
          <IntakeDashboard />
        </Card>
        <Card padded className={styles.options} aria-label="Options" onChange={forgive}>
          <h2>Options</h2>
          {begun && (
            <p className={styles.fixed}>Fixed since the upload began. To change them, cancel it first.</p>
          )}
          <SelectField
            label="Pipeline"
            value={pipeline}
            hint={aboutPipeline(pipelines.find(({ name }) => name === pipeline))}
            disabled={begun}
            error={at('/pipeline')}
            onChange={event => changeForm({ pipeline: event.target.value })}
          >
            {pipelines.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </SelectField>
          <TextField
            label="Priority"
            hint="−1000 to 1000. The higher goes first, then who waits longest."
            type="number"
            min={-1000}
            max={1000}
            step={1}
            value={priority}
            disabled={begun}
            error={at('/priority')}
            onChange={event => changeForm({ priority: event.target.value })}
          />
          <TextField
            label="Callback URL"
            hint="Gets a signed POST when the job ends."
            type="url"
            placeholder="https://example.com/hook"
            value={callbackUrl}
            disabled={begun}
            error={at('/callbackUrl')}
            onChange={event => changeForm({ callbackUrl: event.target.value })}
          />
          <MetadataFields pairs={pairs} onChange={next => changeForm({ pairs: next })} disabled={begun} />
          {partly && (
            <Button kind="primary" disabled={submitting} onClick={finish}>
              {submitting ? 'Submitting…' : 'Process what has arrived'}
            </Button>
          )}
        </Card>
      </div>
      <Curl form={form} />
    </Page>
  )
}

/** Each reason once, with the files that it holds for. */
function RefusedFiles() {
  const files = JSON.parse(useUppy(readRefused)) as [name: string, reason: string][]
  return [...Map.groupBy(files, ([, reason]) => reason)].map(([reason, [first, ...others]]) => (
    <div key={reason} className={styles.note}>
      <RefusalNote
        error={new Error(`${first![0]}${others.length > 0 ? ` and ${others.length} more` : ''}: ${reason}`)}
      />
    </div>
  ))
}

/** As text, for equal ones to be known as such. */
function readRefused(): string {
  return JSON.stringify(intake.getFiles().flatMap(({ meta, error }) => (error ? [[meta.name, error]] : [])))
}

function useUppy<T extends boolean | number | string>(read: () => T): T {
  return useSyncExternalStore(watchUppy, read)
}

function aboutPipeline(pipeline: Pipeline | undefined): string {
  if (!pipeline) return ''
  return `${pipeline.description} ${pipeline.stages.map(({ name }) => capital(name)).join(' → ')}`
}

function Curl({ form }: { form: Form }) {
  const { session } = useSession()
  const upload = { files: ['app.log'], ...settings(form) }
  const command = curlOfUpload(upload, location.origin, session?.keys ?? false)
  return (
    <details className={styles.curl}>
      <summary>The same with curl</summary>
      <pre>{command}</pre>
      <CopyButton text={command}>Copy</CopyButton>
    </details>
  )
}
