/**
 * Objects as files of one folder:
 *
 *   <dir>/objects/<xx>/<job id>.<name>   an object; see object-path.ts
 *   <dir>/marks/<name>                   a mark
 *
 * An object is written at once at its final place, without a rename: bytes count only once a job's record names them,
 * so half an object after a crash is nobody's, and the janitor removes it. The API and all workers use the same
 * folder, so nothing here assumes to be alone in it.
 *
 * Small calls (open, stat, close) are made on the calling thread, since on a local disk they take less time than
 * their way through the thread pool. Whatever may wait for the disk (syncs, large reads and writes, removals) is not.
 */
import fs from 'node:fs'
import { join } from 'node:path'
import { appendTo } from './append.ts'
import { createFolderCheck } from './check-folder.ts'
import { asStorageError, type Disk, hasCode, realDisk, translated } from './disk.ts'
import { createFolders } from './folders.ts'
import { createFreeSpace } from './free-space.ts'
import { createHashBeside } from './hash-beside.ts'
import { InterruptibleSource } from './interruptible.ts'
import { createMarks } from './local-marks.ts'
import { NewObject } from './new-object.ts'
import { objectPath, parseFileName, shardFolder } from './object-path.ts'
import { openObject, peekObject } from './open-object.ts'
import { hashHere } from './running-hash.ts'
import { type Storage, StorageError, type StoredObject } from './storage.ts'

/** Entries that one trip to the thread pool reads from a folder. */
const LIST_BATCH = 1_024
/** Many removals at once slow down whoever makes files in the same folders. */
const REMOVED_AT_ONCE = 32

export interface LocalStorageOptions {
  /** Made when it is first used. */
  readonly dir: string
  /** Free bytes below which nothing more is put. */
  readonly reserve: number
  /** Whether large objects are hashed on a thread of their own, for whoever takes in more than it works on. */
  readonly hashBeside?: boolean
  readonly disk?: Disk
}

