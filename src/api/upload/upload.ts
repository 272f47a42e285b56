/**
 * An upload from its lease to its commit point, the record script:
 *
 *   place ─▶ lease ─▶ receive ─▶ check ─▶ commit ──▶ named by a record, for good
 *                       └──────────┴────── refused ──▶ every byte removed, lease given back
 *                                          unknown ──▶ nothing removed: the janitor decides by the record
 */
import type { UploadedFile } from '../../jobs/job.ts'
import { isRefused, type Refused } from '../../jobs/transitions.ts'
import { requireStillIn } from '../callers.ts'
import { type Asked, pointerTo } from '../endpoint.ts'
import { inProgress } from '../idempotency.ts'
import { invalid, notFound, Problem, queueUnavailable } from '../problems.ts'
import type { Services } from '../services.ts'
import { hashOnly } from './hash-only.ts'
import { isLarge, noRoom, requireMultipart, requireRoom } from './preflight.ts'
import { type Received, receive } from './receive.ts'
import { sweepBuffersOf } from './sweep-buffers.ts'

export interface Upload {
  readonly jobId: string
  /** `new`: the upload makes the job; `draft`: it adds to one. */
  readonly on: 'new' | 'draft'
  /** That this request may bring. */
  readonly maxFiles: number
  readonly checkField: (name: string, value: string) => void
}

export type UploadRefusal =
  | 'gone'
  | 'job-not-draft'
  | 'lease-lost'
  | 'too-many-files'
  | 'storage-full'
  | 'exists'
  | 'key-lost'

/** Runs the script that names the files. Whatever it throws, its outcome is unknown. */
export type Commit = <T extends object>(
  script: (lease: string) => Promise<T | Refused<UploadRefusal>>,
) => Promise<T>

/** @param use checks what was received, and commits it. @throws Problem */
export async function withUpload<T>(
  services: Services,
  asked: Asked<unknown, unknown>,
  upload: Upload,
  use: (received: Received, commit: Commit) => Promise<T>,
): Promise<T> {
  const leave = services.uploads.enter()
  try {
    return await take(services, asked, upload, use)
  } finally {
    leave()
  }
}

async function take<T>(
  services: Services,
  { c, caller }: Asked<unknown, unknown>,
  upload: Upload,
  use: (received: Received, commit: Commit) => Promise<T>,
): Promise<T> {
  const { storage, config, leases, pace } = services
  const { incoming, outgoing } = socketOf(c)
  const { maxFiles } = upload
  const { maxFileSize } = config
  requireMultipart(incoming.headers, services, maxFiles)
  await requireRoom(incoming.headers, services)

  const lease = await leases.take(upload.jobId, upload.on)
  if ('refused' in lease) throw refusal(lease.refused, maxFiles)

  const done = isLarge(incoming.headers) ? sweepBuffersOf(incoming.socket) : undefined
  let received: Received | undefined
  let outcome: 'open' | 'unknown' | 'named' = 'open'
  const commit: Commit = async script => {
    requireStillIn(caller)
    outcome = 'unknown'
    const answer = await script(lease.token)
    outcome = isRefused(answer) ? 'open' : 'named'
    if (isRefused(answer)) throw refusal(answer.refused, maxFiles)
    return answer
  }
  try {
    received = await receive(incoming, outgoing, {
      storage,
      jobId: upload.jobId,
      maxFileSize,
      maxFiles,
      pace,
      signal: lease.lost,
      checkField: upload.checkField,
    })
    requireFiles(received)
    return await use(received, commit)
  } catch (error) {
    if (outcome === 'open') {
      await received?.discard()
      await lease.release()
    }
    throw error === lease.lost.reason ? queueUnavailable(error) : error
  } finally {
    done?.()
    lease.stop()
  }
}

/** Reads an upload that was taken already, to see whether it is the same; keeps nothing. */
export async function readAgain(
  services: Services,
  { c }: Asked<unknown, unknown>,
  { jobId, checkField }: Pick<Upload, 'jobId' | 'checkField'>,
): Promise<Received> {
  const { config, pace, uploads } = services
  const { incoming, outgoing } = socketOf(c)
  const leave = uploads.enter()
  const done = isLarge(incoming.headers) ? sweepBuffersOf(incoming.socket) : undefined
  try {
    requireMultipart(incoming.headers, services, config.maxFiles)
    const received = await receive(incoming, outgoing, {
      storage: hashOnly,
      jobId,
      maxFileSize: config.maxFileSize,
      maxFiles: config.maxFiles,
      pace,
      checkField,
    })
    requireFiles(received)
    return received
  } finally {
    done?.()
    leave()
  }
}

function socketOf(c: Asked<unknown, unknown>['c']) {
  const { incoming, outgoing } = c.env
  if (!incoming || !outgoing) throw new TypeError('an upload comes over a socket')
  return { incoming, outgoing }
}

function requireFiles({ files }: Received): void {
  if (files.length === 0) throw new Problem('no-files', 'The request brings no file part named "files".')
}

/** Holds the files against the hashes that the client promised. @throws Problem */
export function requirePromised(files: readonly UploadedFile[], promised: readonly string[]): void {
  if (promised.length === 0) return
  if (promised.length !== files.length) {
    const message = `${promised.length} hashes for ${files.length} files: give one for each, or none`
    throw invalid(pointerTo(['sha256'], message))
  }
  for (const [index, { name, sha256 }] of files.entries()) {
    if (sha256 !== promised[index]) {
      throw new Problem('checksum-mismatch', `${name} has the SHA-256 ${sha256}, not ${promised[index]}.`, {
        errors: [pointerTo(['sha256', index], `the file has ${sha256}`)],
      })
    }
  }
}

function refusal(code: UploadRefusal, maxFiles: number): Problem {
  switch (code) {
    case 'gone':
      return notFound('job')
    case 'job-not-draft':
      return new Problem('job-not-draft', 'Files can be added only as long as the job is a draft.')
    case 'too-many-files':
      return new Problem(
        'too-many-files',
        `The job would have too many files; ${maxFiles} more could be added.`,
      )
    case 'key-lost':
      return inProgress()
    case 'storage-full':
      return noRoom('SLUICE_STORAGE_QUOTA')
    case 'lease-lost':
    case 'exists':
      return queueUnavailable()
  }
}
