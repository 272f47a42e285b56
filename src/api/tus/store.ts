/**
 * What the tus server asks of a store, on our own storage and record: bytes go where the finished object stays, how far
 * they have come is how many are there, and everything else is the record's. One is made for each request, since the
 * protocol's server does not tell a store who asks.
 */
import { randomUUID } from 'node:crypto'
import { DataStore, ERRORS, Metadata, Upload } from '@tus/server'
import type { By } from '../../jobs/audit.ts'
import type { TusUpload } from '../../jobs/job.ts'
import { newJobId } from '../../jobs/job-id.ts'
import type { Lease } from '../../jobs/leases.ts'
import { formatUploadId, readUpload, type UploadId, type UploadState } from '../../jobs/open-uploads.ts'
import { readRecord } from '../../jobs/record.ts'
import { isRefused } from '../../jobs/transitions.ts'
import { type GrowingObjects, StorageError } from '../../storage/storage.ts'
import { bytesOf, type Completion } from '../../uploads/completion.ts'
import { type Caller, requireStillIn, shown } from '../callers.ts'
import { reused } from '../idempotency.ts'
import { notFound, Problem, queueUnavailable } from '../problems.ts'
import { toRequest } from '../requests.ts'
import type { Services } from '../services.ts'
import { type OpenUploadRefusal, openUploadRefusal } from '../upload/open-upload-refusal.ts'
import { requireBytes } from '../upload/preflight.ts'
import type { Checksum } from './checksum.ts'
import { parseMetadata } from './metadata.ts'

export interface StoreOptions {
  readonly services: Services
  readonly growing: GrowingObjects
  readonly complete: Completion
  readonly caller: Caller
  /** The caller, for the audit log. */
  readonly by: By
  /** The upload that the request names; null where it makes one. */
  readonly id: UploadId | null
  /** The request's own `Upload-Metadata`. */
  readonly metadata: string
  /** The same for the same upload to a draft, however often it is to be made; null where the client does not say. */
  readonly token: string | null
  readonly checksum: Checksum | null
  /** Bytes that the request says it brings; null where it does not say. */
  readonly length: number | null
  /** Takes the lock on an upload that this request has just made. */
  readonly lock: (id: string) => Promise<void>
}

export class UploadStore extends DataStore {
  readonly #options: StoreOptions
  #id: UploadId | null
  #completedBytes = 0
  /** Its upload had been made before. */
  #repeated = false
  #expiresAt: number | null = null
  #writing: Promise<unknown> = Promise.resolve()
  override extensions = ['creation', 'creation-with-upload', 'termination', 'expiration', 'checksum']

  constructor(options: StoreOptions) {
    super()
    this.#options = options
    this.#id = options.id
  }

  /** The upload that the request was about; null where none was made. */
  get id(): UploadId | null {
    return this.#id
  }

  /** The size of the file that this request completed; 0 where it did not. */
  get completedBytes(): number {
    return this.#completedBytes
  }

  /** When the upload expires, in milliseconds since 1970; null where it does not any more. */
  get expiresAt(): number | null {
    return this.#expiresAt
  }

