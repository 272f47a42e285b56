/** Open uploads: files of drafts whose bytes are still to come. They are written by the transitions alone. */
import type { Redis } from 'ioredis'
import type { OpenUpload, Status, UploadedFile } from './job.ts'
import { keys } from './keys.ts'

/** Names one: `<job id>_<file id>`. */
export interface UploadId {
  readonly jobId: string
  readonly fileId: string
}

export function formatUploadId({ jobId, fileId }: UploadId): string {
  return `${jobId}_${fileId}`
}

/** Null for what names none. */
export function parseUploadId(text: string): UploadId | null {
  const [, jobId, fileId] = /^([A-Za-z0-9-]{1,48})_(f\d{1,9})$/.exec(text) ?? []
  return jobId && fileId ? { jobId, fileId } : null
}

export interface UploadState extends UploadId {
  readonly status: Status
  readonly owner: string
  /** Null once it was completed, or dropped. */
  readonly open: OpenUpload | null
  /** In milliseconds since 1970, by Redis's clock; 0 where it is not open. */
  readonly expiresAt: number
  /** It is open, but has had its time. */
  readonly expired: boolean
  /** The offset from which on its bytes were still to be checked when its last request began. */
  readonly uncheckedFrom: number | null
  /** What it has become. */
  readonly file: UploadedFile | null
}

/** @returns null where there is no such upload. */
export async function readUpload(redis: Redis, id: UploadId): Promise<UploadState | null> {
  const { jobId, fileId } = id
  const fields = ['status', 'owner', `upload:${fileId}`, `upload:${fileId}:unchecked`, `file:${fileId}`]
  const replies = await redis
    .pipeline()
    .hmget(keys.job(jobId), ...fields)
    .zscore(keys.uploads, formatUploadId(id))
    .time()
    .exec()
  const [values, score, [seconds]] = (replies ?? []).map(([error, reply]) => {
    if (error) throw error
    return reply
  }) as [(string | null)[], string | null, [string, string]]
  const [status, owner, upload, unchecked, named] = values
  const file = named ? (JSON.parse(named) as UploadedFile) : null
  // One that came in another way was never an upload of this kind.
  const completed = file?.metadata === undefined ? null : file
  if (!status || (!upload && !completed)) return null
  const expiresAt = Number(score ?? 0)
  return {
    ...id,
    status: status as Status,
    owner: owner!,
    open: upload ? (JSON.parse(upload) as OpenUpload) : null,
    expiresAt,
    expired: !completed && expiresAt <= Number(seconds) * 1_000,
    uncheckedFrom: unchecked ? Number(unchecked) : null,
    file: completed,
  }
}

/** The ids of all open uploads, those that expire first first. */
export async function listUploads(redis: Redis, skip: number, most: number): Promise<UploadId[]> {
  const members = await redis.zrangebyscore(keys.uploads, '-inf', '+inf', 'LIMIT', skip, most)
  return members.flatMap(member => parseUploadId(member) ?? [])
}