export function createLocalStorage(options: LocalStorageOptions): Storage {
  const { dir, reserve, disk = realDisk } = options
  const root = join(dir, 'objects')
  const folders = createFolders(disk)
  const freeSpace = createFreeSpace({ folder: root, reserve, disk })
  // Starts its thread with the first object that it is given.
  const beside = createHashBeside()

  const makeRoot = () => translated(`make the folder ${root}`, () => folders.make(root))

  /** Before bytes are written into a folder. */
  const requireRoom = async (folder: string, begins: boolean) => {
    if (begins) await makeRoot().then(() => folders.makeInside(folder))
    await freeSpace.require(begins ? 'recent' : 'fresh')
  }

  const stat = (key: string): StoredObject | null => {
    try {
      const stats = fs.statSync(objectPath(root, key).file, { bigint: true, throwIfNoEntry: false })
      if (!stats) return missing()
      return { key, size: Number(stats.size), etag: etagOf(stats) }
    } catch (error) {
      throw asStorageError(error, 'look at an object')
    }
  }

  /** What is no folder any more has not lost its objects one by one. */
  const missing = (): null => {
    if (fs.statSync(root, { throwIfNoEntry: false })?.isDirectory() !== false) return null
    throw new StorageError('unavailable', `The storage is away: ${root} is no folder.`)
  }

  async function* objectsIn(folder: string) {
    for await (const name of entries(folder)) {
      const object = parseFileName(name)
      // In a shard that is not its job's nobody would look for it.
      if (object && shardFolder(root, object.jobId) === folder) yield object
    }
  }

  // Not synced: an object that comes back after a power cut is claimed by no record, and removed again.
  const remove = async (key: string): Promise<void> => {
    const { file } = objectPath(root, key)
    await translated('remove an object', () => fs.promises.rm(file, { force: true }))
  }

  return {
    async put(key, chunks, { signal } = {}) {
      const { folder, file } = objectPath(root, key)
      const source = new InterruptibleSource(chunks)
      const object = new NewObject({
        file,
        disk,
        requireRoom: written => requireRoom(folder, written === 0),
        syncFolder: () => folders.sync(folder),
        openHash: options.hashBeside ? beside.open : hashHere,
        onFailure: error => source.interrupt(error),
      })
      const abort = () => source.interrupt(signal?.reason)
      signal?.addEventListener('abort', abort)
      try {
        signal?.throwIfAborted()
        const append = (chunk: Uint8Array) => object.append(chunk)
        while (await source.pass(append));
        const { size, sha256, stats } = await object.commit()
        signal?.throwIfAborted()
        return { key, size, sha256, etag: etagOf(stats) }
      } catch (error) {
        source.abandon()
        await object.discard()
        throw error
      } finally {
        signal?.removeEventListener('abort', abort)
      }
    },

    async open(key, range) {
      return openObject(objectPath(root, key).file, key, range)
    },

    async stat(key) {
      return stat(key)
    },

    async peek(key, bytes) {
      try {
        const found = peekObject(objectPath(root, key).file, bytes)
        if (!found) return missing()
        const { stats, head } = found
        return { key, size: Number(stats.size), etag: etagOf(stats), head }
      } catch (error) {
        throw asStorageError(error, 'look at an object')
      }
    },

    remove,

    async removeAll(keys) {
      const files = keys.map(key => objectPath(root, key).file)
      let failed: PromiseRejectedResult | undefined
      for (let at = 0; at < files.length; at += REMOVED_AT_ONCE) {
        const some = files.slice(at, at + REMOVED_AT_ONCE)
        const removed = await Promise.allSettled(some.map(file => fs.promises.rm(file, { force: true })))
        failed ??= removed.find(each => each.status === 'rejected')
      }
      if (failed) throw asStorageError(failed.reason, 'remove an object')
    },

    async *list(jobId) {
      for await (const object of objectsIn(shardFolder(root, jobId))) {
        const found = object.jobId === jobId ? stat(object.key) : null
        if (found) yield found
      }
    },

    async *listByJob() {
      for await (const shard of entries(root)) {
        // All objects of a job are in one shard, so each is read once, and only one shard's names are held at a time.
        const jobs = Map.groupBy(await Array.fromAsync(objectsIn(`${root}/${shard}`)), ({ jobId }) => jobId)
        for (const [jobId, named] of jobs) {
          // Some may be gone since the shard was read.
          const objects = named.map(({ key }) => stat(key)).filter(found => found !== null)
          if (objects.length > 0) yield { jobId, objects }
        }
      }
    },

    growing: {
      async length(key) {
        return stat(key)?.size ?? 0
      },

      async append(key, at, chunks, { signal, verify } = {}) {
        const { folder, file } = objectPath(root, key)
        return appendTo({
          file,
          at,
          source: chunks,
          signal,
          verify,
          disk,
          requireRoom: begins => requireRoom(folder, begins),
        })
      },

      async cut(key, length) {
        const { file } = objectPath(root, key)
        await translated('shorten an object', () => fs.promises.truncate(file, length))
        return length
      },

      async finish(key) {
        const { folder, file } = objectPath(root, key)
        return translated('finish an object', async () => {
          const handle = await fs.promises.open(file, 'r')
          try {
            const { size } = await handle.stat()
            const hash = beside.open(file)
            hash.reached(size)
            const [sha256] = await Promise.all([hash.digest(), disk.sync(handle.fd), folders.sync(folder)])
            const stats = await handle.stat({ bigint: true })
            return { key, size, sha256, etag: etagOf(stats) }
          } finally {
            await handle.close()
          }
        })
      },

      discard: remove,
    },

    ...createMarks(join(dir, 'marks'), folders),

    async freeBytes() {
      await makeRoot()
      return translated('tell its free space', () => freeSpace.bytes())
    },

    check: createFolderCheck({ folder: root, make: makeRoot, disk }),

    async close() {
      await beside.close()
      await folders.close()
    },
  }
}

/** Whatever writes to a file changes its time; whatever puts another in its place (a restored backup), its inode. */
function etagOf({ size, mtimeNs, ino }: fs.BigIntStats): string {
  return `${size.toString(36)}-${mtimeNs.toString(36)}-${ino.toString(36)}`
}

/** The names in a folder, streamed; none where it does not exist. */
async function* entries(folder: string): AsyncGenerator<string> {
  try {
    for await (const entry of await fs.promises.opendir(folder, { bufferSize: LIST_BATCH })) yield entry.name
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return
    throw asStorageError(error, 'list objects')
  }
}
