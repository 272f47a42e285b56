import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { type Disk, realDisk } from '../../src/storage/disk.ts'
import { inChunks, newJobId } from './contract.ts'
import { lengthOf, osError, useLocalStorage, zeros } from './local-fixture.ts'

const MiB = 1024 * 1024

describe.each([
  ['the local storage', false],
  ['the local storage that hashes on a thread of its own', true],
])('%s, on a failing disk', (_, hashBeside) => {
  const storages = useLocalStorage({ hashBeside })
  const key = `${newJobId()}/f1`
  const sizes = [
    ['small', 1_000],
    ['large', 3 * MiB],
  ] as const

  /** A disk that takes `count` bytes and then fails. */
  const failingAfter = (count: number, code: string): Partial<Disk> => {
    let left = count
    return {
      write: async (file, chunks) => {
        left -= lengthOf(chunks)
        if (left < 0) throw osError(code)
        return realDisk.write(file, chunks)
      },
      writeNow: (file, chunk) => {
        left -= chunk.byteLength
        if (left < 0) throw osError(code)
        return realDisk.writeNow(file, chunk)
      },
    }
  }

  it.each(sizes)('a %s put on a full disk is told as full, and leaves nothing', async (_, size) => {
    for (const code of ['ENOSPC', 'EDQUOT']) {
      const storage = storages.make({ disk: failingAfter(size / 2, code) })
      await expect(storage.put(key, inChunks(randomBytes(size)))).rejects.toMatchObject({
        name: 'StorageError',
        code: 'full',
      })
      expect(storages.files()).toEqual([])
    }
  })

  it.each(sizes)('a %s put on a broken disk is told as unavailable, and leaves nothing', async (_, size) => {
    const storage = storages.make({ disk: failingAfter(size / 2, 'EIO') })
    await expect(storage.put(key, inChunks(randomBytes(size)))).rejects.toMatchObject({
      code: 'unavailable',
    })
    expect(storages.files()).toEqual([])
  })

  it.each(sizes)('a %s put whose sync fails is not acknowledged, and leaves nothing', async (_, size) => {
    for (const failingSync of [1, 2]) {
      const healthy = storages.make()
      await healthy.put(key, inChunks(randomBytes(1)))
      await healthy.remove(key)
      let syncs = 0
      const sync = async (file: number) => {
        // The folders above are synced when a storage first puts; then come, at once, the put's own file and folder.
        if (fs.fstatSync(file).isFile() || syncs > 0) syncs++
        if (syncs === failingSync) throw osError('EIO')
        await realDisk.sync(file)
      }
      await expect(
        storages.make({ disk: { sync } }).put(key, inChunks(randomBytes(size))),
      ).rejects.toMatchObject({
        code: 'unavailable',
      })
      expect(syncs).toBe(2)
      expect(storages.files()).toEqual([])
    }
  })

  it('a sync that fails while the put goes on ends it at once, although its source has stalled', async () => {
    const storage = storages.make({ disk: { syncData: async () => Promise.reject(osError('EIO')) } })
    await expect(storage.put(key, thenStalls(80 * MiB))).rejects.toMatchObject({ code: 'unavailable' })
    expect(storages.files()).toEqual([])
  })

  it('a write that fails ends the put although its source has stalled', async () => {
    const storage = storages.make({ disk: failingAfter(0, 'ENOSPC') })
    const source = new Readable({ read() {} })
    source.push(randomBytes(MiB))
    await expect(storage.put(key, source)).rejects.toMatchObject({ code: 'full' })
    expect(source.destroyed).toBe(true)
  })

  it('a disk that takes a few bytes at a time gets all of them, in order', async () => {
    const storage = storages.make({
      disk: {
        write: (file, chunks) =>
          realDisk.write(file, [chunks.find(chunk => chunk.byteLength > 0)!.subarray(0, 5_000)]),
        writeNow: (file, chunk) => realDisk.writeNow(file, chunk.subarray(0, 100)),
      },
    })
    for (const size of [1_050, MiB + 1]) {
      const bytes = randomBytes(size)
      await storage.put(key, inChunks(bytes))
      expect((await buffer(await storage.open(key))).equals(bytes)).toBe(true)
      await storage.remove(key)
    }
  })

  it('a read that fails is told as unavailable, by the stream', async () => {
    const storage = storages.make()
    await storage.put(key, inChunks(randomBytes(MiB)))
    const stream = await storage.open(key)
    const read = vi
      .spyOn(fs, 'read')
      .mockImplementation(((...args: unknown[]) =>
        (args.at(-1) as (error: Error) => void)(osError('EIO'))) as unknown as typeof fs.read)
    try {
      await expect(buffer(stream)).rejects.toMatchObject({ name: 'StorageError', code: 'unavailable' })
    } finally {
      read.mockRestore()
    }
  })
})

