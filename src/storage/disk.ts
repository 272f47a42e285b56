/**
 * The calls by which bytes reach the disk, and what their failures mean.
 *
 * They are an interface because their failures (a full disk, a dying one) must be tested everywhere, and no test may
 * fill the disk it runs on. All else in the driver calls `node:fs` itself.
 */
import fs from 'node:fs'
import { promisify } from 'node:util'
import { StorageError } from './storage.ts'

export interface Disk {
  /** Writes some of the chunks at the file's end; resolves with the number of bytes, which may be short. */
  write(file: number, chunks: Uint8Array[]): Promise<number>
  /** The same at a position: what is written twice is there once. */
  writeAt(file: number, chunks: Uint8Array[], position: number): Promise<number>
  /** The same as `write` for one small chunk, on the calling thread: a trip to the thread pool costs more than the write. */
  writeNow(file: number, chunk: Uint8Array): number
  /** The bytes, and of the metadata what finding them needs. */
  syncData(file: number): Promise<void>
  /** The bytes and all metadata; of a folder, its entries. */
  sync(file: number): Promise<void>
  /** Bytes that an unprivileged user can still write. */
  freeBytes(folder: string): Promise<number>
}

const syncData = promisify(fs.fdatasync)
const sync = promisify(fs.fsync)

export const realDisk: Disk = {
  write: (file, chunks) =>
    new Promise((resolve, reject) => {
      fs.writev(file, chunks, (error, written) => (error ? reject(error) : resolve(written)))
    }),
  writeAt: (file, chunks, position) =>
    new Promise((resolve, reject) => {
      fs.writev(file, chunks, position, (error, written) => (error ? reject(error) : resolve(written)))
    }),
  writeNow: (file, chunk) => fs.writeSync(file, chunk),
  syncData,
  sync,
  freeBytes: async folder => {
    const { bavail, bsize } = await fs.promises.statfs(folder)
    return bavail * bsize
  },
}

/** True for an error of the operating system with this code. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}

/**
 * Translates an error of a file system call; whatever else was thrown (a defect, a StorageError) stays as it is.
 *
 * @param doing what was tried, as it goes into "The storage could not …".
 */
export function asStorageError(error: unknown, doing: string): unknown {
  if (!(error instanceof Error) || !('syscall' in error)) return error
  if (hasCode(error, 'ENOSPC', 'EDQUOT'))
    return new StorageError('full', 'The storage is full.', { cause: error })
  return new StorageError('unavailable', `The storage could not ${doing}: ${error.message}.`, {
    cause: error,
  })
}

/** Awaits `work` and translates its errors. */
export async function translated<T>(doing: string, work: () => Promise<T> | T): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw asStorageError(error, doing)
  }
}
