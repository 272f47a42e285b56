/**
 * What every storage driver promises; of its listings, see listing-contract.ts. A driver's own test calls `storageContract` with a way to make an empty
 * storage; nothing here knows which driver it is.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Storage, tellsUnfinished } from '../../src/storage/storage.ts'
import { storedKeys } from '../support/stored-keys.ts'

const KiB = 1024
const MiB = 1024 * KiB

export interface StorageUnderTest {
  readonly storage: Storage
  /** Removes everything that was made for it. */
  dispose(): Promise<void>
}

/** @param many how many small objects are put and read: as many as the store behind the driver takes in good time. */
export function storageContract(
  name: string,
  makeStorage: () => Promise<StorageUnderTest>,
  many = 1_000,
): void {
  describe(`${name} keeps the contract of a storage`, () => {
    let made: StorageUnderTest
    let storage: Storage
    let jobId: string

    beforeEach(async () => {
      made = await makeStorage()
      storage = made.storage
      jobId = newJobId()
    })
    afterEach(() => made.dispose())

    const nothingIsLeft = async () => {
      expect(await collect(storage.list(jobId))).toEqual([])
      expect(await collect(storage.listByJob())).toEqual([])
      if (tellsUnfinished(storage)) expect(await collect(storage.listUnfinished())).toEqual([])
    }

    it.each([0, 1, 4 * KiB, 64 * KiB, 64 * KiB + 1, 3 * MiB + 17])(
      '%i bytes come back as they were put',
      async size => {
        const bytes = randomBytes(size)
        const put = await storage.put(`${jobId}/f1`, inChunks(bytes))
        expect(put).toMatchObject({ key: `${jobId}/f1`, size, sha256: sha256(bytes) })
        expect((await buffer(await storage.open(`${jobId}/f1`))).equals(bytes)).toBe(true)
      },
    )

    it('the source may be a stream or any async iterable', async () => {
      const bytes = randomBytes(200 * KiB)
      const fromStream = await storage.put(
        `${jobId}/f1`,
        Readable.from(inChunks(bytes), { objectMode: false }),
      )
      const fromIterable = await storage.put(`${jobId}/f2`, inChunks(bytes))
      expect(fromStream.sha256).toBe(sha256(bytes))
      expect(fromIterable.sha256).toBe(sha256(bytes))
    })

    it.each([10 * KiB, 300 * KiB])('any range of an object of %i bytes can be read', async size => {
      const bytes = randomBytes(size)
      await storage.put(`${jobId}/f1`, inChunks(bytes))
      const ranges = [
        [0, 0],
        [0, size - 1],
        [1, 5_000],
        [size - 1, size - 1],
        [size - 10, size + 10],
      ] as const
      for (const [start, end] of ranges) {
        const read = await buffer(await storage.open(`${jobId}/f1`, { start, end }))
        expect(read.equals(bytes.subarray(start, end + 1)), `${start}-${end}`).toBe(true)
      }
    })

    it('an object that is not there is told as such', async () => {
      await expect(storage.open(`${jobId}/f1`)).rejects.toMatchObject({
        name: 'StorageError',
        code: 'not-found',
      })
      expect(await storage.stat(`${jobId}/f1`)).toBeNull()
    })

    it('the etag of the put stays that of the object', async () => {
      const { size, etag } = await storage.put(`${jobId}/f1`, inChunks(randomBytes(100)))
      await buffer(await storage.open(`${jobId}/f1`))
      const expected = { key: `${jobId}/f1`, size, etag }
      expect(await storage.stat(`${jobId}/f1`)).toEqual(expected)
      expect(await collect(storage.list(jobId))).toEqual([expected])
    })

    it.each([100, 2 * MiB])(
      'a source that fails after %i bytes leaves no byte, and its error is told unchanged',
      async size => {
        const failure = new Error('the client went away')
        const source = async function* () {
          yield* inChunks(randomBytes(size))
          throw failure
        }
        await expect(storage.put(`${jobId}/f1`, source())).rejects.toBe(failure)
        await expect(storage.put(`${jobId}/f2`, Readable.from(source(), { objectMode: false }))).rejects.toBe(
          failure,
        )
        await nothingIsLeft()
      },
    )

    it('a stream that is cut off leaves no byte', async () => {
      const source = new Readable({ read() {} })
      const put = storage.put(`${jobId}/f1`, source)
      source.push(randomBytes(MiB))
      await turn()
      source.destroy()
      await expect(put).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' })
      await nothingIsLeft()
    })

    it.each([0, 100, 2 * MiB])(
      'an abort ends a put that has stalled after %i bytes, and leaves no byte',
      async size => {
        const reason = new Error('enough')
        for (const asStream of [true, false]) {
          const abort = new AbortController()
          const stalled = Promise.withResolvers<void>()
          const source = async function* () {
            yield* inChunks(randomBytes(size))
            stalled.resolve()
            await new Promise(() => {})
          }
          const given = asStream ? Readable.from(source(), { objectMode: false }) : source()
          const put = storage.put(`${jobId}/f1`, given, { signal: abort.signal })
          await stalled.promise
          abort.abort(reason)
          await expect(put).rejects.toBe(reason)
        }
        await nothingIsLeft()
      },
    )

    it('a put whose signal is aborted already reads nothing and leaves no byte', async () => {
      const source = Readable.from([randomBytes(10)], { objectMode: false })
      const reason = new Error('too late')
      await expect(storage.put(`${jobId}/f1`, source, { signal: AbortSignal.abort(reason) })).rejects.toBe(
        reason,
      )
      expect(source.destroyed).toBe(true)
      await nothingIsLeft()
    })

    it('an abort after the put has ended changes nothing', async () => {
      const abort = new AbortController()
      await storage.put(`${jobId}/f1`, inChunks(randomBytes(10)), { signal: abort.signal })
      abort.abort()
      expect(await storage.stat(`${jobId}/f1`)).toMatchObject({ size: 10 })
    })

    it.each([100, 2 * MiB])(
      'an object is never overwritten, whatever of %i bytes comes after',
      async size => {
        const first = await storage.put(`${jobId}/f1`, inChunks(randomBytes(1_000)))
        await expect(storage.put(`${jobId}/f1`, inChunks(randomBytes(size)))).rejects.toThrow(/already/)
        const { sha256: _, ...expected } = first
        expect(await storage.stat(`${jobId}/f1`)).toEqual(expected)
        expect(sha256(await buffer(await storage.open(`${jobId}/f1`)))).toBe(first.sha256)
      },
    )

    it('of two puts of one key at once, one wins whole', async () => {
      const contents = [randomBytes(MiB), randomBytes(MiB)]
      const puts = await Promise.allSettled(
        contents.map(bytes => storage.put(`${jobId}/f1`, inChunks(bytes))),
      )
      expect(puts.map(put => put.status).sort()).toEqual(['fulfilled', 'rejected'])
      const winner = contents[puts.findIndex(put => put.status === 'fulfilled')]!
      expect((await buffer(await storage.open(`${jobId}/f1`))).equals(winner)).toBe(true)
    })

    it(`${many} small objects put at once all come back`, async () => {
      const jobIds = Array.from({ length: 50 }, newJobId)
      const objects = Array.from({ length: many }, (_, index) => {
        const key = `${jobIds[index % jobIds.length]}/f${index}`
        return { key, bytes: randomBytes(1 + (index % 200)) }
      })
      const results = await Promise.all(objects.map(({ key, bytes }) => storage.put(key, inChunks(bytes))))
      expect(results.map(result => result.sha256)).toEqual(objects.map(({ bytes }) => sha256(bytes)))
      for (const { key, bytes } of objects) {
        expect((await buffer(await storage.open(key))).equals(bytes), key).toBe(true)
      }
      expect(await storedKeys(storage)).toEqual(objects.map(({ key }) => key).sort())
    })

    it('a removed object is gone, and removing it again is no error', async () => {
      await storage.put(`${jobId}/f1`, inChunks(randomBytes(10)))
      await storage.put(`${jobId}/f2`, inChunks(randomBytes(10)))
      await storage.remove(`${jobId}/f1`)
      await storage.remove(`${jobId}/f1`)
      expect(await storage.stat(`${jobId}/f1`)).toBeNull()
      expect((await collect(storage.list(jobId))).map(({ key }) => key)).toEqual([`${jobId}/f2`])
    })

    it('many objects are removed at once, whether they are there or not; others stay', async () => {
      const keys = Array.from({ length: 30 }, (_, index) => `${jobId}/f${index}`)
      await Promise.all(keys.map(key => storage.put(key, inChunks(randomBytes(10)))))
      await storage.removeAll([...keys.slice(1), `${jobId}/never`, `${newJobId()}/never`])
      expect((await collect(storage.list(jobId))).map(({ key }) => key)).toEqual([keys[0]])
      await storage.removeAll([])
      await expect(storage.removeAll([keys[0]!, '../f1'])).rejects.toThrow(TypeError)
      expect(await storage.stat(keys[0]!)).not.toBeNull()
    })

    it.each([
      '../f1',
      'a/../b',
      'a/..',
      '/etc/passwd',
      'a',
      'a/',
      '/a',
      'a/b/c',
      'a.b/c',
      'a/b.c',
      'a\0/b',
      'a/b\n',
      'ä/b',
      `a/${'b'.repeat(180)}`,
    ])('%j is refused as a key', async key => {
      await expect(storage.put(key, inChunks(randomBytes(1)))).rejects.toThrow(TypeError)
      await expect(storage.open(key)).rejects.toThrow(TypeError)
      await expect(storage.stat(key)).rejects.toThrow(TypeError)
      await expect(storage.remove(key)).rejects.toThrow(TypeError)
    })

    it.each(['..', 'a/b', '', 'a.b'])('%j is refused as a job id and as the name of a mark', async name => {
      await expect(collect(storage.list(name))).rejects.toThrow(TypeError)
      await expect(storage.readMark(name)).rejects.toThrow(TypeError)
      await expect(storage.writeMark(name, 'x')).rejects.toThrow(TypeError)
    })

    it.each([
      [0, 10],
      [10, 4],
      [10, 10],
      [MiB, 4_100],
      [10, 4_100],
    ])('of %d bytes the first %d are seen with what is told of the object', async (size, bytes) => {
      expect(await storage.peek(`${jobId}/f1`, bytes)).toBeNull()
      const whole = randomBytes(size)
      const { sha256: _, ...told } = await storage.put(`${jobId}/f1`, inChunks(whole))
      const { head, ...found } = (await storage.peek(`${jobId}/f1`, bytes))!
      expect(found).toEqual(told)
      expect(head.equals(whole.subarray(0, bytes))).toBe(true)
    })

    it('a stream may be destroyed before it was read', async () => {
      await storage.put(`${jobId}/f1`, inChunks(randomBytes(MiB)))
      const stream = await storage.open(`${jobId}/f1`)
      const closed = new Promise(resolve => stream.once('close', resolve))
      stream.destroy()
      await closed
    })

    it.each([10, MiB])(
      'a stream of %d bytes that is destroyed while it is read tells its reader why',
      async size => {
        await storage.put(`${jobId}/f1`, inChunks(randomBytes(size)))
        const stream = await storage.open(`${jobId}/f1`)
        const read = async () => {
          for await (const _ of stream) stream.destroy(new Error('given up'))
        }
        await expect(read()).rejects.toThrow('given up')
      },
    )

    it('a mark is null until written, and then what was written last', async () => {
      expect(await storage.readMark('installation')).toBeNull()
      await storage.writeMark('installation', 'one')
      await storage.writeMark('installation', 'zwei ✓')
      expect(await storage.readMark('installation')).toBe('zwei ✓')
      await nothingIsLeft()
    })

    it('marks written at once leave one of them whole', async () => {
      const texts = Array.from({ length: 20 }, (_, index) => String(index).repeat(1_000))
      await Promise.all(texts.map(text => storage.writeMark('installation', text)))
      expect(texts).toContain(await storage.readMark('installation'))
    })

    it('it can be checked, and tells its free bytes', async () => {
      await storage.check()
      const free = await storage.freeBytes()
      expect(free === null || free > 0).toBe(true)
      await nothingIsLeft()
    })
  })
}

export function newJobId(): string {
  return randomUUID()
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** In pieces of uneven sizes, as a network gives them. */
export async function* inChunks(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0, size = 1; at < bytes.length; at += size) {
    size = Math.min(1 + ((at * 7 + 13) % (64 * KiB)), bytes.length - at)
    yield bytes.subarray(at, at + size)
  }
}