describe('the local storage and the disk below it', () => {
  const storages = useLocalStorage()
  const key = `${newJobId()}/f1`

  it('an abort while a write is under way closes its file only afterwards, and leaves nothing', async () => {
    const writing = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    let sizeAfterwards: number | undefined
    const storage = storages.make({
      disk: {
        write: async (file, chunks) => {
          writing.resolve()
          await release.promise
          const written = fs.writevSync(file, chunks)
          sizeAfterwards = fs.fstatSync(file).size
          return written
        },
      },
    })
    const abort = new AbortController()
    const put = storage.put(key, thenStalls(MiB / 8), { signal: abort.signal })
    put.catch(() => {})
    await writing.promise
    abort.abort(new Error('enough'))
    await turn()
    release.resolve()
    await expect(put).rejects.toThrow('enough')
    expect(sizeAfterwards).toBeGreaterThan(0)
    expect(storages.files()).toEqual([])
  })

  it.each([
    ['small', 1_000],
    ['large', MiB],
  ])('an abort during the last sync of a %s put leaves nothing', async (_, size) => {
    const abort = new AbortController()
    const storage = storages.make({
      disk: {
        sync: async file => {
          if (fs.fstatSync(file).isFile()) abort.abort(new Error('enough'))
          await realDisk.sync(file)
        },
      },
    })
    await expect(storage.put(key, inChunks(randomBytes(size)), { signal: abort.signal })).rejects.toThrow(
      'enough',
    )
    expect(storages.files()).toEqual([])
  })

  it.each([
    ['small', 1_000],
    ['large', 3 * MiB],
  ])('a %s put is answered only when its file and its folder are synced', async (_, size) => {
    const synced: string[] = []
    const storage = storages.make({
      disk: {
        sync: async file => {
          const stats = fs.fstatSync(file)
          await realDisk.sync(file)
          synced.push(stats.isFile() ? `file of ${stats.size}` : `folder ${stats.ino}`)
        },
      },
    })
    await storage.put(key, inChunks(randomBytes(size)))
    const folders = [
      storages.dir,
      join(storages.dir, 'objects'),
      join(storages.dir, 'objects', key.split('/')[0]!.slice(-2)),
    ]
    const [above, objects, shard] = folders.map(folder => `folder ${fs.statSync(folder).ino}`)
    expect(synced.slice(0, 2)).toEqual([above, objects])
    expect(new Set(synced.slice(2))).toEqual(new Set([`file of ${size}`, shard]))
  })

  it('nothing is put while less than the reserve is free', async () => {
    const storage = storages.make({ disk: { freeBytes: async () => 999 }, reserve: 1_000 })
    for (const size of [10, MiB]) {
      await expect(storage.put(key, inChunks(randomBytes(size)))).rejects.toMatchObject({ code: 'full' })
    }
    expect(storages.files()).toEqual([])
  })

  it('a put that eats into the reserve is ended, and leaves nothing', async () => {
    let written = 0
    const storage = storages.make({
      reserve: 50 * MiB,
      disk: {
        freeBytes: async () => 100 * MiB - written,
        write: async (_, chunks) => {
          const count = lengthOf(chunks)
          written += count
          return count
        },
      },
    })
    await expect(storage.put(key, zeros(1024 * MiB))).rejects.toMatchObject({ code: 'full' })
    expect(written).toBeLessThan(70 * MiB)
    expect(storages.files()).toEqual([])
  })

  it('free bytes that could not be told once are asked for again by the next put', async () => {
    let broken = true
    const freeBytes = async (folder: string) => {
      if (broken) throw osError('EIO')
      return realDisk.freeBytes(folder)
    }
    const storage = storages.make({ disk: { freeBytes } })
    await expect(storage.put(key, zeros(10))).rejects.toMatchObject({ code: 'unavailable' })
    broken = false
    await storage.put(key, zeros(10))
  })

  it('free bytes are asked for once for many puts at once', async () => {
    const freeBytes = vi.fn(realDisk.freeBytes)
    const storage = storages.make({ disk: { freeBytes } })
    await Promise.all(
      Array.from({ length: 100 }, () => storage.put(`${newJobId()}/f1`, inChunks(randomBytes(10)))),
    )
    expect(freeBytes.mock.calls.length).toBeLessThan(5)
  })

  it('a source waits for a slow disk: 256 MiB never run more than a MiB ahead of it', async () => {
    let given = 0
    let written = 0
    let ahead = 0
    const storage = storages.make({
      disk: {
        write: async (_, chunks) => {
          await turn()
          const count = lengthOf(chunks)
          written += count
          return count
        },
      },
    })
    const source = async function* () {
      for await (const chunk of zeros(256 * MiB)) {
        given += chunk.byteLength
        ahead = Math.max(ahead, given - written)
        yield chunk
      }
    }
    await storage.put(key, source())
    expect(written).toBe(256 * MiB)
    expect(ahead).toBeLessThanOrEqual(MiB)
  })
})

/** A client that sends `size` bytes and then says no more. */
async function* thenStalls(size: number): AsyncGenerator<Buffer> {
  yield* zeros(size)
  await new Promise(() => {})
}
