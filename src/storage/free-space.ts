/**
 * The reserve: free bytes that uploads leave alone, because Redis's append-only file may lie on the same disk, and
 * Redis stops when it cannot write.
 */
import type { Disk } from './disk.ts'
import { StorageError } from './storage.ts'

/** How old an answer may be for a put that begins. One that is under way always asks anew. */
const MAX_AGE_MS = 1_000

export interface FreeSpace {
  bytes(): Promise<number>
  /** @throws StorageError `full` where less than the reserve is free. */
  require(freshness: 'recent' | 'fresh'): Promise<void>
}

export function createFreeSpace(options: {
  folder: string
  reserve: number
  disk: Pick<Disk, 'freeBytes'>
}): FreeSpace {
  let last: { at: number; free: Promise<number> } | null = null

  const ask = (): Promise<number> => {
    const asked = { at: performance.now(), free: options.disk.freeBytes(options.folder) }
    last = asked
    // Who asked is told; the next one asks again.
    asked.free.catch(() => {
      if (last === asked) last = null
    })
    return asked.free
  }

  return {
    bytes: ask,
    async require(freshness) {
      const recent = freshness === 'recent' && last && performance.now() - last.at <= MAX_AGE_MS
      const free = await (recent ? last!.free : ask())
      if (free >= options.reserve) return
      throw new StorageError(
        'full',
        `The storage has ${free} bytes free, less than the reserve of ${options.reserve}.`,
      )
    },
  }
}
