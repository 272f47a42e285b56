import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it, vi } from 'vitest'
import { createFolderCheck } from '../../src/storage/check-folder.ts'
import { hasCode } from '../../src/storage/disk.ts'
import { createLocalStorage } from '../../src/storage/local.ts'
import { collect, inChunks, newJobId, storageContract } from './contract.ts'
import { listingContract } from './listing-contract.ts'
import { useLocalStorage } from './local-fixture.ts'

const MiB = 1024 * 1024

for (const [name, hashBeside] of [
  ['the local storage', false],
  ['the local storage that hashes on a thread of its own', true],
] as const) {
  const make = async () => {
    const dir = fs.mkdtempSync(join(tmpdir(), 'sluice-storage-'))
    const storage = createLocalStorage({ dir, reserve: 0, hashBeside })
    return {
      storage,
      dispose: async () => {
        await storage.close()
        fs.rmSync(dir, { recursive: true })
      },
    }
  }
  storageContract(name, make)
  listingContract(name, make)
}

describe('the local storage', () => {
  const storages = useLocalStorage()
  const key = `${newJobId()}/f1`

  it('the etag changes when the file is touched, rewritten or replaced by a copy of the same time', async () => {
    const storage = storages.make()
    const bytes = randomBytes(100)
    const { etag } = await storage.put(key, inChunks(bytes))
    const [file] = storages.files() as [string]
    const { atime, mtime } = fs.statSync(file)

    fs.utimesSync(file, atime, new Date(mtime.getTime() + 1_000))
    const touched = (await storage.stat(key))?.etag
    fs.appendFileSync(file, 'x')
    const longer = (await storage.stat(key))?.etag
    fs.copyFileSync(file, `${file}-copy`)
    const at = new Date(mtime.getTime() + 2_000)
    fs.utimesSync(file, at, at)
    const before = (await storage.stat(key))?.etag
    fs.utimesSync(`${file}-copy`, at, at)
    fs.renameSync(`${file}-copy`, file)
    const replaced = (await storage.stat(key))?.etag

    expect(new Set([etag, touched, longer, before, replaced]).size).toBe(5)
  })

  it('files that somebody else put there are nobody’s objects', async () => {
    const storage = storages.make()
    await storage.put(key, inChunks(randomBytes(1)))
    const [file] = storages.files() as [string]
    for (const stray of ['.DS_Store', 'README', 'a.b.c', 'lost+found'])
      fs.writeFileSync(join(file, '..', stray), '')
    const objects = join(storages.dir, 'objects')
    fs.writeFileSync(join(objects, 'stray'), '')
    // Where it would lie, were it not too long for a key.
    fs.mkdirSync(join(objects, 'aa'), { recursive: true })
    fs.writeFileSync(join(objects, 'aa', `${'a'.repeat(100)}.${'b'.repeat(100)}`), '')
    // A copy in a shard that is not its job's.
    fs.mkdirSync(join(objects, 'copies'))
    fs.copyFileSync(file, join(objects, 'copies', basename(file)))
    const jobs = await collect(storage.listByJob())
    expect(jobs.map(({ objects }) => objects.map(object => object.key))).toEqual([[key]])
  })

  it('of files that go while their shard is walked through nothing is told', async () => {
    const storage = storages.make()
    const keys = Array.from({ length: 4 }, () => `${newJobId().slice(0, -2)}aa/f1`)
    for (const each of keys) await storage.put(each, inChunks(randomBytes(1)))
    const walked: string[] = []
    for await (const { jobId } of storage.listByJob()) {
      walked.push(jobId)
      await storage.removeAll(keys)
    }
    expect(walked).toHaveLength(1)
  })

  it('what one storage put, another of the same folder finds', async () => {
    await storages.make().put(key, inChunks(Buffer.from('kept')))
    expect((await buffer(await storages.make().open(key))).toString()).toBe('kept')
  })

  it('no file stays open, however puts and streams end', async () => {
    const before = openHandles()
    const storage = storages.make()
    const small = `${newJobId()}/f1`
    await storage.put(key, inChunks(randomBytes(MiB)))
    await storage.put(small, inChunks(randomBytes(10)))
    for (let round = 0; round < 20; round++) {
      const failing = async function* () {
        yield randomBytes(round % 2 ? MiB : 10)
        throw new Error('cut')
      }
      await expect(storage.put(`${newJobId()}/f1`, failing())).rejects.toThrow('cut')
      await expect(storage.put(key, inChunks(randomBytes(10)))).rejects.toThrow()
      await expect(storage.open(key, { start: 5, end: 1 })).rejects.toThrow(RangeError)
      const unread = await storage.open(key)
      unread.destroy()
      const halfRead = await storage.open(key)
      for await (const _ of halfRead) break
      await buffer(await storage.open(key, { start: 0, end: 10 }))
      await buffer(await storage.open(small))
      await storage.open(small)
      await storage.check()
      await storage.writeMark('installation', String(round))
    }
    await storage.close()
    await expect.poll(() => openHandles()).toBeLessThanOrEqual(before)
  })

  it('a mark is replaced whole: who reads meanwhile finds the old or the new, and no draft is left', async () => {
    const storage = storages.make()
    const texts = ['a'.repeat(100_000), 'b'.repeat(100_000)]
    await storage.writeMark('installation', texts[0]!)
    const seen = new Set<string | null>()
    let writing = true
    const reading = (async () => {
      while (writing) seen.add(await storage.readMark('installation'))
    })()
    for (let round = 1; round <= 20; round++) await storage.writeMark('installation', texts[round % 2]!)
    writing = false
    await reading
    for (const text of seen) expect(texts).toContain(text)
    expect(storages.files()).toEqual([join(storages.dir, 'marks', 'installation')])
  })

  it('a folder that cannot be made is told in a sentence that names it, and is tried again', async () => {
    const blocked = join(storages.dir, 'blocked')
    fs.writeFileSync(blocked, '')
    const storage = storages.make({ dir: blocked })
    const failure = { name: 'StorageError', code: 'unavailable', message: expect.stringContaining(blocked) }
    await expect(storage.put(key, inChunks(randomBytes(1)))).rejects.toMatchObject(failure)
    await expect(storage.check()).rejects.toMatchObject(failure)
    await expect(storage.freeBytes()).rejects.toMatchObject(failure)
    await expect(storage.writeMark('installation', 'x')).rejects.toMatchObject({ code: 'unavailable' })
    fs.rmSync(blocked)
    await storage.check()
    await storage.put(key, inChunks(randomBytes(1)))
  })

  it('a check of a disk that hangs fails in time, and those that follow do not pile up behind it', async () => {
    const sync = vi.fn(() => new Promise<void>(() => {}))
    const check = createFolderCheck({ folder: storages.dir, make: async () => {}, disk: { sync }, limit: 20 })
    await expect(check()).rejects.toMatchObject({ code: 'unavailable' })
    await expect(check()).rejects.toMatchObject({ code: 'unavailable' })
    expect(sync).toHaveBeenCalledTimes(1)
  })

  it('a check leaves nothing', async () => {
    await storages.make().check()
    expect(storages.files()).toEqual([])
  })
})

/** How many file handles this process has, on any system. */
function openHandles(): number {
  let count = 0
  for (let handle = 0; handle < 4_096; handle++) {
    try {
      fs.fstatSync(handle)
      count++
    } catch (error) {
      if (!hasCode(error, 'EBADF')) throw error
    }
  }
  return count
}
