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
import { settings } from './form.ts'
import { isGone, isPassing, refusalOf, wordsOf } from './refused-upload.ts'
import { STORE } from './tab.ts'

type FileMeta = { jobId?: string; relativePath?: string | null }
export type Intake = Uppy<FileMeta, Record<string, never>>

/** Uploads at once: a browser opens six connections to one host, and the page needs some, too. */
const AT_ONCE = 3
/** In ms: about five minutes in all, then somebody must press "Retry". */
const RETRY_DELAYS = [0, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 60_000, 60_000, 60_000, 60_000]

export const intake: Intake = new Uppy<FileMeta, Record<string, never>>({ id: STORE })
  .use(Tus, {
    endpoint: '/api/uploads',
    limit: AT_ONCE,
    retryDelays: RETRY_DELAYS,
    // A file knows its own upload. By its name and size it would find that of another draft, and be missing in this one.
    storeFingerprintForResuming: false,
    // `name` and `type` are what Uppy makes the protocol's `filename` and `filetype` of.
    allowedMetaFields: ['jobId', 'name', 'type'],
    onShouldRetry(error, _attempt, _options, next) {
      const refusal = refusalOf(error)
      if (refusal.status === 401) signIn()
      return isPassing(refusal) && next(error)
    },
    /** The client would begin a second upload where the first cannot be asked for, and the first keep the draft open. */
    onAfterResponse(request, response) {
      const status = response.getStatus()
      if (request.getMethod() !== 'HEAD' || status < 400 || status === 404) return
      if (status === 401) signIn()
      throw new Error(`The service cannot say how far the upload has come: ${status}.`)
    },
    onError(error) {
      const refusal = refusalOf(error)
      error.message = wordsOf(refusal)
      if (isGone(refusal)) gone = true
    },
  })
  .use(GoldenRetriever)

/** The draft that the files are for. */
let draft: string | null = null
let making: Promise<string> | null = null
/** Whether the draft was found to be no more. */
let gone = false

intake.addPreProcessor(async ids => {
  const jobId = await draftOfFiles()
  if (intake.getFiles().length === 0) return abandon()
  for (const id of ids) if (intake.getFile(id)) intake.setFileMeta(id, { jobId })
})
intake.on('restored', () => {
  draft = jobOf(intake)
})
intake.on('file-removed', () => {
  if (intake.getFiles().length === 0) abandon()
})

/** The draft that the files are for, once there is one. */
export function jobOf(uppy: Intake): string | null {
  return uppy.getFiles().find(({ meta }) => meta.jobId)?.meta.jobId ?? null
}

/** One, however many uploads begin before it is made. @throws {Refusal} of a setting, before a byte is sent */
async function draftOfFiles(): Promise<string> {
  if (draft) return draft
  making ??= createDraft()
    .then(({ id }) => {
      draft = id
      return id
    })
    .finally(() => {
      making = null
    })
  return making
}

function createDraft(): Promise<Job> {
  const { pipeline, priority, callbackUrl, metadata } = settings()
  const body = { ...(pipeline && { pipeline }), priority, ...(callbackUrl && { callbackUrl }), metadata }
  return call('POST', '/api/jobs', { body })
}

/** In ms. Uppy ends its uploads itself, and complains of any that went with their draft. */
const UPLOADS_END = 1_500

/** What was cancelled leaves no draft behind; where that is refused, the service removes it in its own time. */
function abandon(): void {
  const jobId = draft
  draft = null
  if (jobId) setTimeout(() => call('DELETE', jobPath(jobId)).catch(ignoreRefusal), UPLOADS_END)
}

/** Of files whose job has been submitted. */
export function forgetFiles(jobId: string): void {
  if (draft !== jobId) return
  draft = null
  intake.cancelAll()
}

/** @returns whether the draft was gone: then the files are here as if they had just been chosen */
export function beganAnew(): boolean {
  if (!gone) return false
  gone = false
  draft = null
  const files = intake
    .getFiles()
    .flatMap(({ name, type, data, meta: { relativePath } }) =>
      data instanceof Blob ? [{ name, type, data, meta: { relativePath: relativePath ?? null } }] : [],
    )
  intake.cancelAll()
  intake.addFiles(files)
  return true
}

export function isUnderWay(): boolean {
  return Object.keys(intake.getState().currentUploads).length > 0
}

function ignoreRefusal(error: unknown): void {
  if (!(error instanceof Refusal)) throw error
}