  /** Resolves when nothing is being written: the tus server goes on before that where a body is too long, or breaks off. */
  async idle(): Promise<void> {
    await Promise.allSettled([this.#writing])
  }

  override async create(upload: Upload): Promise<Upload> {
    const { services, caller, metadata, token, lock } = this.#options
    const { transitions, config } = services
    const size = upload.size ?? 0
    const { name, type, submit, job } = parseMetadata(metadata)
    await requireBytes(size, services)

    const jobId = 'id' in job ? shown(await readRecord(services.redis, job.id), caller).id : newJobId()
    const key = `${jobId}/f-${randomUUID()}`
    const open: TusUpload = { kind: 'tus', name, size, type, key, submit, metadata }
    const lives = config.draftTtl
    let made: TusUpload | null = open
    if ('id' in job) {
      const { maxFiles } = config
      const opened = await transitions.openUpload({
        id: jobId,
        token: token ?? randomUUID(),
        maxFiles,
        upload: open,
        lives,
      })
      if (isRefused(opened)) throw openUploadRefusal(opened.refused, maxFiles)
      this.#id = { jobId, fileId: opened.fileId }
      this.#expiresAt = opened.expiresAt
      if (token) {
        made = await this.#made(open)
        this.#repeated = made?.key !== key
      }
    } else {
      const request = await toRequest(services, job.draft, { id: jobId, owner: caller.name })
      const created = await transitions.create(request, randomUUID(), {
        lease: null,
        files: [],
        submit: false,
        by: this.#options.by,
        open: { upload: open, lives },
      })
      if (isRefused(created)) throw queueUnavailable()
      this.#id = { jobId, fileId: 'f1' }
      this.#expiresAt = created.record.createdAt + lives
    }
    upload.id = formatUploadId(this.#id)
    await lock(upload.id)
    if (size === 0 && made) await this.#leased(lease => this.#complete(made, lease))
    return upload
  }

  /** What was made under the token the first time; null where it is complete. @throws Problem where that was another. */
  async #made(asked: TusUpload): Promise<TusUpload | null> {
    const { open, file } = await this.#read()
    const { size, metadata } = (open ?? file)!
    if (size !== asked.size || metadata !== asked.metadata) throw reused()
    return open
  }

  override async getUpload(id: string): Promise<Upload> {
    const state = await this.#read()
    const { open, file } = state
    const { size, metadata = '' } = (open ?? file)!
    return new Upload({
      id,
      size,
      offset: open ? await this.#reached(state, open) : size,
      ...(metadata !== '' && { metadata: Metadata.parse(metadata) }),
    })
  }

  override async write(source: NodeJS.ReadableStream, id: string, offset: number): Promise<number> {
    // First bytes that came with it the first time: the client is told how far they were, and goes on from there.
    if (this.#repeated) {
      for await (const _ of source);
      return (await this.getUpload(id)).offset
    }
    const { open, uncheckedFrom } = await this.#read()
    // Completed before: nothing is missing, and the tus server lets nothing more in.
    if (!open) return offset
    const written = this.#leased(async lease => {
      // What a request left that died before its bytes had been checked.
      if ((await this.#options.growing.length(open.key)) > offset) await this.#cutUnchecked(open, offset)
      // Only then: the bytes that are about to come need no check.
      else if (uncheckedFrom !== null) await this.#continue(open, { checked: true })
      const reached = await this.#append(open, offset, source as AsyncIterable<Uint8Array>, lease)
      if (reached === open.size) await this.#complete(open, lease)
      return reached
    })
    this.#writing = written
    return written
  }

  override async remove(): Promise<void> {
    const { by, services } = this.#options
    const { transitions } = services
    const { jobId, fileId, open } = await this.#read()
    if (open) return this.#drop(by)
    const removed = await transitions.removeFile({ id: jobId, token: randomUUID(), fileId, by })
    if (!isRefused(removed)) return this.#removeBytes(removed.file.key)
    if (removed.refused === 'job-not-draft') throw openUploadRefusal(removed.refused)
    throw notFound('upload')
  }

  /** As it is now, which under the lock is as it stays. */
  async #read(): Promise<UploadState & { readonly open: TusUpload | null }> {
    const state = await readUpload(this.#options.services.redis, this.#id!)
    if (state === null || state.expired) throw notFound('upload')
    const { open } = state
    if (open && open.kind !== 'tus') throw notFound('upload')
    this.#expiresAt = open && state.expiresAt
    return { ...state, open }
  }

  /** How far the bytes have come. One that died with its last byte written is completed here. */
  async #reached(state: UploadState, open: TusUpload): Promise<number> {
    if (state.status !== 'draft') {
      await this.#drop()
      throw openUploadRefusal('job-not-draft')
    }
    const reached = await bytesOf(this.#options.growing, state)
    if (reached < open.size) return reached
    await this.#leased(lease => this.#complete(open, lease)).catch((error: unknown) => {
      // It is all there, and is completed when the others have ended: by the next who asks, or by the janitor.
      if (!(error instanceof Problem) || error.code !== 'uploads-in-progress') throw error
    })
    return reached
  }

