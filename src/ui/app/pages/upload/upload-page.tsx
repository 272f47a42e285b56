/** Files in, one job out. */
import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { useLocation } from 'wouter'
import type { Pipeline } from '../../contract.ts'
import { curlOfUpload, DEFAULT_PIPELINE } from '../../curl.ts'
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
import { intake, jobOf, type Settings, setSettings, submit } from './intake.ts'
import { metadataOf, type Pair } from './metadata.ts'
import { MetadataFields } from './metadata-fields.tsx'
import styles from './upload-page.module.css'

export default function UploadPage() {
  return (
    <OnlyFor right="upload" title="Upload">
      <Intake />
    </OnlyFor>
  )
}

function Intake() {
  const [pipeline, setPipeline] = useState(DEFAULT_PIPELINE)
  const [priority, setPriority] = useState('0')
  const [callbackUrl, setCallbackUrl] = useState('')
  const [pairs, setPairs] = useState<readonly Pair[]>([['', '']])
  const { refused, forgive, begun, partly, submitting, finish } = useIntake(() => ({
    pipeline,
    priority: Number(priority),
    callbackUrl: callbackUrl.trim(),
    metadata: metadataOf(pairs),
  }))
  const { data: pipelines = [] } = usePipelines()
  const at = (pointer: string) => faultAt(refused, pointer)
  const elsewhere = refused !== null && !['/callbackUrl', '/priority', '/pipeline', '/metadata'].some(at)

  return (
    <Page title="Upload">
      {elsewhere && (
        <div className={styles.note}>
          <RefusalNote error={refused} {...(begun && { retry: finish })} />
        </div>
      )}
      <div className={styles.grid}>
        <Card className={styles.intake} aria-label="Files">
          <IntakeDashboard />
        </Card>
        <Card padded className={styles.options} aria-label="Options" onChange={forgive}>
          <h2>Options</h2>
          <SelectField
            label="Pipeline"
            value={pipeline}
            hint={aboutPipeline(pipelines.find(({ name }) => name === pipeline))}
            disabled={begun}
            error={at('/pipeline')}
            onChange={event => setPipeline(event.target.value)}
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
            onChange={event => setPriority(event.target.value)}
          />
          <TextField
            label="Callback URL"
            hint="Gets a signed POST when the job ends."
            type="url"
            placeholder="https://example.com/hook"
            value={callbackUrl}
            disabled={begun}
            error={at('/callbackUrl')}
            onChange={event => setCallbackUrl(event.target.value)}
          />
          <MetadataFields pairs={pairs} onChange={setPairs} disabled={begun} />
          {partly && (
            <Button kind="primary" disabled={submitting} onClick={finish}>
              {submitting ? 'Submitting…' : 'Process what has arrived'}
            </Button>
          )}
        </Card>
      </div>
      <Curl pipeline={pipeline} priority={priority} callbackUrl={callbackUrl} pairs={pairs} />
    </Page>
  )
}

/** Goes to the job as soon as all of its files have arrived. */
function useIntake(settings: () => Settings) {
  const [, navigate] = useLocation()
  const [refused, setRefused] = useState<unknown>(null)
  const [submitting, setSubmitting] = useState(false)
  const current = useRef(settings)
  current.current = settings
  const begun = useUppy(() => jobOf(intake) !== null)
  // Some have arrived and nothing is under way: the rest was refused, and may never come.
  const partly = useUppy(
    () => intake.getFiles().some(({ progress }) => progress.uploadComplete) && !isUnderWay(),
  )

  const finish = async () => {
    const jobId = jobOf(intake)
    if (!jobId) return
    setSubmitting(true)
    setRefused(null)
    try {
      await submit(jobId)
      navigate(`/jobs/${encodeURIComponent(jobId)}`)
    } catch (error) {
      setRefused(error)
    } finally {
      setSubmitting(false)
    }
  }
  const onComplete = useRef(finish)
  onComplete.current = finish

  useEffect(() => {
    setSettings(() => current.current())
    const complete = ({ failed = [] }: { failed?: unknown[] | undefined }) => {
      const waits = intake.getFiles().some(({ progress }) => !progress.uploadComplete)
      if (failed.length === 0 && !waits) onComplete.current()
    }
    const begin = () => setRefused(null)
    const fail = (error: unknown) => {
      setRefused(error)
      // Without a draft nothing was begun: it is not Uppy's "Retry" that is wanted, but another look at the options.
      if (jobOf(intake) === null) intake.setState({ error: null })
    }
    intake.on('complete', complete)
    intake.on('upload', begin)
    intake.on('error', fail)
    return () => {
      intake.off('complete', complete)
      intake.off('upload', begin)
      intake.off('error', fail)
    }
  }, [])

  return { refused, forgive: () => setRefused(null), begun, partly, submitting, finish }
}

function useUppy<T extends boolean | number | string>(read: () => T): T {
  return useSyncExternalStore(watchUppy, read)
}

function watchUppy(changed: () => void): () => void {
  intake.on('state-update', changed)
  return () => void intake.off('state-update', changed)
}

function isUnderWay(): boolean {
  return Object.keys(intake.getState().currentUploads).length > 0
}

function aboutPipeline(pipeline: Pipeline | undefined): string {
  if (!pipeline) return ''
  return `${pipeline.description} ${pipeline.stages.map(({ name }) => capital(name)).join(' → ')}`
}

interface CurlProps {
  pipeline: string
  priority: string
  callbackUrl: string
  pairs: readonly Pair[]
}

function Curl({ pipeline, priority, callbackUrl, pairs }: CurlProps) {
  const { session } = useSession()
  const upload = {
    files: ['app.log'],
    pipeline,
    priority: Number(priority),
    callbackUrl: callbackUrl.trim(),
    metadata: metadataOf(pairs),
  }
  const command = curlOfUpload(upload, location.origin, session?.keys ?? false)
  return (
    <details className={styles.curl}>
      <summary>The same with curl</summary>
      <pre>{command}</pre>
      <CopyButton text={command}>Copy</CopyButton>
    </details>
  )
}
