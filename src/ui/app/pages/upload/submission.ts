/**
 * What happens to an upload when its files have arrived: its draft is submitted, whichever page is looked at meanwhile,
 * as often as it takes. Which draft that is outlives a reload: the files are forgotten by then.
 */
import { useSyncExternalStore } from 'react'
import { notices } from '../../parts/notices.tsx'
import { call, jobPath, Refusal } from '../../service/call.ts'
import { clearForm } from './form.ts'
import { beganAnew, forgetFiles, intake, isUnderWay, jobOf } from './intake.ts'
import { wordsOf } from './refused-upload.ts'
import { STORE } from './tab.ts'

interface Submission {
  readonly submitting: boolean
  /** What went wrong last, with the draft or its submission. */
  readonly refused: unknown
}

const KEY = `${STORE}.submit`
/** In ms, after each refusal that may pass; the last one again and again. */
const DELAYS = [1_000, 2_000, 4_000, 8_000, 15_000]

let state: Submission = { submitting: false, refused: null }
const watchers = new Set<() => void>()
/** The page that shows the upload, where it is looked at. */
let show: ((jobId: string) => void) | null = null
/** What was submitted before that page was there, as after a reload. */
let unseen: string | null = null

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

/** Submits what has arrived, and forgets the files. */
export async function submit(jobId: string): Promise<void> {
  if (state.submitting) return
  localStorage.setItem(KEY, jobId)
  set({ submitting: true, refused: null })
  for (let attempt = 0; ; attempt++) {
    const refused = await refusalOfSubmit(jobId)
    if (refused === null) break
    const again = passes(refused)
    set({
      submitting: again,
      refused: again ? new Error(`${refused.message} It is tried again by itself.`) : refused,
    })
    if (!again) {
      // The login page is on its way; who comes back from it finds the upload submitted.
      if (refused.status === 401) return
      localStorage.removeItem(KEY)
      if (!show) notices.failed(refused)
      return
    }
    await new Promise(wake =>
      setTimeout(wake, refused.retryAfter ?? DELAYS[Math.min(attempt, DELAYS.length - 1)]),
    )
    // Cancelled meanwhile.
    if (localStorage.getItem(KEY) !== jobId) return set({ submitting: false, refused: null })
  }
  localStorage.removeItem(KEY)
  forgetFiles(jobId)
  if (intake.getFiles().length === 0) clearForm()
  set({ submitting: false, refused: null })
  if (show) show(jobId)
  else if (location.pathname === '/upload') unseen = jobId
  else notices.done('All files have arrived. Their job is in the list.')
}

async function refusalOfSubmit(jobId: string): Promise<Refusal | null> {
  try {
    await call('POST', `${jobPath(jobId)}/submit`)
    return null
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}

/** An upload whose API died, or that was taken out at last, keeps the draft open for a moment. */
function passes({ passes, code }: Refusal): boolean {
  return passes || code === 'uploads-in-progress'
}

function set(next: Submission): void {
  state = next
  for (const watcher of watchers) watcher()
}

intake.on('complete', ({ failed = [] }) => {
  const [first] = failed
  if (first && beganAnew())
    set({ ...state, refused: new Error(first.error ?? wordsOf(new Refusal(404, null))) })
  if (first && !show)
    notices.failed(new Error(`A file could not be uploaded: ${first.name}. See the page “Upload”.`))
  const jobId = jobOf(intake)
  const waits = intake.getFiles().some(({ progress }) => !progress.uploadComplete)
  if (!first && !waits && jobId && !isUnderWay()) void submit(jobId)
})
intake.on('upload', forgive)
intake.on('cancel-all', () => {
  if (intake.getFiles().some(({ meta }) => meta.jobId === localStorage.getItem(KEY)))
    localStorage.removeItem(KEY)
})
intake.on('error', error => {
  // A file's fault is told with the file.
  if (jobOf(intake) !== null) return
  set({ ...state, refused: error })
  // Nothing was begun: it is not Uppy's "Retry" that is wanted, but another look at the options.
  intake.setState({ error: null })
})

const left = localStorage.getItem(KEY)
if (left) void submit(left)
