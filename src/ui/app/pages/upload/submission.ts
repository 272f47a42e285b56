/**
 * What happens to an upload when its files have arrived: its draft is submitted, whichever page is looked at meanwhile,
 * as often as it takes. Which draft that is outlives a reload: the files are forgotten by then.
 */
import { useSyncExternalStore } from 'react'
import type { Job } from '../../contract.ts'
import { notices } from '../../parts/notices.tsx'
import { call, jobPath, Refusal } from '../../service/call.ts'
import { isDraft, letGo, SUBMITTING, takeBack, takeUp, whenSubmittedBefore } from './draft.ts'
import { clearForm } from './form.ts'
import { beganAnew, filesOf, intake, isUnderWay, jobOf, SUBMIT } from './intake.ts'
import { endWait, persistently } from './patience.ts'
import { wordsOf } from './refused-upload.ts'

interface Submission {
  readonly submitting: boolean
  /** What went wrong for good last, with the draft or its submission. */
  readonly refused: unknown
}

let state: Submission = { submitting: false, refused: null }
const watchers = new Set<() => void>()
/** The page that shows the upload, where it is looked at. */
let show: ((jobId: string) => void) | null = null
/** What was submitted before that page was there, as after a reload. */
let unseen: string | null = null
let cancelled = new AbortController()

export function useSubmission(): Submission {
  return useSyncExternalStore(
    watcher => {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    () => state,
  )
}

/** @param go is called with the job once it is submitted. @returns what ends that */
export function showSubmitted(go: (jobId: string) => void): () => void {
  show = go
  if (unseen) go(unseen)
  unseen = null
  return () => {
    show = null
  }
}

export function forgive(): void {
  set({ ...state, refused: null })
}

/** Submits what has arrived, and forgets its files; what is added from then on is for another draft. */
export async function submit(jobId: string): Promise<void> {
  if (state.submitting) return
  localStorage.setItem(SUBMITTING, jobId)
  if (isDraft(jobId)) letGo()
  cancelled = new AbortController()
  const { signal } = cancelled
  set({ submitting: true, refused: null })
  try {
    await persistently(SUBMIT, () => call('POST', `${jobPath(jobId)}/submit`, { signal }), { signal })
  } catch (error) {
    if (signal.aborted) {
      set({ submitting: false, refused: null })
      return submitWhatArrived()
    }
    set({ submitting: false, refused: error })
    if (!(error instanceof Refusal)) throw error
    // The login page is on its way; who comes back from it finds the upload submitted.
    if (error.status === 401) return
    localStorage.removeItem(SUBMITTING)
    if (filesOf(jobId).length > 0) takeUp(jobId)
    if (!show) notices.failed(error)
    return
  }
  localStorage.removeItem(SUBMITTING)
  intake.removeFiles(filesOf(jobId))
  if (intake.getFiles().length === 0) clearForm()
  set({ submitting: false, refused: null })
  lead(jobId, 'All files have arrived. Their job is in the list.')
  submitWhatArrived()
}

/** Where nothing of it is missing: neither on its way, nor refused, nor only chosen yet. */
function submitWhatArrived(): void {
  const jobId = jobOf(intake)
  const waits = intake.getFiles().some(({ progress }) => !progress.uploadComplete)
  if (jobId && !waits && !isUnderWay()) void submit(jobId)
}

/** Takes the upload back that is being submitted, also where its files are here no more. */
export function cancel(): void {
  const jobId = localStorage.getItem(SUBMITTING)
  if (!jobId) return
  localStorage.removeItem(SUBMITTING)
  cancelled.abort()
  endWait(SUBMIT)
  intake.removeFiles(filesOf(jobId))
  void takeBack(jobId)
}

function lead(jobId: string, notice: string): void {
  if (show) show(jobId)
  else if (location.pathname === '/upload') unseen = jobId
  else notices.done(notice)
}

function set(next: Submission): void {
  state = next
  for (const watcher of watchers) watcher()
}

function uploadsEnded(): void {
  const failed = intake.getFiles().find(({ error }) => error)
  const missing = failed && beganAnew()
  if (missing) {
    const words = failed.error ?? wordsOf(new Refusal(404, null))
    const advice = missing.length > 0 ? ` Choose again: ${missing.join(', ')}.` : ''
    set({ ...state, refused: new Error(words + advice) })
  }
  if (failed && !show)
    notices.failed(new Error(`A file could not be uploaded: ${failed.meta.name}. See the page “Upload”.`))
  submitWhatArrived()
}

/** What its page shows is not said again, but why it is looked at. */
function tellTooLate({ id, status }: Job): void {
  const what =
    status === 'completed' || status === 'failed' || status === 'cancelled'
      ? `its job has ${ENDED[status]}`
      : 'its job is being worked on: cancel it there'
  notices.done(`The upload had been submitted before it was cancelled, and ${what}.`)
  if (show) show(id)
}

const ENDED = { completed: 'completed', failed: 'failed', cancelled: 'been cancelled' }

whenSubmittedBefore(tellTooLate)
intake.on('state-update', (before, now) => {
  const hasEnded = Object.keys(before.currentUploads).length > 0 && !isUnderWay()
  // Uppy tells of `complete` only where all were begun at once, and not of the one that is retried by itself.
  if (hasEnded && now.currentUploads !== before.currentUploads) queueMicrotask(uploadsEnded)
})
intake.on('upload', forgive)
intake.on('cancel-all', () => {
  if (filesOf(localStorage.getItem(SUBMITTING) ?? '').length > 0) cancel()
})
intake.on('error', error => {
  // A file's fault is told with the file.
  if (jobOf(intake) !== null) return
  set({ ...state, refused: error })
  // Nothing was begun: it is not Uppy's "Retry" that is wanted, but another look at the options.
  intake.setState({ error: null })
})

const left = localStorage.getItem(SUBMITTING)
if (left) void submit(left)
