/**
 * An object being written: `append` chunks, then `commit`, or `discard` at any point.
 *
 * Bytes are held until a batch is together. An object that ends before its first batch is small, and is written on
 * the calling thread in one go: four trips to the thread pool cost more than the calls themselves (6,000 instead of
 * 4,500 puts of 4 KB a second, at 50 at once). Syncs wait on the disk and always go to the pool.
 *
 * A large one keeps the disk and the processor busy at the same time: a batch is hashed while it is being written, or
 * right after it on another thread, and its sync to disk is begun every 64 MiB, so that the last one, for which the
 * client waits, is short.
 */
import { hash } from 'node:crypto'
import fs from 'node:fs'
import { isUint8Array } from 'node:util/types'
import { after } from './chunks.ts'
import { asStorageError, type Disk, hasCode, translated } from './disk.ts'
import type { OpenHash, RunningHash } from './running-hash.ts'

/** Bytes that make a batch, and up to which an object is small. Every upload under way may hold as much. */
const BATCH = 64 * 1024
/** Bytes, and chunks, that wait for the disk before the source has to. Half of it is a tenth slower, twice as much a tenth faster. */
const QUEUE_BYTES = 512 * 1024
const QUEUE_CHUNKS = 1024
const SYNC_EVERY = 64 * 1024 * 1024

export interface Written {
  readonly size: number
  readonly sha256: string
  readonly stats: fs.BigIntStats
}

export interface NewObjectOptions {
  readonly file: string
  readonly disk: Disk
  /** Asked before the file is made, and again every 64 MiB; rejects where nothing more may be written. */
  readonly requireRoom: (written: number) => Promise<void>
  /** Resolves when the file's entry in its folder would survive a power cut. */
  readonly syncFolder: () => Promise<void>
  /** For a large object. */
  readonly openHash: OpenHash
  /** Told at once when a write fails: the source may not give a chunk for a long time. */
  readonly onFailure: (error: unknown) => void
}

export class NewObject {
  readonly #options: NewObjectOptions
  #fd: number | null = null
  #made = false
  #hash: RunningHash | null = null
  #held: Uint8Array[] = []
  #heldBytes = 0
  #written = 0
  #syncAt = SYNC_EVERY
  #writing: Promise<void> | null = null
  #syncing: Promise<void> | null = null
  #failure: { error: unknown } | null = null

  constructor(options: NewObjectOptions) {
    this.#options = options
  }

  /** Takes a chunk, which must not change afterwards. Where it gives a promise, wait for it before the next. */
  append(chunk: Uint8Array): Promise<void> | null {
    if (!isUint8Array(chunk)) throw new TypeError('A source of an object gives bytes, nothing else.')
    this.#held.push(chunk)
    this.#heldBytes += chunk.byteLength
    if (this.#heldBytes > BATCH) this.#writing ??= this.#writeBatches()
    return this.#heldBytes > QUEUE_BYTES || this.#held.length > QUEUE_CHUNKS ? this.#writing : null
  }

  /** Writes what is held, and syncs file and folder. @throws StorageError */
  async commit(): Promise<Written> {
    await this.#writing
    if (this.#failure) throw this.#failure.error
    return translated('write an object', async () => {
      if (this.#hash) await this.#writeHeld(this.#hash)
      const sha256 = this.#hash ? this.#hash.digest() : await this.#writeSmall()
      await this.#syncing
      // At once: its entry has been in the folder since it was made. The handle is in use until both have ended.
      const syncs = [this.#options.disk.sync(this.#fd!), this.#options.syncFolder()]
      for (const sync of await Promise.allSettled(syncs)) if (sync.status === 'rejected') throw sync.reason
      const stats = fs.fstatSync(this.#fd!, { bigint: true })
      await this.#close()
      return { size: this.#written, sha256: await sha256, stats }
    })
  }

  /** Removes every byte. It never rejects: whoever discards has an error to report already. */
  async discard(): Promise<void> {
    this.#held = []
    this.#heldBytes = 0
    // The handle must not be closed, and so given to another file, under a call that still uses it.
    await Promise.allSettled([this.#writing, this.#syncing])
    // Not before: a file that was still being made is given to its hash behind it.
    this.#hash?.abandon()
    // Where even this fails, or a power cut undoes it, the janitor removes what no record claims.
    await Promise.allSettled([this.#close(), this.#made && fs.promises.unlink(this.#options.file)])
  }

  async #writeSmall(): Promise<string> {
    const bytes = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held, this.#heldBytes)
    await this.#make()
    while (this.#written < bytes.byteLength) {
      this.#written += this.#options.disk.writeNow(this.#fd!, bytes.subarray(this.#written))
    }
    return hash('sha256', bytes, 'hex')
  }

  async #writeBatches(): Promise<void> {
    try {
      if (this.#fd === null) await this.#make()
      this.#hash ??= this.#options.openHash(this.#options.file)
      while (this.#heldBytes >= BATCH) await this.#writeHeld(this.#hash)
      this.#writing = null
    } catch (error) {
      // `#writing` stays set, so that nothing is written after a batch that is missing.
      this.#failure = { error: asStorageError(error, 'write an object') }
      this.#options.onFailure(this.#failure.error)
    }
  }

  async #writeHeld(hash: RunningHash): Promise<void> {
    const batch = this.#held
    this.#held = []
    this.#heldBytes = 0
    const writing = this.#writeAll(batch)
    hash.take(batch)
    await writing
    hash.reached(this.#written)
    if (this.#written >= this.#syncAt) {
      this.#syncAt = this.#written + SYNC_EVERY
      await this.#options.requireRoom(this.#written)
      this.#beginSync()
    }
  }

  async #writeAll(chunks: Uint8Array[]): Promise<void> {
    let rest = chunks
    while (rest.length > 0) {
      const written = await this.#options.disk.write(this.#fd!, rest)
      this.#written += written
      rest = after(rest, written)
    }
  }

  /** At most one sync is under way. The operating system tells a lost write once, so each one's failure counts. */
  #beginSync(): void {
    if (this.#syncing) return
    const syncing = this.#options.disk.syncData(this.#fd!).then(() => {
      this.#syncing = null
    })
    syncing.catch(error => {
      this.#failure ??= { error: asStorageError(error, 'write an object') }
      this.#options.onFailure(this.#failure.error)
    })
    this.#syncing = syncing
  }

  async #make(): Promise<void> {
    await this.#options.requireRoom(0)
    try {
      this.#fd = fs.openSync(this.#options.file, 'wx')
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error
      throw new Error(`There is an object at ${this.#options.file} already; objects are written once.`)
    }
    this.#made = true
  }

  async #close(): Promise<void> {
    if (this.#fd === null) return
    const fd = this.#fd
    this.#fd = null
    fs.closeSync(fd)
  }
}
