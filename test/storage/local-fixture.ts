/** A folder of its own for each test, and local storages in it. */
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { type Disk, realDisk } from '../../src/storage/disk.ts'
import { createLocalStorage } from '../../src/storage/local.ts'
import type { Storage } from '../../src/storage/storage.ts'

export interface LocalFixture {
  readonly dir: string
  /** A new storage in the folder; what `disk` holds replaces the real disk's calls. It is closed after the test. */
  make(options?: { disk?: Partial<Disk>; reserve?: number; dir?: string }): Storage
  /** The path of every file in the folder, at any depth. */
  files(): string[]
}

/** Call it once in a `describe`; what it returns is renewed for each test. */
export function useLocalStorage({ hashBeside = false } = {}): LocalFixture {
  let dir = ''
  let storages: Storage[] = []

  beforeEach(() => {
    dir = fs.mkdtempSync(join(tmpdir(), 'sluice-storage-'))
    storages = []
  })
  afterEach(async () => {
    for (const storage of storages) await storage.close()
    fs.rmSync(dir, { recursive: true })
  })

  return {
    get dir() {
      return dir
    },
    make(options = {}) {
      const disk = { ...realDisk, ...options.disk }
      const storage = createLocalStorage({
        dir: options.dir ?? dir,
        reserve: options.reserve ?? 0,
        hashBeside,
        disk,
      })
      storages.push(storage)
      return storage
    },
    files: () =>
      fs
        .readdirSync(dir, { recursive: true, withFileTypes: true })
        .filter(entry => entry.isFile())
        .map(entry => join(entry.parentPath, entry.name)),
  }
}

/** What `node:fs` throws when the operating system refuses a write. */
export function osError(code: string): Error {
  return Object.assign(new Error(`${code}: made by the test`), { code, errno: -1, syscall: 'write' })
}

export function lengthOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0)
}

/** `size` zero bytes in chunks of 64 KiB. */
export async function* zeros(size: number): AsyncGenerator<Buffer> {
  const chunk = Buffer.alloc(64 * 1024)
  for (let left = size; left > 0; left -= chunk.length) yield chunk.subarray(0, left)
}
