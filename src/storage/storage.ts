/**
 * What Sluice asks of a place that keeps bytes. A driver is a function that returns a `Storage`; one contract test
 * (`test/storage/contract.ts`) proves every driver.
 *
 * Words:
 * - *object*: a run of bytes under a key, written once and never changed.
 * - *key*: `<job id>/<name>`; both parts of `A–Z a–z 0–9 _ -`, at most 180 characters together. Keys never hold
 *   anything that a client chose: names are kept in the job's record.
 * - *etag*: an opaque string that changes whenever the object could have. As long as it is what it was when the
 *   object was put, the store vouches for the bytes, and nobody reads them again to be sure.
 */
import type { Readable } from 'node:stream'

export interface StoredObject {
  readonly key: string
  /** Bytes. */
  readonly size: number
  readonly etag: string
}

export interface PutResult extends StoredObject {
  /** Lower-case hex, of the bytes as they were written. */
  readonly sha256: string
}

/** What one job has in storage: one object at the least, in no particular order. */
export interface JobObjects {
  readonly jobId: string
  readonly objects: readonly StoredObject[]
}

/** Both inclusive, as in HTTP. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

export interface Storage {
  /**
   * Writes a new object and returns once it would survive a power cut. The source is read as fast as it can be
   * written, never held whole; its chunks must not change once given. Whatever ends it early (its own error, the
   * signal, a full disk) leaves no byte, and destroys the source, as leaving `for await` does.
   *
   * @throws StorageError; the source's own error, unchanged; the signal's reason, unchanged; TypeError for what is no
   * key; Error where the key has an object, which stays as it is. The last two are defects of the caller.
   */
  put(
    key: string,
    source: AsyncIterable<Uint8Array> | Readable,
    options?: { signal?: AbortSignal },
  ): Promise<PutResult>

  /**
   * The stream must be read to its end or destroyed. A range may reach beyond the end: what is there is given.
   *
   * @throws StorageError `not-found`, or `unavailable`; the stream's errors are StorageErrors, too.
   */
  open(key: string, range?: ByteRange): Promise<Readable>

  stat(key: string): Promise<StoredObject | null>

  /** The same, and the object's first bytes, at most so many. */
  peek(key: string, bytes: number): Promise<(StoredObject & { readonly head: Buffer }) | null>

  /** Removes an object; no error where there is none. */
  remove(key: string): Promise<void>

  /**
   * Removes many; no error where there is none. One that cannot be removed does not keep the others.
   *
   * @throws StorageError, of the first that could not; TypeError where one is no key, and then none is removed.
   */
  removeAll(keys: readonly string[]): Promise<void>

  /** Every object of one job, in no particular order. */
  list(jobId: string): AsyncIterable<StoredObject>

  /**
   * Every object there is, job by job, each job once, in no particular order. It is one listing of everything, whatever
   * the number of jobs; one that comes late may have changed since it was read.
   */
  listByJob(): AsyncIterable<JobObjects>

  /**
   * A small text kept for the storage as a whole, outside any job (the installation's id and counter); synced.
   * Read gives null where it was never written.
   */
  readMark(name: string): Promise<string | null>
  writeMark(name: string, text: string): Promise<void>

  /** Bytes that can still be written; null where the store has no such limit. */
  freeBytes(): Promise<number | null>

  /** Writes, reads and removes a byte. @throws StorageError where that does not work. */
  check(): Promise<void>

  close(): Promise<void>

  /** Absent where the driver lacks it. */
  readonly growing?: GrowingObjects
}

/**
 * An optional power: objects that come in several goes, by several processes, one after another (whoever calls sees to
 * that). Their bytes are written where the finished object stays; until `finish` nobody vouches for them.
 */
export interface GrowingObjects {
  /** Bytes that are there; 0 where nothing is. */
  length(key: string): Promise<number>

  /**
   * Adds bytes behind the first `at`, which are all there are, and returns once they would survive a power cut. Whatever
   * ends it early (the source's own error, the signal, a full disk), what was written before stays.
   *
   * @param options `verify` is called when the source has ended, and throws where its bytes are not what they should be.
   * Where it does, or is not reached, exactly they can be taken back by `cut`; not here, since whoever stood still in the
   * middle would take back what another has written since.
   * @returns the length reached. @throws as `put` does; what `verify` throws, unchanged.
   */
  append(
    key: string,
    at: number,
    source: AsyncIterable<Uint8Array> | Readable,
    options?: { signal?: AbortSignal; verify?: () => void },
  ): Promise<number>

  /**
   * Takes back what lies behind the first `length` bytes; more, where the store cannot do so exactly.
   *
   * @returns the bytes that are left.
   */
  cut(key: string, length: number): Promise<number>

  /** Makes it an object like one that was put: reads it, and syncs it. @throws StorageError */
  finish(key: string): Promise<PutResult>

  /** Removes all of it, finished or not; no error where there is nothing. */
  discard(key: string): Promise<void>
}

/**
 * An upload in parts that was begun, and neither completed nor aborted: parts that make no object yet, and take room
 * until somebody does either.
 */
export interface UnfinishedUpload {
  /** Of the object that it would make. */
  readonly key: string
  readonly jobId: string
  /** The store's own name for it. */
  readonly id: string
  /** Milliseconds since 1970, by the store's clock. */
  readonly startedAt: number
}

/** The power of a store that takes large objects in parts: to tell of those that were left behind, and remove them. */
export interface UnfinishedUploads {
  /** In no particular order. */
  listUnfinished(): AsyncIterable<UnfinishedUpload>
  /** Removes its parts; no error where it was completed or aborted meanwhile. */
  abortUnfinished(upload: UnfinishedUpload): Promise<void>
}

export function tellsUnfinished(storage: Storage): storage is Storage & UnfinishedUploads {
  return 'listUnfinished' in storage
}

export type StorageErrorCode = 'not-found' | 'full' | 'unavailable'

/** A driver's own errors are translated into this where they enter. */
export class StorageError extends Error {
  override readonly name = 'StorageError'
  readonly code: StorageErrorCode

  constructor(code: StorageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