  async #append(
    open: TusUpload,
    offset: number,
    source: AsyncIterable<Uint8Array>,
    lease: Lease,
  ): Promise<number> {
    const { growing, checksum, length } = this.#options
    const { key } = open
    const signal = lease.lost
    if (!checksum) {
      try {
        return await growing.append(key, offset, source, { signal })
      } finally {
        await this.#continue(open)
      }
    }
    await this.#continue(open, { unchecked: offset })
    const verify = () => {
      if (length !== null && checksum.bytes() < length) throw ERRORS.ABORTED
      checksum.verify()
    }
    // What fails stays unchecked, and is cut off by the next who writes: here, it might be another's by now.
    const reached = await growing.append(key, offset, checksum.through(source), { signal, verify })
    await this.#continue(open, { checked: true })
    return reached
  }

  /**
   * Bytes that nobody left unchecked were acknowledged to somebody else: this process has stood still for longer than its
   * lock lasts, and another has gone on meanwhile.
   */
  async #cutUnchecked(open: TusUpload, offset: number): Promise<void> {
    const { uncheckedFrom } = await this.#read()
    if (uncheckedFrom !== offset) throw ERRORS.INVALID_OFFSET
    const left = await this.#options.growing.cut(open.key, offset)
    await this.#continue(open, { checked: true })
    if (left !== offset) throw ERRORS.INVALID_OFFSET
  }

  /** @param what of the bytes that are still to be checked; nothing is said of them without it. */
  async #continue(open: TusUpload, what: { unchecked?: number; checked?: true } = {}): Promise<void> {
    const { transitions, config } = this.#options.services
    const { jobId, fileId } = this.#id!
    const answer = await transitions.continueUpload({ id: jobId, fileId, lives: config.draftTtl, ...what })
    if (isRefused(answer)) throw await this.#refused(answer.refused, open)
    this.#expiresAt = answer.expiresAt
  }

  async #complete(open: TusUpload, lease: Lease): Promise<void> {
    try {
      requireStillIn(this.#options.caller)
    } catch (error) {
      // With every byte there, the janitor would complete it.
      await this.#drop()
      throw error
    }
    const completed = await this.#options.complete(this.#id!, open, lease, this.#options.by)
    if (isRefused(completed)) throw await this.#refused(completed.refused, open)
    this.#completedBytes = completed.size
    this.#expiresAt = null
  }

  /** While `work` is under way, the draft is not submitted. */
  async #leased<T>(work: (lease: Lease) => Promise<T>): Promise<T> {
    const lease = await this.#options.services.leases.take(this.#id!.jobId, 'draft')
    if ('refused' in lease) throw await this.#refused(lease.refused)
    try {
      return await work(lease)
    } catch (error) {
      if (lease.lost.aborted) throw queueUnavailable(lease.lost.reason)
      // An upload that is dropped, or deleted with its draft, takes its bytes along, also from under whoever is at them.
      if (error instanceof StorageError) await this.#read()
      throw error
    } finally {
      await lease.release()
    }
  }

  /** What can't become a file any more goes at once. @param open what bytes may be there of. */
  async #refused(code: OpenUploadRefusal, open?: TusUpload): Promise<Problem> {
    if (code === 'job-not-draft') await this.#drop()
    if (code === 'gone' && open) await this.#removeBytes(open.key)
    return openUploadRefusal(code)
  }

  /** @param by who wants it, where somebody does. */
  async #drop(by?: By): Promise<void> {
    const { jobId, fileId } = this.#id!
    const dropped = await this.#options.services.transitions.dropUpload({
      id: jobId,
      fileId,
      ...(by && { by }),
    })
    if (!isRefused(dropped)) await this.#removeBytes(dropped.upload.key)
  }

  async #removeBytes(key: string): Promise<void> {
    const { growing, services } = this.#options
    await growing.discard(key).catch((error: unknown) => {
      services.log.warn(
        { err: error },
        `bytes of job ${this.#id!.jobId} could not be removed yet; the janitor will`,
      )
    })
  }
}
