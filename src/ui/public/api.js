/**
 * The API's client, and the shapes that it answers with (as far as the page uses them).
 *
 * @typedef {'draft' | 'attaching' | 'pending' | 'processing' | 'completed' | 'failed' | 'cancelled'} Status
 * @typedef {{ id: string, name: string, size: number, type: string, sha256: string, status: string }} JobFile
 * @typedef {{ name: string, status: 'pending' | 'running' | 'completed' | 'failed', percent: number }} Stage
 * @typedef {{ percent: number, stage: string | null, stageIndex: number, stageCount: number, stages: Stage[] }} Progress
 * @typedef {{ code: string, message: string, stage?: string, fileId?: string, attempts: number }} JobError
 * @typedef {{ name: string, size: number, type: string, stage?: string, fileId?: string }} Artifact
 * @typedef {{
 *   id: string, status: Status, run: number, owner: string, pipeline: string, priority: number,
 *   metadata: Record<string, unknown>, callbackUrl: string | null, files: JobFile[], progress: Progress,
 *   attempts: { made: number, max: number }, result: unknown, error: JobError | null, artifacts: Artifact[],
 *   createdAt: string, readyAt: string | null, startedAt: string | null, finishedAt: string | null,
 * }} Job
 * @typedef {{ id: string, type: string, jobId: string, run: number, at: string, data: any }} JobEvent
 * @typedef {{ at: string, durationMs: number, statusCode: number | null, error: string | null }} DeliveryAttempt
 * @typedef {{
 *   id: string, url: string, type: string, status: 'pending' | 'delivered' | 'failed', attempts: DeliveryAttempt[],
 *   nextAttemptAt: string | null, createdAt: string,
 * }} Delivery
 */

/** Statuses that no job leaves by itself. @type {ReadonlySet<Status>} */
export const FINAL = new Set(['completed', 'failed', 'cancelled'])

/** A refusal of the API's: `message` is a sentence for people. */
export class Problem extends Error {
  /** @param {number} status 0: there was no answer. @param {any} body a problem+json, or null */
  constructor(status, body) {
    super(body?.detail ?? body?.title ?? SILENT[status] ?? `The service answered with status ${status}.`)
    this.status = status
    /** @type {string} */
    this.code = body?.code ?? 'unknown'
    /** @type {{ pointer?: string, parameter?: string, message: string }[]} */
    this.errors = body?.errors ?? []
    /** @type {string | undefined} */
    this.requestId = status >= 500 ? body?.requestId : undefined
  }
}

/** @type {Record<number, string>} */
const SILENT = {
  0: 'The service cannot be reached. Check that it runs and that you are connected, then try again.',
  502: 'The service is not reachable behind its proxy. Try again in a moment.',
  503: 'The service is not ready. Try again in a moment.',
}

/**
 * @param {string} method
 * @param {string} path
 * @param {{ signal?: AbortSignal }} [options]
 * @returns {Promise<any>} what the JSON says; null where there is none
 * @throws {Problem}
 */
export async function call(method, path, options = {}) {
  const response = await fetch(path, { method, headers: { accept: 'application/json' }, ...options }).catch(
    error => {
      if (options.signal?.aborted) throw error
      throw new Problem(0, null)
    },
  )
  const body = await response.json().catch(() => null)
  if (response.status === 401) signIn()
  if (!response.ok) throw new Problem(response.status, body)
  return body
}

/** To the login page, and back here afterwards. */
export function signIn() {
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`)
}

/** @param {string} id */
export function jobPath(id) {
  return `/api/jobs/${encodeURIComponent(id)}`
}

/** @param {string} id @param {string} name */
export function artifactPath(id, name) {
  return `${jobPath(id)}/artifacts/${name.split('/').map(encodeURIComponent).join('/')}`
}
