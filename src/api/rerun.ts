/**
 * `POST /api/jobs/{id}/rerun`: a new job from the files of another. They are copied, so that either job can be deleted
 * without the other; what is copied is hashed on its way, and must be what was uploaded. From the lease to the record
 * script it goes as an upload does.
 */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { StoredFile, UploadedFile } from '../jobs/job.ts'
import { newJobId } from '../jobs/job-id.ts'
import type { Lease } from '../jobs/leases.ts'
import { type JobRecord, readRecord } from '../jobs/record.ts'
import { isRefused } from '../jobs/transitions.ts'
import { StorageError } from '../storage/storage.ts'
import { requireStillIn, shown, WRITERS } from './callers.ts'
import { by } from './client.ts'
import { type Asked, endpoint } from './endpoint.ts'
import {
  fingerprintOf,
  IDEMPOTENCY,
  IDEMPOTENCY_PROBLEMS,
  idempotently,
  inProgress,
  REPLAYED,
} from './idempotency.ts'
import { readJob } from './jobs.ts'
import { PREFER } from './prefer.ts'
import { Problem, queueUnavailable } from './problems.ts'
import { JobDraft, toRequest } from './requests.ts'
import { JobSchema } from './schemas.ts'
import type { Services } from './services.ts'
import { accepted, enqueueFlow } from './submission.ts'
import { noRoom, requireBytes } from './upload/preflight.ts'

/** What is not given stays as it was. */
const Rerun = z.strictObject({
  pipeline: JobDraft.shape.pipeline.unwrap().optional(),
  priority: JobDraft.shape.priority.unwrap().optional(),
  callbackUrl: JobDraft.shape.callbackUrl.unwrap().optional(),
  metadata: JobDraft.shape.metadata.unwrap().optional(),
})

export function rerunEndpoints(services: Services) {
  return [
    endpoint({
      id: 'rerunJob',
      method: 'post',
      path: '/api/jobs/{id}/rerun',
      tag: 'Jobs',
      summary: 'A new job from the same files, copied; what is not given stays as it was',
      roles: WRITERS,
      json: Rerun,
      bodyOptional: true,
      heeds: { ...PREFER, ...IDEMPOTENCY },
      answers: {
        202: {
          description: 'The new job.',
          schema: JobSchema,
          headers: {
            Location: 'The new job',
            'Preference-Applied': 'Where the request had `Prefer: wait=N`',
            ...REPLAYED,
          },
        },
      },
      problems: [
        'field-too-large',
        'not-found',
        ['no-files', 409],
        'uploads-in-progress',
        'job-not-retryable',
        'unknown-pipeline',
        'callback-url-not-allowed',
        'too-many-uploads',
        'storage-unavailable',
        'storage-full',
        ...IDEMPOTENCY_PROBLEMS,
      ],
      async handle(asked) {
        const original = await readJob(services, asked)
        const given = asked.body as z.output<typeof Rerun>
        const { pipeline, priority, callbackUrl, metadata } = original
        const draft: JobDraft = { pipeline, priority, callbackUrl, metadata, ...withoutUndefined(given) }
        const fingerprint = fingerprintOf(draft, null)
        return idempotently(
          services,
          asked,
          async key => {
            const record = await copyJob(services, asked, original, draft, key?.hold(fingerprint))
            await enqueueFlow(services, record)
            return accepted(services, asked, record)
          },
          async ({ jobId }, requireSame) => {
            requireSame(fingerprint)
            return accepted(services, asked, shown(await readRecord(services.redis, jobId), asked.caller))
          },
        )
      },
    }),
  ]
}

function withoutUndefined<T extends object>(
  given: T,
): Partial<{ [Key in keyof T]: Exclude<T[Key], undefined> }> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never
}

async function copyJob(
  services: Services,
  asked: Asked<unknown, unknown>,
  original: JobRecord,
  draft: JobDraft,
  idempotency: { key: string; token: string; fingerprint: string } | undefined,
): Promise<JobRecord> {
  const { storage, leases, transitions, uploads, log } = services
  await requireNoUploads(leases, original)
  if (original.files.length === 0) throw new Problem('no-files', 'The job has no files.', { status: 409 })
  const id = newJobId()
  const request = await toRequest(services, draft, { id, owner: asked.caller.name })
  const leave = uploads.enter()
  const copied: UploadedFile[] = []
  let lease: Lease | undefined
  let outcome: 'open' | 'unknown' | 'named' = 'open'
  try {
    await requireBytes(
      original.files.reduce((sum, { size }) => sum + size, 0),
      services,
    )
    lease = await takeLease(leases, id)
    const signal = AbortSignal.any([lease.lost, asked.c.req.raw.signal])
    for (const file of original.files) copied.push(await copyFile(storage, file, id, signal))
    requireStillIn(asked.caller)
    outcome = 'unknown'
    const made = await transitions.create(request, randomUUID(), {
      lease: lease.token,
      files: copied,
      submit: true,
      idempotency,
      by: by(asked),
    })
    outcome = isRefused(made) ? 'open' : 'named'
    if (!isRefused(made)) return made.record
    if (made.refused === 'storage-full') throw noRoom('SLUICE_STORAGE_QUOTA')
    throw made.refused === 'key-lost' ? inProgress() : queueUnavailable()
  } catch (error) {
    if (outcome === 'open') {
      await storage.removeAll(copied.map(({ key }) => key)).catch((failure: unknown) => {
        log.warn({ err: failure }, `copies for the rerun of job ${original.id} are left to the janitor`)
      })
      await lease?.release()
    }
    throw lease?.lost.aborted ? queueUnavailable(lease.lost.reason) : error
  } finally {
    lease?.stop()
    leave()
  }
}

/** What is still to come would be missing in the new job. @throws Problem */
async function requireNoUploads(
  leases: Services['leases'],
  { id, status, uploads }: JobRecord,
): Promise<void> {
  if (status !== 'draft') return
  if (uploads.length > 0 || (await leases.isHeld(id))) {
    throw new Problem('uploads-in-progress', 'Wait until every upload to the draft has ended, or end it.')
  }
}

async function takeLease(leases: Services['leases'], id: string): Promise<Lease> {
  const lease = await leases.take(id, 'new')
  if ('refused' in lease) throw queueUnavailable()
  return lease
}

/** @throws Problem where the bytes are not there any more, or not those that were uploaded. */
async function copyFile(
  storage: Services['storage'],
  file: StoredFile,
  jobId: string,
  signal: AbortSignal,
): Promise<UploadedFile> {
  const { name, size, type, sha256 } = file
  const key = `${jobId}/f-${randomUUID()}`
  const source = await storage.open(file.key).catch(error => {
    if (error instanceof StorageError && error.code === 'not-found')
      throw unfit(`${name} is not there any more.`)
    throw error
  })
  const put = await storage.put(key, source, { signal })
  if (put.sha256 === sha256 && put.size === size) return { name, size, type, sha256, key, etag: put.etag }
  await storage.remove(key)
  throw unfit(`${name} is not what was uploaded.`)
}

function unfit(detail: string): Problem {
  return new Problem('job-not-retryable', `${detail} Upload the files again.`)
}
