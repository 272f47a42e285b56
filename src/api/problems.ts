/**
 * Errors as clients see them: `application/problem+json` (RFC 9457). Whoever finds something wrong throws a `Problem`,
 * wherever it is; `problemOf` translates everything else, so that nothing internal leaves the process.
 */
import { StorageError } from '../storage/storage.ts'

/** Every code of the contract with its status and title. */
export const PROBLEMS = {
  'invalid-request': [400, 'The request is not valid'],
  'malformed-multipart': [400, 'The multipart body cannot be read'],
  'malformed-json': [400, 'The body is not JSON'],
  unauthenticated: [401, 'An API key is needed'],
  forbidden: [403, 'Not allowed'],
  'not-found': [404, 'Not found'],
  'method-not-allowed': [405, 'The method is not allowed here'],
  'not-acceptable': [406, 'No acceptable representation'],
  'upload-timeout': [408, 'The upload stalled'],
  'job-not-draft': [409, 'The job is not a draft any more'],
  'uploads-in-progress': [409, 'An upload to this job is under way'],
  'job-final': [409, 'The job has ended'],
  'job-not-failed': [409, 'The job has not failed'],
  'job-not-retryable': [409, 'The job cannot be retried'],
  'job-not-final': [409, 'The job has not ended'],
  'delivery-pending': [409, 'The delivery is still open'],
  'webhook-disabled': [409, 'The endpoint is disabled'],
  'too-many-webhooks': [409, 'There are too many endpoints'],
  'idempotency-in-progress': [409, 'A request with this key is under way'],
  'storage-not-s3': [409, 'The storage is no S3'],
  'file-too-large': [413, 'A file is too large'],
  'too-many-files': [413, 'Too many files'],
  'too-many-fields': [413, 'Too many fields'],
  'field-too-large': [413, 'A field is too large'],
  'request-too-large': [413, 'The request is too large'],
  'unsupported-media-type': [415, 'The media type is not supported'],
  'range-not-satisfiable': [416, 'The range lies outside the content'],
  // 409 where a draft without a file is submitted, 422 where a multipart request brings none.
  'no-files': [422, 'There is no file'],
  'unknown-pipeline': [422, 'There is no such pipeline'],
  'callback-url-not-allowed': [422, 'The callback URL is not allowed'],
  'checksum-mismatch': [422, 'A file is not what was promised'],
  'idempotency-key-reused': [422, 'The key was used for another request'],
  'too-many-uploads': [429, 'Too many uploads at once'],
  'rate-limited': [429, 'Too many requests'],
  internal: [500, 'Something went wrong on our side'],
  'queue-unavailable': [503, 'The queue is unavailable'],
  'storage-unavailable': [503, 'The storage is unavailable'],
  'storage-full': [507, 'The storage is full'],
} as const satisfies Record<string, readonly [status: number, title: string]>

export type ProblemCode = keyof typeof PROBLEMS

/** Where in a request something is wrong: `pointer` (RFC 6901) into its body, or the name of a `parameter`. */
export type Fault = { readonly message: string } & (
  | { readonly pointer: string }
  | { readonly parameter: string }
)

/** Seconds after which a client may try again what failed because something we need is away. */
const RETRY_AFTER = '2'

