/**
 * `attach-file`: checks that one stored object is there, whole, and what was promised; no byte is moved. The last one of
 * a job makes it `pending`. As long as storage vouches for the object (its etag is the one noted at upload) nobody reads
 * it again.
 */
import { createHash, randomUUID } from 'node:crypto'
import { type Job, UnrecoverableError } from 'bullmq'
import type { Redis } from 'ioredis'
import { checkInstallation } from '../jobs/installation.ts'
import type { DueDelivery, StoredFile } from '../jobs/job.ts'
import { readJobFile, readRecord } from '../jobs/record.ts'
import { type Cause, isRefused, type Transitions } from '../jobs/transitions.ts'
import type { Log } from '../log.ts'
import type { AttachData } from '../queues/names.ts'
import { type Storage, StorageError } from '../storage/storage.ts'
import type { Courier } from './courier.ts'
import { handBack, RetryLater, ShuttingDown, settleRefused } from './outcomes.ts'
import { SNIFFED_BYTES, sniffType } from './sniff.ts'
import type { SuspectPlace } from './suspects.ts'

/** Losses of a worker under one file that end the job. */
const MOST_LOSSES = 5

type Verdict = { readonly type: string } | { readonly cause: Cause }

export interface AttachDeps {
  readonly redis: Redis
  readonly transitions: Transitions
  readonly courier: Courier
  readonly storage: Storage
  readonly suspects: SuspectPlace
  readonly log: Log
  /** How long attaching is tried again while storage is away, ms. */
  readonly attachTimeout: number
  readonly closing: AbortSignal
}

export function createAttachFile(deps: AttachDeps) {
  const { redis, transitions, courier, storage, suspects, log, attachTimeout, closing } = deps

  const retryMs = Math.min(10_000, attachTimeout)

  return async function attachFile(job: Job<AttachData>, lock?: string): Promise<void> {
    if (closing.aborted) return handBack(job, lock)
    const { jobId, flow, fileId } = job.data
    const found = await readJobFile(redis, jobId, fileId)
    if (!found || found.flow !== flow || found.status !== 'attaching') {
      if (found?.file.status === 'attached') return
      return settleRefused(await readRecord(redis, jobId), flow)
    }
    const { file } = found

    const suspected = job.stalledCounter > 0
    let leave = () => {}
    try {
      if (suspected) leave = await suspects.take(closing)
      const verdict =
        suspected && (await wasLostTooOften(job.data))
          ? lostUnder(file)
          : await inspect(file, job.attemptsMade)
      const answer =
        'type' in verdict
          ? await transitions.attached({ id: jobId, flow, fileId, type: verdict.type })
          : await transitions.attachFailed({ id: jobId, flow, fileId, error: verdict.cause })
      if (isRefused(answer)) return settleRefused(await readRecord(redis, jobId), flow)
      if ('type' in verdict) {
        log.debug(`job ${jobId} attached ${fileId}`)
        return
      }

      log.warn(`job ${jobId} failed: ${verdict.cause.code} (${fileId})`)
      courier.begin((answer as { delivery?: DueDelivery }).delivery)
      throw new UnrecoverableError(verdict.cause.message)
    } catch (error) {
      if (error instanceof ShuttingDown) return handBack(job, lock)
      if (suspected) await transitions.attachSurvived({ id: jobId, flow, fileId })
      throw error
    } finally {
      leave()
    }
  }

  /** The first loss made it a suspect; each time that it comes back from the place for suspects is another one. */
  async function wasLostTooOften({ jobId, flow, fileId }: AttachData): Promise<boolean> {
    const answer = await transitions.attachSuspected({ id: jobId, flow, fileId, token: randomUUID() })
    return !isRefused(answer) && answer.times >= MOST_LOSSES
  }

  async function inspect(file: StoredFile, tried: number): Promise<Verdict> {
    try {
      const stored = await storage.stat(file.key)
      if (stored === null) {
        await requireOurStorage()
        return {
          cause: {
            code: 'file-missing',
            fileId: file.id,
            message: `The stored bytes of "${file.name}" are gone. Upload it again.`,
          },
        }
      }
      const unchanged =
        stored.size === file.size && (stored.etag === file.etag || (await hash(file.key)) === file.sha256)
      if (!unchanged) {
        return {
          cause: {
            code: 'file-changed',
            fileId: file.id,
            message: `The stored bytes of "${file.name}" are not those that were uploaded. Upload it again.`,
          },
        }
      }
      return { type: await sniffType(await firstBytes(file), file.type) }
    } catch (error) {
      if (!(error instanceof StorageError))
        log.warn({ err: error }, `job file ${file.key} could not be looked at`)
      if (tried * retryMs >= attachTimeout) {
        return {
          cause: {
            code: 'storage-unavailable',
            fileId: file.id,
            message: `Storage could not be reached for "${file.name}", for too long. Retry the job once it is back.`,
          },
        }
      }
      throw new RetryLater(`storage is away: ${(error as Error).message}`, retryMs, {
        cause: error,
      })
    }
  }

  /** A storage that is not the one that Redis knows (a mount that is not there) has lost nothing. */
  async function requireOurStorage(): Promise<void> {
    const belonging = await checkInstallation(redis, storage)
    if (!belonging.belongs) throw new StorageError('unavailable', belonging.why)
  }

  async function hash(key: string): Promise<string> {
    const digest = createHash('sha256')
    for await (const chunk of await storage.open(key)) digest.update(chunk as Buffer)
    return digest.digest('hex')
  }

  async function firstBytes(file: StoredFile): Promise<Buffer> {
    if (file.size === 0) return Buffer.alloc(0)
    const chunks: Buffer[] = []
    const end = Math.min(file.size, SNIFFED_BYTES) - 1
    for await (const chunk of await storage.open(file.key, { start: 0, end })) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks)
  }
}

function lostUnder(file: StoredFile): Verdict {
  return {
    cause: {
      code: 'worker-lost',
      fileId: file.id,
      message: `The worker processes that attached "${file.name}" died under it five times in a row. Look for what it does to them before you retry the job.`,
    },
  }
}
