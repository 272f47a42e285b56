/** Uploads past us, straight to S3: signed here, and checked here before they count. */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { PresignedUpload, UploadedFile } from '../jobs/job.ts'
import { formatUploadId, readUpload } from '../jobs/open-uploads.ts'
import { instant, readJobFile, viewFile } from '../jobs/record.ts'
import { isRefused } from '../jobs/transitions.ts'
import { createUploadLocks } from '../jobs/upload-lock.ts'
import { isOnS3 } from '../storage/on-s3.ts'
import type { DirectUploads } from '../storage/s3-direct.ts'
import { requireStillIn, WRITERS } from './callers.ts'
import { by } from './client.ts'
import { type Asked, endpoint, pointerTo } from './endpoint.ts'
import { sha256Text } from './fields.ts'
import { readJob } from './jobs.ts'
import type { Metrics } from './metrics.ts'
import { invalid, notFound, Problem } from './problems.ts'
import { FileSchema, PresignedSchema } from './schemas.ts'
import type { Services } from './services.ts'
import { json } from './submission.ts'
import { cleanFileName } from './upload/file-name.ts'
import { mediaType } from './upload/media-type.ts'
import { fileTooLarge } from './upload/multipart-errors.ts'
import { openUploadRefusal } from './upload/open-upload-refusal.ts'
import { requireBytes } from './upload/preflight.ts'

/** Milliseconds for which S3 lets a URL be good. */
const LONGEST_LIFE = 7 * 86_400_000
const LOCK_PATIENCE = 20_000

const PresignRequest = z.strictObject({
  name: z.string(),
  size: z.int().min(0),
  sha256: sha256Text.describe('In hex: what counts has this hash.'),
  type: z.string().default(''),
})

const CompleteRequest = z.strictObject({
  parts: z
    .array(z.strictObject({ number: z.int().min(1).max(10_000), etag: z.string().min(1).max(200) }))
    .optional()
    .describe('Of an upload in parts: the `ETag` that S3 answered for each.'),
})

