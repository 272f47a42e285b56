/** The API's client: JSON in, JSON or a `Refusal` out. */
import type { ProblemBody } from '../contract.ts'
import { duration } from '../format.ts'
import { keepPlace } from './kept-place.ts'

/** What the API refused, or why it could not be asked: `message` is a sentence for people. */
export class Refusal extends Error {
  /** 0: there was no answer. */
  readonly status: number
  readonly code: string
  /** What was wrong with which field, where that was the reason. */
  readonly errors: NonNullable<ProblemBody['errors']>
  /** What the service's log calls the request; only where it is the service that failed. */
  readonly requestId: string | undefined
  /** In ms, where the service asked to be left alone for a while. */
  readonly retryAfter: number | undefined

  constructor(status: number, body: Partial<ProblemBody> | null, retryAfter?: number) {
    super(body?.detail ?? body?.title ?? SILENT[status] ?? `The service answered with status ${status}.`)
    this.status = status
    this.code = body?.code ?? 'unknown'
    this.errors = body?.errors ?? []
    this.requestId = status >= 500 ? body?.requestId : undefined
    this.retryAfter = retryAfter
  }

  /** Whether the same request may be answered in a moment. */
  get passes(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 502
  }
}

/** What was wrong with a setting, to be told beside its field. */
export function faultAt(refused: unknown, pointer: string): string | undefined {
  if (!(refused instanceof Refusal)) return undefined
  if (refused.code === 'callback-url-not-allowed' && pointer === '/callbackUrl') return refused.message
  return refused.errors.find(each => each.pointer?.startsWith(pointer))?.message
}

const SILENT: Readonly<Record<number, string>> = {
  0: 'The service cannot be reached. Check that it runs and that you are connected, then try again.',
  429: 'More was asked of the service than it takes at a time. Try again in a moment.',
  502: 'The service is not reachable behind its proxy. Try again in a moment.',
  503: 'The service is not ready. Try again in a moment.',
}

export interface CallOptions {
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as multipart/form-data, instead. */
  readonly form?: FormData
  /** The same for what is the same request: it has its effect once. */
  readonly idempotencyKey?: string
  readonly signal?: AbortSignal
}

/** Whether somebody was in: then it is their session that has ended, and they are told so. */
let wasIn = false

/**
 * @returns what the JSON says; null where there is none
 * @throws {Refusal} for every answer but 2xx; where the session has ended, the login page is on its way besides
 */
export async function call<T>(
  method: string,
  path: string,
  { body, form, idempotencyKey, signal }: CallOptions = {},
): Promise<T> {
  const asked = fetch(path, {
    method,
    headers: {
      accept: 'application/json',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(idempotencyKey && { 'idempotency-key': idempotencyKey }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(form && { body: form }),
    ...(signal && { signal }),
  })
  const response = await reached(asked, signal)
  if (response.status === 401) signIn()
  if (!response.ok) {
    const seconds = Number(response.headers.get('retry-after'))
    const problem = await response.json().catch(() => null)
    throw new Refusal(response.status, problem, seconds > 0 ? seconds * 1_000 : undefined)
  }
  wasIn = true
  return response.status === 204 ? (null as T) : await reached(response.json(), signal)
}

/** @throws {Refusal} where the service can't be reached, or its answer breaks off; what was thrown where nobody waits any more */
export function reached<T>(asked: Promise<T>, signal?: AbortSignal): Promise<T> {
  return asked.catch(error => {
    throw signal?.aborted ? error : new Refusal(0, null)
  })
}

/** Until the page that is gone to is there, or this one again. */
let isLeaving = false
addEventListener('pageshow', () => {
  isLeaving = false
})

/** To the login page, and back here afterwards; once, however much is refused, and not where one is on the way out. */
export function signIn(): void {
  if (isLeaving) return
  isLeaving = true
  location.assign(`/login?next=${encodeURIComponent(keepPlace())}${wasIn ? '&ended' : ''}`)
}

/**
 * Opens a session of this browser.
 *
 * @throws where the key is not known, or nobody can be asked: with a sentence for people
 */
export async function signInWith(key: string): Promise<void> {
  const asked = fetch('/login', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ key }),
    redirect: 'manual',
  })
  const response = await reached(asked)
  // The redirect to `/` is the success; where to go is decided here.
  if (response.type === 'opaqueredirect' || response.ok) return
  if (response.status === 401) {
    throw new Error('This key is not known here. Check that all of it was copied.')
  }
  const wait = Number(response.headers.get('retry-after'))
  if (response.status === 429 && wait > 0) {
    throw new Error(
      `Too many attempts to sign in came from this address. Try again in ${duration(wait * 1_000)}.`,
    )
  }
  throw new Refusal(response.status, await response.json().catch(() => null))
}

/** Ends the session, and with it what this page may show. @throws {Refusal} where it may not have ended */
export async function signOut(): Promise<void> {
  // What the page still asks for meanwhile is refused before it is left.
  isLeaving = true
  try {
    const response = await reached(fetch('/logout', { method: 'POST', redirect: 'manual' }))
    // 401: there was none any more.
    if (response.type !== 'opaqueredirect' && !response.ok && response.status !== 401) {
      throw new Refusal(response.status, await response.json().catch(() => null))
    }
  } catch (error) {
    isLeaving = false
    throw error
  }
  location.assign('/login')
}

export function jobPath(id: string): string {
  return `/api/jobs/${encodeURIComponent(id)}`
}

export function artifactPath(id: string, name: string): string {
  return `${jobPath(id)}/artifacts/${name.split('/').map(encodeURIComponent).join('/')}`
}
