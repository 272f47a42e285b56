/**
 * `attach-file`: checks that one stored object is there, whole, what was promised, and let in by the policy; no byte is
 * moved. The last one of a job makes it `pending`. As long as storage vouches for the object (its etag is the one noted
 * at upload) nobody reads it again, but for the virus scanner, where there is one.
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
import { repeat } from '../queues/repeat.ts'
import { ScannerError, type ScanResult } from '../scanner/scanner.ts'
import { type Storage, StorageError } from '../storage/storage.ts'
import { admit } from './allowed-types.ts'
import type { Courier } from './courier.ts'
import { handBack, RetryLater, ShuttingDown, settleRefused } from './outcomes.ts'
import type { Scans } from './scans.ts'
import { SNIFFED_BYTES } from './sniff.ts'
import type { SuspectPlace } from './suspects.ts'

/** Losses of a worker under one file that end the job. */
const MOST_LOSSES = 5
/** A scan may take minutes; nobody waits for one whose job was cancelled meanwhile, or has failed. */
const LOOK_EVERY_MS = 5_000

type Verdict = { readonly type: string } | { readonly cause: Cause }

/** Ends a scan whose outcome nobody wants any more. */
class NotWanted extends Error {
  override readonly name = 'NotWanted'
}

export interface AttachDeps {
  readonly redis: Redis
  readonly transitions: Transitions
  readonly courier: Courier
  readonly storage: Storage
  readonly suspects: SuspectPlace
  /** Null: files are not scanned. */
  readonly scans: Scans | null
  /** Null: any type is let in. */
  readonly allowedTypes: readonly string[] | null
  readonly log: Log
  /** How long attaching is tried again while storage or the scanner is away, ms. */
  readonly attachTimeout: number
  readonly closing: AbortSignal
}

export function createAttachFile(deps: AttachDeps) {
  const { redis, transitions, courier, storage, suspects, scans, allowedTypes, log, attachTimeout, closing } =
    deps

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
        suspected && (await wasLostTooOften(job.data)) ? lostUnder(file) : await inspect(file, job)
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
      if (verdict.cause.code === 'file-infected') await removeInfected(file)
      throw new UnrecoverableError(verdict.cause.message)
    } catch (error) {
      if (error instanceof ShuttingDown) return handBack(job, lock)
      if (error instanceof NotWanted) return settleRefused(await readRecord(redis, jobId), flow)
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

  async function inspect(file: StoredFile, job: Job<AttachData>): Promise<Verdict> {
    try {
      const stored = await storage.peek(file.key, SNIFFED_BYTES)
      if (stored === null) {
        await requireOurStorage()
        return rejected(file, 'file-missing', `The stored bytes of "${file.name}" are gone. Upload it again.`)
      }
      const unchanged =
        stored.size === file.size && (stored.etag === file.etag || (await hash(file.key)) === file.sha256)
      if (!unchanged) {
        return rejected(
          file,
          'file-changed',
          `The stored bytes of "${file.name}" are not those that were uploaded. Upload it again.`,
        )
      }
      const admission = await admit(stored.head, file.type, allowedTypes)
      if (!admission.admitted) {
        return rejected(
          file,
          'file-type-not-allowed',
          `"${file.name}" is ${admission.found} by its content, and SLUICE_ALLOWED_TYPES lets in only ${allowedTypes!.join(', ')}.`,
        )
      }
      const scan = await scanned(file, job.data)
      if (!scan.clean) {
        return rejected(
          file,
          'file-infected',
          `"${file.name}" is infected (${scan.signature}). Its bytes were removed.`,
        )
      }
      return { type: admission.type }
    } catch (error) {
      if (error instanceof ShuttingDown || error instanceof NotWanted) throw error
      return waitOrGiveUp(file, job, error)
    }
  }

  /** What is away is waited for, so long; what it is that is away must not be taken for a verdict. */
  async function waitOrGiveUp(file: StoredFile, job: Job<AttachData>, error: unknown): Promise<Verdict> {
    const { awaySince } = job.data
    if (awaySince === undefined) {
      await job.updateData({ ...job.data, awaySince: Date.now() })
      // Not of one that is away: that is told once for all files.
      if (error instanceof ScannerError && error.code !== 'away')
        log.error(`job file ${file.key} could not be scanned, and waits: ${error.message}`)
      else if (!(error instanceof ScannerError || error instanceof StorageError))
        log.warn({ err: error }, `job file ${file.key} could not be looked at`)
    } else if (Date.now() - awaySince >= attachTimeout) {
      return rejected(file, 'storage-unavailable', tooLong(file, error))
    }
    const what = error instanceof ScannerError ? 'the virus scanner' : 'storage'
    throw new RetryLater(`${what} is away: ${(error as Error).message}`, retryMs, { cause: error })
  }

  async function scanned(file: StoredFile, { jobId, flow }: AttachData): Promise<ScanResult> {
    if (!scans) return { clean: true }
    const stop = new AbortController()
    const ended = new AbortController()
    const shutDown = () => stop.abort(closing.reason)
    closing.addEventListener('abort', shutDown)
    const looking = repeat(
      async () => {
        const found = await readJobFile(redis, jobId, file.id)
        if (found?.flow !== flow || found.status !== 'attaching') stop.abort(new NotWanted())
      },
      LOOK_EVERY_MS,
      ended.signal,
      error => log.debug({ err: error }, 'a scan goes on without knowing whether it is wanted'),
    )
    try {
      if (closing.aborted) shutDown()
      return await scans.scan(() => storage.open(file.key), stop.signal)
    } finally {
      closing.removeEventListener('abort', shutDown)
      ended.abort()
      await looking
    }
  }

  /** The record has it failed: from then on nobody claims its bytes, and what remains here the janitor removes. */
  async function removeInfected(file: StoredFile): Promise<void> {
    await storage.remove(file.key).catch((error: unknown) => {
      log.warn({ err: error }, `the infected ${file.key} could not be removed yet; the janitor will`)
    })
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
}

function rejected(file: StoredFile, code: Cause['code'], message: string): Verdict {
  return { cause: { code, fileId: file.id, message } }
}

function tooLong(file: StoredFile, error: unknown): string {
  if (!(error instanceof ScannerError))
    return `Storage could not be reached for "${file.name}", for too long. Retry the job once it is back.`
  switch (error.code) {
    case 'away':
      return `The virus scanner could not be reached for "${file.name}", for too long. Retry the job once it is back.`
    case 'limit':
      return `"${file.name}" goes beyond what the virus scanner looks at. Raise ${error.limit} in clamd.conf, then retry the job.`
    case 'refused':
      return `The virus scanner gave no verdict on "${file.name}", again and again; the log says what it said instead. Mend that, then retry the job.`
  }
}

function lostUnder(file: StoredFile): Verdict {
  return rejected(
    file,
    'worker-lost',
    `The worker processes that attached "${file.name}" died under it five times in a row. Look for what it does to them before you retry the job.`,
  )
}
