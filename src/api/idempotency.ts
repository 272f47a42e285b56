/**
 * `Idempotency-Key`: a request repeated under the same key, however often and concurrently, has its effect once and is
 * given the same answer. See jobs/idempotency.ts for how that holds under crashes.
 */
import { createHash } from 'node:crypto'
import type { KeptAnswer, Reservation } from '../jobs/idempotency.ts'
import type { JobRequest, UploadedFile } from '../jobs/job.ts'
import type { Asked } from './endpoint.ts'
import { invalid, Problem } from './problems.ts'
import type { Services } from './services.ts'

const HEADER = 'Idempotency-Key'
const LONGEST = 255

/** As the document says it of the endpoints that heed it. */
export const IDEMPOTENCY = {
  [HEADER]:
    'At most 255 printable characters, quoted or bare. The same key with the same content has its effect once, for 24 h.',
}
export const IDEMPOTENCY_PROBLEMS = ['idempotency-in-progress', 'idempotency-key-reused'] as const
export const REPLAYED = { 'Idempotent-Replayed': '`true` where this answers a repeat' }

/** The key that a request holds; its answer is kept by the transition that is given this. */
export interface RequestKey {
  hold(fingerprint: string): { key: string; token: string; fingerprint: string }
}

/**
 * @param first does what is asked; with a key, its transition must be given what `hold` answers.
 * @param repeat answers a request that was answered before. `requireSame` wants the fingerprint of its content.
 */
export async function idempotently(
  { idempotency }: Services,
  { c, caller }: Asked<unknown, unknown>,
  first: (key: RequestKey | null) => Promise<Response>,
  repeat: (answer: KeptAnswer, requireSame: (fingerprint: string) => void) => Promise<Response>,
): Promise<Response> {
  const given = c.req.header(HEADER)
  if (given === undefined) return first(null)
  const key = digest([caller.name, c.req.method, c.req.path, parseKey(given)])
  const reserved = await idempotency.reserve(key)
  if (reserved === 'in-progress') throw inProgress()
  if ('answer' in reserved) {
    const answer = await repeat(reserved.answer, fingerprint => {
      if (fingerprint !== reserved.answer.fingerprint) throw reused()
    })
    answer.headers.set('idempotent-replayed', 'true')
    return answer
  }
  return firstUnder(key, reserved, first)
}

async function firstUnder(
  key: string,
  reservation: Reservation,
  first: (key: RequestKey) => Promise<Response>,
): Promise<Response> {
  try {
    const answer = await first({
      hold: fingerprint => ({ key, token: reservation.token, fingerprint }),
    })
    reservation.stop()
    return answer
  } catch (error) {
    await reservation.free()
    throw error
  }
}

/** For a transition that itself answers as the first time where it is given the same token. @throws Problem */
export function requestToken({ c, caller }: Asked<unknown, unknown>): string | null {
  const given = c.req.header(HEADER)
  return given === undefined ? null : digest([caller.name, parseKey(given)])
}

/** Of the request that a client makes: what the job is to be, and the files in their order. */
export function fingerprintOf(
  request: Pick<JobRequest, 'pipeline' | 'priority' | 'callbackUrl' | 'metadata'> | null,
  files: readonly UploadedFile[] | null,
): string {
  const { pipeline, priority, callbackUrl, metadata } = request ?? {}
  return digest([
    { pipeline, priority, callbackUrl, metadata },
    files?.map(({ name, size, sha256 }) => ({ name, size, sha256 })) ?? null,
  ])
}

/** Also of a request that holds a key no longer: it took too long, and another may be under way. */
export function inProgress(): Problem {
  return new Problem('idempotency-in-progress', 'A request with this key is under way. Repeat it soon.', {
    headers: { 'retry-after': '2' },
  })
}

export function reused(): Problem {
  return new Problem(
    'idempotency-key-reused',
    'This key was used for a request with other content. Give each request a key of its own.',
  )
}

/** A quoted key (a string of RFC 8941) is the same as a bare one. */
function parseKey(given: string): string {
  const text = given.trim()
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(text)
  const key = quoted ? quoted[1]!.replaceAll(/\\(["\\])/g, '$1') : text
  if (key.length <= LONGEST && /^[\x20-\x7e]+$/.test(key)) return key
  throw invalid({ parameter: HEADER, message: `1 to ${LONGEST} printable characters are wanted` })
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value, sorted)).digest('hex')
}

/** The order of an object's keys says nothing. */
function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
