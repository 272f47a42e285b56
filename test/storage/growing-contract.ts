/** What every storage driver promises whose objects can come in several goes. */
import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { GrowingObjects, Storage } from '../../src/storage/storage.ts'
import { collect, inChunks, newJobId, type StorageUnderTest } from './contract.ts'

const MiB = 1024 * 1024

export function growingContract(name: string, makeStorage: () => Promise<StorageUnderTest>): void {
  describe(`${name} keeps the contract of objects that grow`, () => {
    let made: StorageUnderTest
    let storage: Storage
    let growing: GrowingObjects
    let jobId: string
    let key: string

    beforeEach(async () => {
      made = await makeStorage()
      storage = made.storage
      growing = storage.growing!
      jobId = newJobId()
      key = `${jobId}/f1`
    })
    afterEach(() => made.dispose())

    it('what comes in several goes becomes an object like one that was put', async () => {
      const bytes = randomBytes(13 * MiB + 17)
      expect(await growing.length(key)).toBe(0)
      const goes = [0, 1, 70_000, 6 * MiB, 6 * MiB, 12 * MiB + 1, bytes.length]
      for (const [index, at] of goes.slice(0, -1).entries()) {
        const end = goes[index + 1]!
        expect(await growing.append(key, at, inChunks(bytes.subarray(at, end)))).toBe(end)
        expect(await growing.length(key)).toBe(end)
      }
      const finished = await growing.finish(key)
      expect(finished).toMatchObject({ key, size: bytes.length, sha256: sha256(bytes) })
      expect(await storage.stat(key)).toEqual({ key, size: bytes.length, etag: finished.etag })
      expect((await buffer(await storage.open(key))).equals(bytes)).toBe(true)
    })

    it('one without a byte is an object, too', async () => {
      expect(await growing.append(key, 0, inChunks(Buffer.alloc(0)))).toBe(0)
      expect(await growing.finish(key)).toMatchObject({ size: 0, sha256: sha256(Buffer.alloc(0)) })
    })

    it('may be finished again, by whoever does not know that it was', async () => {
      await growing.append(key, 0, inChunks(randomBytes(100)))
      expect(await growing.finish(key)).toEqual(await growing.finish(key))
    })

    it('a source that breaks off: what came before stays, and it goes on from there', async () => {
      const bytes = randomBytes(12 * MiB)
      const cut = new Error('cut')
      const breaking = async function* () {
        for await (const chunk of inChunks(bytes.subarray(0, 11 * MiB))) yield chunk
        throw cut
      }
      await expect(growing.append(key, 0, breaking())).rejects.toBe(cut)
      const length = await growing.length(key)
      expect(length).toBeGreaterThan(10 * MiB)
      await growing.append(key, length, inChunks(bytes.subarray(length)))
      expect(await growing.finish(key)).toMatchObject({ size: bytes.length, sha256: sha256(bytes) })
    })

    it('a signal ends it although the source has stalled', async () => {
      const abort = new AbortController()
      const source = new Readable({ read() {} })
      source.push(randomBytes(100))
      const appended = growing.append(key, 0, source, { signal: abort.signal })
      appended.catch(() => {})
      abort.abort(new Error('enough'))
      await expect(appended).rejects.toThrow('enough')
      expect(source.destroyed).toBe(true)
      await expect(
        growing.append(key, 0, inChunks(randomBytes(1)), { signal: abort.signal }),
      ).rejects.toThrow('enough')
    })

    it.each([10_000, 7 * MiB])('bytes can be taken back, behind %i', async size => {
      const bytes = randomBytes(12 * MiB)
      await growing.append(key, 0, inChunks(bytes.subarray(0, size)))
      await growing.append(key, size, inChunks(randomBytes(6 * MiB)))
      const left = await growing.cut(key, size)
      expect([0, size]).toContain(left)
      expect(await growing.length(key)).toBe(left)
      await growing.append(key, left, inChunks(bytes.subarray(left)))
      expect(await growing.finish(key)).toMatchObject({ size: bytes.length, sha256: sha256(bytes) })
    })

    it.each([
      [0, 100],
      [0, 11 * MiB],
      [100, 11 * MiB],
      [5 * MiB, 100],
      [5 * MiB, 11 * MiB],
      [7 * MiB, 11 * MiB],
    ])(
      'behind %i bytes, %i that do not pass their check can be taken back, and others take their place',
      async (at, size) => {
        const bytes = randomBytes(at + 11 * MiB)
        if (at > 0) await growing.append(key, 0, inChunks(bytes.subarray(0, at)))
        const wrong = new Error('wrong')
        const refuse = () => {
          throw wrong
        }
        const cut = async function* () {
          yield* inChunks(randomBytes(size))
          throw wrong
        }
        await expect(growing.append(key, at, inChunks(randomBytes(size)), { verify: refuse })).rejects.toBe(
          wrong,
        )
        expect(await growing.cut(key, at)).toBe(at)
        expect(await growing.length(key)).toBe(at)
        await expect(growing.append(key, at, cut(), { verify: () => undefined })).rejects.toBe(wrong)
        expect(await growing.cut(key, at)).toBe(at)
        const middle = at + 6 * MiB
        expect(
          await growing.append(key, at, inChunks(bytes.subarray(at, middle)), { verify: () => undefined }),
        ).toBe(middle)
        expect(await growing.length(key)).toBe(middle)
        await growing.append(key, middle, inChunks(bytes.subarray(middle)))
        expect(await growing.finish(key)).toMatchObject({ size: bytes.length, sha256: sha256(bytes) })
        expect((await collect(storage.list(jobId))).map(object => object.key)).toEqual([key])
      },
    )

    it('unfinished it is listed, so that the janitor finds it, and can be removed', async () => {
      await growing.append(key, 0, inChunks(randomBytes(6 * MiB)))
      for (const each of await collect(storage.list(jobId))) expect(each.key.startsWith(key)).toBe(true)
      expect((await collect(storage.listByJob())).map(job => job.jobId)).toEqual([jobId])
      await growing.discard(key)
      await growing.discard(key)
      expect(await growing.length(key)).toBe(0)
      expect(await collect(storage.list(jobId))).toEqual([])
      expect(await collect(storage.listByJob())).toEqual([])
    })
  })
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
