/** What the service refused of a file, in words for people: the tus client tells a whole exchange instead. */
import type { ProblemBody } from '../../contract.ts'
import { Refusal } from '../../service/call.ts'

/** As far as it is used here. */
interface Answer {
  getStatus(): number
  getBody(): string
  getHeader(name: string): string | undefined
}

/** What to do about it, where the service's sentence does not say so. */
const ADVICE: Readonly<Record<string, string>> = {
  'file-too-large': 'Take it out, or split it.',
  'too-many-files': 'Take it out, or put several into an archive.',
  'storage-full':
    'Delete jobs that are not needed any more, or ask whoever runs the service for room; then retry.',
}

/** @param error of the tus client: with the answer, where there was one */
export function refusalOf(error: Error & { readonly originalResponse?: Answer | null }): Refusal {
  const { originalResponse: response } = error
  if (!response?.getStatus()) return new Refusal(0, null)
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

/** Whether the draft that a file is for takes no files any more. */
export function isGone({ status, code }: Refusal): boolean {
  return status === 404 || code === 'job-not-draft'
}

/** Whether it may go well a moment later, without anybody's doing. */
export function isPassing(refusal: Refusal): boolean {
  return (
    refusal.code !== 'storage-full' &&
    (refusal.passes || [409, 423].includes(refusal.status)) &&
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
