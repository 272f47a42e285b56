/** Whether a folder can be written, synced and read: what is asked before a service calls itself ready. */
import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Disk, translated } from './disk.ts'
import { StorageError } from './storage.ts'

/** A disk that takes longer for one byte is as good as gone. */
const LONGEST_MS = 4_000

export interface FolderCheckOptions {
  readonly folder: string
  /** Makes the folder where it is missing. */
  readonly make: () => Promise<void>
  readonly disk: Pick<Disk, 'sync'>
  /** Milliseconds after which the check fails. */
  readonly limit?: number
}

/** @returns the check, which rejects with a StorageError. */
export function createFolderCheck(options: FolderCheckOptions): () => Promise<void> {
  const { folder, make, disk, limit = LONGEST_MS } = options
  // A disk that hangs would take a thread of the pool with each check: those who ask meanwhile share the first.
  let running: Promise<void> | null = null

  const writeAndRead = async (): Promise<void> => {
    try {
      await translated(`write to ${folder}`, async () => {
        await make()
        await writeByte(folder, disk)
      })
    } finally {
      running = null
    }
  }

  return async () => {
    const done = new AbortController()
    const tooLong = async () => {
      await delay(limit, undefined, { signal: done.signal })
      throw new StorageError('unavailable', `The storage did not write one byte within ${limit} ms.`)
    }
    try {
      running ??= writeAndRead()
      await Promise.race([running, tooLong()])
    } finally {
      done.abort()
    }
  }
}

async function writeByte(folder: string, disk: Pick<Disk, 'sync'>): Promise<void> {
  const file = join(folder, `.check-${randomUUID()}`)
  const handle = await fs.promises.open(file, 'wx+')
  try {
    await handle.write('.')
    await disk.sync(handle.fd)
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(1), position: 0 })
    if (bytesRead !== 1 || buffer.toString() !== '.') {
      throw new StorageError('unavailable', 'The storage gave back another byte than was written.')
    }
  } finally {
    await handle.close()
    await fs.promises.rm(file, { force: true })
  }
}