export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly status: number
  readonly detail: string
  readonly errors: readonly Fault[] | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly #extensions: Readonly<Record<string, unknown>>

  /** @param detail one sentence for the client. `extensions`: what only some requests tell (RFC 9457, 3.2). */
  constructor(
    code: ProblemCode,
    detail: string,
    options: ErrorOptions & {
      status?: number
      errors?: readonly Fault[] | undefined
      headers?: Readonly<Record<string, string>>
      extensions?: Readonly<Record<string, unknown>>
    } = {},
  ) {
    super(`${code}: ${detail}`, options)
    this.code = code
    this.status = options.status ?? PROBLEMS[code][0]
    this.detail = detail
    this.errors = options.errors
    this.#extensions = options.extensions ?? {}
    this.headers = options.headers ?? (this.status === 503 ? { 'retry-after': RETRY_AFTER } : {})
  }

  /** The same, which tells more. */
  extended(extensions: Readonly<Record<string, unknown>>): Problem {
    const { code, detail, status, errors, headers, cause } = this
    return new Problem(code, detail, { status, errors, headers, cause, extensions })
  }

  toResponse(requestId: string): Response {
    const { headers, body } = this.parts(requestId)
    return new Response(body, { status: this.status, headers })
  }

  /** What the response is made of, for where there is no request to respond to. */
  parts(requestId: string): { headers: Readonly<Record<string, string>>; body: string } {
    const { code, status, detail, errors } = this
    const body = {
      type: `/problems/${code}`,
      title: PROBLEMS[code][1],
      status,
      detail,
      code,
      requestId,
      errors,
      ...this.#extensions,
    }
    return {
      headers: {
        'content-type': 'application/problem+json',
        'cache-control': 'no-store',
        'x-request-id': requestId,
        ...this.headers,
      },
      body: JSON.stringify(body),
    }
  }
}

/** A request of which one thing is wrong; the detail repeats it, for those who read only that. */
export function invalid(...errors: readonly Fault[]): Problem {
  const [first] = errors
  const at = first && ('pointer' in first ? first.pointer : first.parameter)
  // The pointer to all of a body is empty.
  const detail = first ? `${at || 'The body'}: ${first.message}` : 'The request is not valid.'
  return new Problem('invalid-request', detail, { errors })
}

export function notFound(what: string): Problem {
  return new Problem('not-found', `There is no such ${what}.`)
}

export function unauthenticated(
  detail = 'Send an API key as "Authorization: Bearer <key>", or log in.',
): Problem {
  return new Problem('unauthenticated', detail, { headers: { 'www-authenticate': 'Bearer realm="sluice"' } })
}

/** Whatever was thrown, as a problem. The original is its `cause`, for the log. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof StorageError) return storageProblem(error)
  if (isRedisAway(error)) return queueUnavailable(error)
  return new Problem('internal', 'The log of the service explains it, under this request id.', {
    cause: error,
  })
}

export function queueUnavailable(cause?: unknown): Problem {
  return new Problem('queue-unavailable', 'The queue cannot be reached at the moment. Try again soon.', {
    cause,
  })
}

function storageProblem(cause: StorageError): Problem {
  switch (cause.code) {
    case 'full':
      return new Problem('storage-full', 'There is no room for more uploads. Try again later.', { cause })
    case 'unavailable':
      return new Problem('storage-unavailable', 'The storage does not answer. Try again soon.', { cause })
    case 'not-found':
      return new Problem('not-found', 'Its bytes are not stored any more.', { cause })
  }
}

/** Refusals of a Redis that is there but cannot take writes, or not yet answer. */
const REFUSALS =
  /^(OOM|READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|MISCONF|NOREPLICAS|BUSY|TRYAGAIN|NOAUTH|WRONGPASS)\b/
/** What ioredis says when it cannot reach a Redis; it has no error class of its own for most of it. */
const AWAY =
  /Connection is closed|Command timed out|cannot be reached|Stream isn't writeable|max retries per request|Command aborted/i

function isRedisAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  // A script's own errors carry the refusal of the call inside it, behind other words.
  if (error.name === 'ReplyError') {
    // A transaction's carries those of its commands: out of memory, Redis refuses also what only reads.
    const { previousErrors = [] } = error as { previousErrors?: Error[] }
    if (previousErrors.some(isRedisAway)) return true
    return REFUSALS.test(error.message) || /\bOOM command not allowed\b/.test(error.message)
  }
  if (error.name === 'MaxRetriesPerRequestError' || error.name === 'ClusterAllFailedError') return true
  if (AWAY.test(error.message)) return true
  const { code, syscall } = error as NodeJS.ErrnoException
  return syscall !== undefined
    ? ['connect', 'read', 'write'].includes(syscall)
    : code === 'EPIPE' || code === 'ECONNRESET' || code === 'ECONNREFUSED'
}
