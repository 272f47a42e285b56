/**
 * Uppy, set up for this service: one draft an upload, its files sent resumably, submitted once the last one is there.
 *
 * It lives as long as the page is open, and not only while its form is looked at; a reload finds the files again, in
 * the browser's own store, and the bytes that arrived, at the service.
 */
import { Uppy } from '@uppy/core'
import GoldenRetriever from '@uppy/golden-retriever'
import Tus from '@uppy/tus'
import type { Job } from '../../contract.ts'
import { call, jobPath, Refusal, signIn } from '../../service/call.ts'

export interface Settings {
  readonly pipeline: string
  readonly priority: number
  readonly callbackUrl: string
  readonly metadata: Readonly<Record<string, string>>
}

type FileMeta = { jobId?: string }
export type Intake = Uppy<FileMeta, Record<string, never>>

/** Uploads at once: a browser opens six connections to one host, and the page needs some, too. */
const AT_ONCE = 3
/** In ms: about five minutes in all, then somebody must press "Retry". */
const RETRY_DELAYS = [0, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 60_000, 60_000, 60_000, 60_000]

let settings: () => Settings = () => ({ pipeline: '', priority: 0, callbackUrl: '', metadata: {} })

/** What a draft is made with; asked when an upload begins. */
export function setSettings(next: () => Settings): void {
  settings = next
}

export const intake: Intake = new Uppy<FileMeta, Record<string, never>>({ id: 'sluice' })
  .use(Tus, {
    endpoint: '/api/uploads',
    limit: AT_ONCE,
    retryDelays: RETRY_DELAYS,
    removeFingerprintOnSuccess: true,
    // `name` and `type` are what Uppy makes the protocol's `filename` and `filetype` of.
    allowedMetaFields: ['jobId', 'name', 'type'],
    onShouldRetry(error, _attempt, _options, next) {
      if (error.originalResponse?.getStatus() === 401) signIn()
      return next(error)
    },
  })
  .use(GoldenRetriever)

intake.addPreProcessor(async ids => {
  const jobId = jobOf(intake) ?? (await createDraft(settings())).id
  for (const id of ids) intake.setFileMeta(id, { jobId })
})
intake.on('cancel-all', forget)

/** The draft that the files are for, once there is one. */
export function jobOf(uppy: Intake): string | null {
  return uppy.getFiles().find(({ meta }) => meta.jobId)?.meta.jobId ?? null
}

/** @throws {Refusal} of a setting, before a byte is sent */
function createDraft({ pipeline, priority, callbackUrl, metadata }: Settings): Promise<Job> {
  const body = { ...(pipeline && { pipeline }), priority, ...(callbackUrl && { callbackUrl }), metadata }
  return call('POST', '/api/jobs', { body })
}

/** Submits the draft and forgets the files. @throws {Refusal} */
export async function submit(jobId: string): Promise<void> {
  await call('POST', `${jobPath(jobId)}/submit`)
  intake.off('cancel-all', forget)
  intake.cancelAll()
  intake.on('cancel-all', forget)
}

/** In ms. Uppy ends its uploads itself, and complains of any that went with their draft. */
const UPLOADS_END = 1_500

/** What was cancelled leaves no draft behind; where that is refused, the service removes it in its own time. */
function forget(): void {
  const jobId = lastJob
  lastJob = null
  if (jobId) setTimeout(() => call('DELETE', jobPath(jobId)).catch(ignoreRefusal), UPLOADS_END)
}

/** Known by then only from here: the files are gone when a cancel is told. */
let lastJob: string | null = null
intake.on('state-update', () => {
  lastJob = jobOf(intake) ?? lastJob
})

function ignoreRefusal(error: unknown): void {
  if (!(error instanceof Refusal)) throw error
}
