/** The story in sentences. */
import type { Job } from '../../contract.ts'
import { bytes, counted, duration } from '../../format.ts'
import type { Tone } from '../../parts/status.tsx'
import type { Attempt, Moment } from './story.ts'

export interface Sentence {
  readonly text: string
  readonly tone: Tone
}

export function sentenceOf({ type, event, count, names }: Moment): Sentence {
  const { data, run } = event
  switch (type) {
    case 'job.created':
      return { text: `Created for the pipeline ${data.pipeline}`, tone: 'hollow' }
    case 'file.uploaded':
      return count === 1
        ? { text: `${data.name} uploaded, ${bytes(data.size ?? 0)}`, tone: 'quiet' }
        : { text: `${counted(count, 'file')} uploaded`, tone: 'quiet' }
    case 'file.removed':
      return { text: `${data.name} taken out`, tone: 'quiet' }
    case 'job.submitted':
      return { text: `Submitted with ${counted(data.files ?? 0, 'file')}`, tone: 'busy' }
    case 'file.attached':
      return count === 1
        ? { text: `${data.name} attached: its bytes are those that were uploaded`, tone: 'quiet' }
        : {
            text: `${counted(names.length, 'file')} attached: their bytes are those that were uploaded`,
            tone: 'quiet',
          }
    case 'file.failed':
      return { text: `${data.name} could not be attached: ${reason(data.error)}`, tone: 'bad' }
    case 'job.ready':
      return { text: data.message ?? 'Ready for processing', tone: 'warn' }
    case 'job.started':
      return { text: `Attempt ${data.attempt} started by worker ${data.worker}`, tone: 'busy' }
    case 'stage.started':
      return { text: `Stage ${data.stage} started`, tone: 'quiet' }
    case 'stage.progress': {
      const said = data.message ? `: ${data.message}` : ''
      const reached =
        count === 1
          ? `Stage ${data.stage} at ${data.percent} %`
          : `Stage ${data.stage} up to ${data.percent} %, in ${count.toLocaleString('en')} reports`
      return { text: `${reached}${said}`, tone: 'quiet' }
    }
    case 'stage.completed':
      return { text: `Stage ${data.stage} completed in ${duration(data.durationMs ?? 0)}`, tone: 'good' }
    case 'job.log':
      return { text: data.message ?? '', tone: 'quiet' }
    case 'job.retrying':
      return { text: retrying(data), tone: 'warn' }
    case 'job.retried':
      return { text: `Retried by hand: run ${data.run ?? run}`, tone: 'warn' }
    case 'job.completed':
      return { text: 'Completed', tone: 'good' }
    case 'job.failed':
      return { text: `Failed: ${reason(data.error)}`, tone: 'bad' }
    case 'job.cancelled':
      return { text: 'Cancelled', tone: 'quiet' }
  }
}

function retrying({ reason: why, attempt, error, delayMs }: Moment['event']['data']): string {
  if (why === 'hand-over') return 'Handed over by a worker that shuts down; another goes on'
  if (why === 'worker-lost') return 'The worker was lost; another goes on after the last completed stage'
  const next = delayMs ? `, the next one follows in ${duration(delayMs)}` : ''
  return `Attempt ${attempt} failed${next}: ${reason(error)}`
}

function reason(error: Job['error'] | undefined): string {
  return error?.message ?? 'no reason was given'
}

/** What came of an attempt. */
export function outcomeOf({ outcome, error, delayMs }: Attempt): Sentence {
  switch (outcome) {
    case 'running':
      return { text: 'Under way', tone: 'busy' }
    case 'completed':
      return { text: 'Completed', tone: 'good' }
    case 'cancelled':
      return { text: 'Cancelled', tone: 'quiet' }
    case 'hand-over':
      return { text: 'Handed over: its worker was shutting down. This costs no attempt.', tone: 'warn' }
    case 'worker-lost':
      return error
        ? { text: error.message, tone: 'bad' }
        : { text: 'Its worker died or fell silent. This costs no attempt.', tone: 'warn' }
    case 'failed': {
      const next = delayMs ? ` Tried again after ${duration(delayMs)}.` : ''
      return { text: `${reason(error ?? undefined)}${next}`, tone: 'bad' }
    }
  }
}

type ErrorCode = NonNullable<Job['error']>['code']

/** What to do about it, where `message` says what happened. */
export const ADVICE: Readonly<Record<ErrorCode, string>> = {
  'file-missing': 'The uploaded bytes are gone from storage. Upload the file again as a new job.',
  'file-changed':
    'What is stored is not what was uploaded. Upload the file again, and have the disk looked at.',
  'file-type-not-allowed':
    'This service does not take such files. Send another kind, or ask its operator to allow this one.',
  'file-infected':
    'The virus scanner found something. Clean the file where it comes from before you send it again.',
  'unsupported-content':
    'The pipeline cannot read this kind of file. Send text, plain or compressed, or run it again with another pipeline.',
  'archive-limit':
    'The archive is larger or deeper than allowed. Split it, or send the files in it by themselves.',
  'stage-failed':
    'Read the log and the attempts below. If the cause has passed, retry: it goes on at this stage.',
  'stage-timeout':
    'The stage stood still for too long. Retry; if it happens again, send less at once or ask the operator for more time.',
  'worker-lost':
    'Workers died while they were at this job, perhaps for lack of memory. Send less at once, or retry once the operator has looked.',
  'job-lost': 'Somebody deleted its queue. Nothing is wrong with the files: retry.',
  'storage-unavailable':
    'The storage could not be reached. Once it is back, retry: no file has to be sent again.',
}

/** Retrying would meet the same bytes again, and the API refuses it. */
const FOR_GOOD: ReadonlySet<string> = new Set<ErrorCode>([
  'file-missing',
  'file-changed',
  'file-type-not-allowed',
  'file-infected',
])

/** Another run meets the same content: it is only worth it once the service itself has changed. */
const UNLIKELY: ReadonlySet<string> = new Set<ErrorCode>(['unsupported-content', 'archive-limit'])

/** Whether a retry is what most people should do next. */
export function isHopeful(job: Job): boolean {
  return isRetryable(job) && !UNLIKELY.has(job.error?.code ?? '')
}

export function isRetryable({ status, error }: Job): boolean {
  return status === 'failed' && !FOR_GOOD.has(error?.code ?? '')
}
