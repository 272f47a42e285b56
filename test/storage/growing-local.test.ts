import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { type Disk, realDisk } from '../../src/storage/disk.ts'
import { createLocalStorage } from '../../src/storage/local.ts'
import { inChunks, newJobId } from './contract.ts'
import { growingContract } from './growing-contract.ts'
import { lengthOf, osError, useLocalStorage, zeros } from './local-fixture.ts'

const MiB = 1024 * 1024

growingContract('the local storage', async () => {
  const dir = fs.mkdtempSync(join(tmpdir(), 'sluice-storage-'))
  const storage = createLocalStorage({ dir, reserve: 0 })
  return {
    storage,
    dispose: async () => {
      await storage.close()
      fs.rmSync(dir, { recursive: true })
    },
  }
})

describe('an object that grows on the local disk', () => {
  const storages = useLocalStorage()
  const key = `${newJobId()}/f1`

  /** A disk that fails once so many bytes have been written. */
  const failingAfter = (limit: number, code: string): Partial<Disk> => {
    let written = 0
    return {
      writeAt: async (file, chunks, position) => {
        written += lengthOf(chunks)
        if (written > limit) throw osError(code)
        return realDisk.writeAt(file, chunks, position)
      },
    }
  }

  it.each([
    ['ENOSPC', 'full'],
    ['EDQUOT', 'full'],
    ['EIO', 'unavailable'],
  ])('%s in the middle of a write is told as %s, and what was written before stays', async (errno, code) => {
    const storage = storages.make({ disk: failingAfter(2 * MiB, errno) })
    await expect(storage.growing!.append(key, 0, zeros(8 * MiB))).rejects.toMatchObject({ code })
    const length = await storage.growing!.length(key)
    expect(length).toBeGreaterThan(MiB)
    const mended = storages.make()
    expect(await mended.growing!.append(key, length, zeros(8 * MiB - length))).toBe(8 * MiB)
  })

  it('a write that fails ends it although its source has stalled', async () => {
    const storage = storages.make({ disk: failingAfter(0, 'ENOSPC') })
    const source = new Readable({ read() {} })
    source.push(randomBytes(MiB))
    await expect(storage.growing!.append(key, 0, source)).rejects.toMatchObject({ code: 'full' })
    expect(source.destroyed).toBe(true)
  })

  it.each(['syncData', 'sync'] as const)(
    'a %s that fails is told: nothing is said to be kept that is not',
    async call => {
      const storage = storages.make({ disk: { [call]: () => Promise.reject(osError('EIO')) } })
      const grow = async () => {
        await storage.growing!.append(key, 0, inChunks(randomBytes(100)))
        await storage.growing!.finish(key)
      }
      await expect(grow()).rejects.toMatchObject({ code: 'unavailable' })
    },
  )

  it('bytes, file and folder are synced before it is said that they are there', async () => {
    const calls: string[] = []
    const storage = storages.make({
      disk: {
        writeAt: async (file, chunks, position) => {
          calls.push('write')
          return realDisk.writeAt(file, chunks, position)
        },
        syncData: async file => {
          calls.push('sync data')
          return realDisk.syncData(file)
        },
        sync: async file => {
          calls.push(fs.fstatSync(file).isDirectory() ? 'sync folder' : 'sync file')
          return realDisk.sync(file)
        },
      },
    })
    await storage.growing!.append(key, 0, inChunks(randomBytes(100)))
    expect(calls.slice(-2)).toEqual(['write', 'sync data'])
    calls.length = 0
    await storage.growing!.finish(key)
    expect(calls.sort()).toEqual(['sync file', 'sync folder'])
  })

  it('less than the reserve is left: not a byte is written, and none is lost', async () => {
    await storages.make().growing!.append(key, 0, inChunks(Buffer.from('abc')))
    let free = 0
    const storage = storages.make({ reserve: 100, disk: { freeBytes: async () => free } })
    await expect(storage.growing!.append(key, 3, inChunks(Buffer.from('def')))).rejects.toMatchObject({
      code: 'full',
    })
    expect(await storage.growing!.length(key)).toBe(3)
    free = 1_000
    await expect
      .poll(() => storage.growing!.append(key, 3, inChunks(Buffer.from('def'))).catch(() => 0))
      .toBe(6)
  })

  it('the reserve is asked for again while a large one comes', async () => {
    let asked = 0
    const storage = storages.make({
      reserve: 100,
      disk: { freeBytes: async () => (++asked > 1 ? 0 : 1_000) },
    })
    await expect(storage.growing!.append(key, 0, zeros(80 * MiB))).rejects.toMatchObject({ code: 'full' })
    expect(await storage.growing!.length(key)).toBeGreaterThanOrEqual(64 * MiB)
  })

  it('a writer that stood still and was replaced writes its bytes where they belong, not behind those of others', async () => {
    const bytes = randomBytes(MiB)
    const standing = Promise.withResolvers<void>()
    const woken = Promise.withResolvers<void>()
    const frozen = storages.make({
      disk: {
        writeAt: async (file, chunks, position) => {
          standing.resolve()
          await woken.promise
          return realDisk.writeAt(file, chunks, position)
        },
      },
    })
    const late = frozen.growing!.append(key, 0, inChunks(bytes.subarray(0, MiB / 2)))
    await standing.promise
    const storage = storages.make()
    await storage.growing!.append(key, 0, inChunks(bytes))
    woken.resolve()
    await late
    expect((await buffer(await storage.open(key))).equals(bytes)).toBe(true)
  })

  it('a disk that takes a few bytes at a time gets all of them, in order', async () => {
    const storage = storages.make({
      disk: {
        writeAt: (file, chunks, position) =>
          realDisk.writeAt(file, [chunks.find(chunk => chunk.byteLength > 0)!.subarray(0, 5_000)], position),
      },
    })
    const bytes = randomBytes(MiB + 1)
    await storage.growing!.append(key, 0, inChunks(bytes))
    expect((await buffer(await storage.open(key))).equals(bytes)).toBe(true)
  })

  it('a mount that is gone is not made anew on the disk below it', async () => {
    const storage = storages.make()
    await storage.growing!.append(key, 0, inChunks(randomBytes(10)))
    fs.rmSync(join(storages.dir, 'objects'), { recursive: true })
    await expect(storage.growing!.append(key, 10, inChunks(randomBytes(10)))).rejects.toMatchObject({
      name: 'StorageError',
    })
    expect(fs.existsSync(join(storages.dir, 'objects'))).toBe(false)
  })
})
