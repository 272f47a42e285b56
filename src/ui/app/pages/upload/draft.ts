/** The draft that the files are for: one an upload, however often it has to be asked for, and none once it is cancelled. */
import { useSyncExternalStore } from 'react'
import type { Job } from '../../contract.ts'
import { call, jobPath, Refusal } from '../../service/call.ts'
import { settings } from './form.ts'
import { endWait, persistently } from './patience.ts'
import { PERSON, STORE } from './tab.ts'

/** Under which its making waits. */
export const DRAFT = 'draft'

interface Making {
  readonly id: Promise<string>
  /** Cancelled meanwhile, it goes on until the service says which draft there is to take back. */
  wanted: boolean
}

/** Where the idempotency key is kept, with the settings that it stands for: over a reload, too, an answer may be lost. */
const KEY = `${STORE}.draft`
/** Where the draft is kept that is being submitted: it takes no more files. */
export const SUBMITTING = `${STORE}.submit`
/** In ms. Uppy ends its uploads itself, and complains of any that went with their draft. */
const UPLOADS_END = 1_500

let draft: string | null = null
let making: Making | null = null
const watchers = new Set<() => void>()
let tellSubmitted: (job: Job) => void = () => undefined

/** @param tell is called with what was to be taken back and turned out to be a job already */
export function whenSubmittedBefore(tell: (job: Job) => void): void {
  tellSubmitted = tell
}

/** From the first upload's beginning until the service has answered. */
export function useMaking(): boolean {
  return useSyncExternalStore(
    watcher => {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    () => making !== null,
  )
}

export function isDraft(jobId: string): boolean {
  return draft === jobId
}

/** Of files that were found again after a reload, or whose submission was refused; where there is no other by then. */
export function takeUp(jobId: string): void {
  if (jobId !== localStorage.getItem(SUBMITTING)) draft ??= jobId
}

/** One, however many uploads begin before it is made. @throws {Refusal} of a setting, before a byte is sent */
export function draftOfFiles(): Promise<string> {
  if (draft) return Promise.resolve(draft)
  if (!making) setMaking(make())
  return making!.id
}

/** What comes next is for a draft of its own. */
export function letGo(): void {
  draft = null
  localStorage.removeItem(KEY)
}

/** Leaves no draft behind; where that is refused, the service removes it in its own time. */
export function abandon(): void {
  const jobId = draft
  letGo()
  if (making) {
    making.wanted = false
    setMaking(null)
    endWait(DRAFT)
  }
  if (jobId) void takeBack(jobId)
}

/** The answer to its submission may have been lost: what is a job by now stays, and is told of. */
export async function takeBack(jobId: string): Promise<void> {
  await new Promise(ended => setTimeout(ended, UPLOADS_END))
  try {
    const job = await persistently(`taking back ${jobId}`, () => removeDraft(jobId), { quiet: () => true })
    if (job) tellSubmitted(job)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
  }
}

/** @returns the job that it is already */
async function removeDraft(jobId: string): Promise<Job | null> {
  try {
    return await call('DELETE', `${jobPath(jobId)}?status=draft`)
  } catch (error) {
    if (error instanceof Refusal && error.code === 'job-not-draft') return call<Job>('GET', jobPath(jobId))
    throw error
  }
}

function make(): Making {
  const { pipeline, priority, callbackUrl, metadata } = settings()
  const body = { ...(pipeline && { pipeline }), priority, ...(callbackUrl && { callbackUrl }), metadata }
  const idempotencyKey = keyFor(JSON.stringify(body))
  const made: Making = { id: ask(), wanted: true }
  return made

  async function ask(): Promise<string> {
    try {
      const { id, owner } = await persistently(
        DRAFT,
        () => call<Job>('POST', '/api/jobs', { body, idempotencyKey }),
        { quiet: () => !made.wanted },
      )
      if (owner !== PERSON) {
        void takeBack(id)
        throw new Error(`This browser is signed in as ${owner} now. Reload the page to upload as ${owner}.`)
      }
      if (made.wanted) draft = id
      else void takeBack(id)
      return id
    } catch (error) {
      // What was refused comes free again by itself; but a draft that is gone, or somebody else's, would be given again.
      if (made.wanted && !(error instanceof Refusal && error.status !== 404)) localStorage.removeItem(KEY)
      throw error
    } finally {
      if (making === made) setMaking(null)
    }
  }
}

function setMaking(next: Making | null): void {
  making = next
  for (const watcher of watchers) watcher()
}

/** The same for the same settings, until the upload ends: however often they are sent, they make one draft. */
function keyFor(body: string): string {
  const kept = JSON.parse(localStorage.getItem(KEY) ?? '{}') as { key?: string; body?: string }
  if (kept.key && kept.body === body) return kept.key
  const key = newKey()
  localStorage.setItem(KEY, JSON.stringify({ key, body }))
  return key
}

/** Where pages come over plain HTTP there is no `randomUUID`. */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint32Array(4))].map(part => part.toString(36)).join('-')
}
