/**
 * How an upload that came in several goes ends: every byte is there, so its file is named in the draft.
 *
 * Whether it is complete is never noted, but seen: the record has it open, and the storage holds as many bytes as it said
 * there would be. So whoever sees it may complete it: the request that brought the last byte, a later one, or the janitor,
 * if the process died in between.
 */
import type { Redis } from 'ioredis'
import type { By } from '../jobs/audit.ts'
import type { TusUpload, UploadedFile } from '../jobs/job.ts'
import type { Lease } from '../jobs/leases.ts'
import type { UploadId, UploadState } from '../jobs/open-uploads.ts'
import { readRecord } from '../jobs/record.ts'
import { isRefused, type Refused, type Transitions } from '../jobs/transitions.ts'
import type { Log } from '../log.ts'
import type { Enqueuer } from '../queues/enqueuer.ts'
import type { GrowingObjects } from '../storage/storage.ts'

export type CompletionRefusal =
  | 'gone'
  | 'job-not-draft'
  | 'no-such-upload'
  | 'lease-lost'
  | 'uploads-in-progress'
  | 'storage-full'

export interface CompletionOptions {
  readonly redis: Redis
  readonly growing: GrowingObjects
  readonly transitions: Transitions
  readonly enqueuer: Enqueuer
  readonly log: Log
}

export type Completion = ReturnType<typeof createCompletion>

/** Bytes of an open upload that count: those whose request died before they had been checked do not. */
export async function bytesOf(
  growing: GrowingObjects,
  { open, uncheckedFrom }: UploadState,
): Promise<number> {
  const length = open ? await growing.length(open.key) : 0
  return uncheckedFrom === null ? length : Math.min(length, uncheckedFrom)
}

export function createCompletion({ redis, growing, transitions, enqueuer, log }: CompletionOptions) {
  /**
   * Reads and syncs the bytes, and names the file. Whoever calls holds the upload's lock, and a lease on the draft, which
   * is gone afterwards if this was not refused. `by`: who asks, for the audit log; the janitor does for the owner.
   */
  async function complete(
    { jobId, fileId }: UploadId,
    upload: TusUpload,
    lease: Lease,
    by?: By,
  ): Promise<UploadedFile | Refused<CompletionRefusal>> {
    const { name, type, key, metadata } = upload
    // A file without a byte has never been written to.
    if (upload.size === 0) await growing.append(key, 0, nothing())
    const { size, sha256, etag } = await growing.finish(key)
    const file: UploadedFile = { name, size, type, sha256, key, etag, metadata }
    const answer = await transitions.completeUpload({ id: jobId, fileId, lease: lease.token, file, by })
    if (isRefused(answer)) return answer
    lease.stop()
    if (answer.submitted) await enqueue(jobId)
    return file
  }

  /** The sweepers do it where this fails. */
  async function enqueue(jobId: string): Promise<void> {
    try {
      const record = await readRecord(redis, jobId)
      if (record) await enqueuer.addFlow(record)
    } catch (error) {
      log.warn({ err: error }, `the flow of job ${jobId} was left in the outbox`)
    }
  }

  return complete
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