export function directUploadEndpoints(services: Services, metrics: Metrics) {
  const { storage, transitions, leases, redis, config, log } = services
  const locks = createUploadLocks(redis)
  async function requireS3(): Promise<DirectUploads> {
    if (!isOnS3(storage)) throw new Problem('storage-not-s3', 'The storage is no S3: send the file here.')
    const { createDirectUploads } = await import('../storage/s3-direct.ts')
    return createDirectUploads(storage)
  }

  return [
    endpoint({
      id: 'presignFile',
      method: 'post',
      path: '/api/jobs/{id}/files/presign',
      tag: 'Files',
      summary: 'Ask for a URL to which a file of a draft can be put, straight in S3',
      roles: WRITERS,
      json: PresignRequest,
      answers: { 201: { description: 'Where to, and how long.', schema: PresignedSchema } },
      problems: [
        'not-found',
        'storage-not-s3',
        'job-not-draft',
        'file-too-large',
        'too-many-files',
        'storage-unavailable',
        'storage-full',
      ],
      async handle(asked) {
        const { id } = await readJob(services, asked)
        const s3 = await requireS3()
        const { name: given, size, sha256, type } = asked.body as z.output<typeof PresignRequest>
        const name = cleanFileName(given)
        if (name === null) throw invalid(pointerTo(['name'], 'a file name is wanted'))
        if (size > config.maxFileSize) throw fileTooLarge(name, config.maxFileSize)
        await requireBytes(size, services)

        const lives = Math.min(config.draftTtl, LONGEST_LIFE)
        const key = `${id}/f-${randomUUID()}`
        // The URLs come first: what nobody heard of is nobody's, and S3's own parts are the janitor's.
        const signed = await s3.sign(key, size, lives)
        const upload: PresignedUpload = {
          kind: 'presigned',
          name,
          size,
          type: mediaType(type),
          key,
          submit: false,
          sha256,
          parts: 'uploadId' in signed ? signed.uploadId : null,
        }
        const { maxFiles } = config
        const opened = await transitions.openUpload({ id, token: randomUUID(), maxFiles, upload, lives })
        if (isRefused(opened)) {
          await storage.growing?.discard(key)
          throw openUploadRefusal(opened.refused, maxFiles)
        }
        const { fileId, expiresAt } = opened
        const where = 'parts' in signed ? { parts: signed.parts } : { url: signed.url }
        return json(201, { fileId, method: 'PUT', ...where, headers: {}, expiresAt: instant(expiresAt) })
      },
    }),

    endpoint({
      id: 'completeFile',
      method: 'post',
      path: '/api/jobs/{id}/files/{fileId}/complete',
      tag: 'Files',
      summary: 'Say that a file is in S3: it counts if its size and its SHA-256 are what was promised',
      roles: WRITERS,
      json: CompleteRequest,
      answers: { 201: { description: 'The file.', schema: FileSchema } },
      problems: [
        'not-found',
        'storage-not-s3',
        'job-not-draft',
        'uploads-in-progress',
        'checksum-mismatch',
        'storage-unavailable',
        'storage-full',
      ],
      async handle(asked) {
        const { id } = await readJob(services, asked)
        const s3 = await requireS3()
        const fileId = asked.param('fileId')
        const name = formatUploadId({ jobId: id, fileId })
        const lock = await locks.take(name, { patience: LOCK_PATIENCE, letGo: () => undefined })
        if (!lock) throw openUploadRefusal('uploads-in-progress')
        try {
          return await complete(asked, s3, id, fileId)
        } finally {
          await lock.release()
        }
      },
    }),
  ]

  async function complete(
    asked: Asked<unknown, unknown>,
    s3: DirectUploads,
    id: string,
    fileId: string,
  ): Promise<Response> {
    const before = await readJobFile(redis, id, fileId)
    // Asked for again by somebody who did not hear that it was done.
    if (before) return json(201, viewFile(before.file))
    const state = await readUpload(redis, { jobId: id, fileId })
    if (state?.open?.kind !== 'presigned' || state.expired) throw notFound('upload')
    const { open } = state

    const lease = await leases.take(id, 'draft')
    if ('refused' in lease) {
      await drop(id, fileId)
      throw openUploadRefusal(lease.refused)
    }
    const to = open.parts === null ? `${id}/f-${randomUUID()}` : open.key
    let outcome: 'open' | 'unknown' | 'named' = 'open'
    try {
      const { parts = [] } = asked.body as z.output<typeof CompleteRequest>
      const joined = open.parts === null ? null : { uploadId: open.parts, parts }
      const taken = await s3.take(open.key, to, open.size, joined)
      if (taken?.sha256 !== open.sha256) {
        // One that is dropped, or deleted with its draft, takes it along, also from under whoever looks at it.
        if ((await readUpload(redis, { jobId: id, fileId })) === null) throw notFound('upload')
        throw mismatch(open, taken?.sha256)
      }
      const { name, type, size, sha256 } = open
      const file: UploadedFile = { name, type, size, sha256, key: to, etag: taken.etag }
      requireStillIn(asked.caller)
      outcome = 'unknown'
      const answer = await transitions.completeUpload({ id, fileId, lease: lease.token, file, by: by(asked) })
      outcome = isRefused(answer) ? 'open' : 'named'
      if (isRefused(answer)) {
        if (answer.refused === 'job-not-draft') await drop(id, fileId)
        throw openUploadRefusal(answer.refused)
      }
      if (to !== open.key) await removed(open.key)
      metrics.uploaded(size)
      return json(201, viewFile({ ...file, id: fileId, status: 'uploaded' }))
    } catch (error) {
      // What the client has put stays: it may put it again, or ask again.
      if (outcome === 'open' && to !== open.key) await removed(to)
      throw error
    } finally {
      await lease.release()
    }
  }

  async function drop(id: string, fileId: string): Promise<void> {
    const dropped = await transitions.dropUpload({ id, fileId })
    if (!isRefused(dropped)) await removed(dropped.upload.key)
  }

  async function removed(key: string): Promise<void> {
    await storage.growing?.discard(key).catch((error: unknown) => {
      log.warn({ err: error }, `${key} could not be removed yet; the janitor will`)
    })
  }
}

function mismatch({ name, size, sha256 }: PresignedUpload, found: string | undefined): Problem {
  return new Problem(
    'checksum-mismatch',
    found === undefined
      ? `What is in S3 of ${name} is not ${size} bytes.`
      : `${name} has the SHA-256 ${found}, not ${sha256}.`,
  )
}
