/** What the service refused of a file, in words for people: the tus client tells a whole exchange instead. */
import type { ProblemBody } from '../../contract.ts'
import { Refusal } from '../../service/call.ts'

/** As far as it is used here. */
interface Answer {
  getStatus(): number
  getBody(): string
  getHeader(name: string): string | undefined
}

/** The tus client's, as far as it is used here. */
interface Failure extends Error {
  readonly originalResponse?: Answer | null
  readonly causingError?: Error | null
}

/** What to do about it, where the service's sentence does not say so. */
const ADVICE: Readonly<Record<string, string>> = {
  'file-too-large': 'Take it out, or split it.',
  'too-many-files': 'Take it out, or put several into an archive.',
  'storage-full':
    'Delete jobs that are not needed any more, or ask whoever runs the service for room; then retry.',
}

/** @param failure with the answer, where there was one */
export function refusalOf({ originalResponse, causingError }: Failure): Refusal {
  if (causingError instanceof Refusal) return causingError
  return originalResponse?.getStatus() ? refusalIn(originalResponse) : new Refusal(0, null)
}

export function refusalIn(response: Answer): Refusal {
  const seconds = Number(response.getHeader('retry-after'))
  return new Refusal(
    response.getStatus(),
    problemIn(response.getBody()),
    seconds > 0 ? seconds * 1_000 : undefined,
  )
}

/** @returns a sentence that says what happened, and what to do */
export function wordsOf(refusal: Refusal): string {
  return isGone(refusal)
    ? 'What was begun of this upload is no longer there: it waited too long, or somebody deleted it. Upload the files again.'
    : [refusal.message, ADVICE[refusal.code]].filter(Boolean).join(' ')
}

/** @returns what happened, without what is asked of people: it is done for them */
export function reasonOf({ status, message }: Refusal): string {
  return status === 0 ? 'The service cannot be reached.' : message.replace(/ Try again [^.]*\./, '')
}

/** Whether the draft that a file is for takes no files any more. */
export function isGone({ status, code }: Refusal): boolean {
  return status === 404 || code === 'job-not-draft'
}

/** Whether it may go well a moment later, without anybody's doing. */
export function isPassing(refusal: Refusal): boolean {
  return (
    refusal.code !== 'storage-full' &&
    // 408: nothing came for a while, as where a laptop slept.
    (refusal.passes || [408, 409, 423].includes(refusal.status)) &&
    !isGone(refusal)
  )
}

function problemIn(body: string): ProblemBody | null {
  try {
    return JSON.parse(body) as ProblemBody
  } catch {
    // A proxy's page, or the answer to a HEAD.
    return null
  }
}
