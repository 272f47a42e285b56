import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { S3Place } from '../../src/config.ts'
import { type S3Proxy, startS3Proxy } from '../support/s3-proxy.ts'
import { leaveParts, type MortalS3Server, makeBucket, s3Storage } from '../support/s3-server.ts'
import { findSwift, setSwiftQuota, startSwift, swiftParts } from '../support/swift.ts'
import { collect, inChunks, newJobId, sha256, storageContract } from './contract.ts'
import { growingContract } from './growing-contract.ts'

const MiB = 1024 * 1024
const AWAY = { name: 'StorageError', code: 'unavailable' }

const swift = await findSwift()

describe.skipIf(!swift)('on OpenStack Swift', () => {
  let server: MortalS3Server
  beforeAll(async () => {
    server = await startSwift(swift!)
  })
  afterAll(() => server.stop())

  // Fewer than of others at once: the server is one process of Python.
  storageContract(
    'the S3 storage',
    async () => {
      const storage = s3Storage(await makeBucket(server))
      return { storage, dispose: () => storage.close() }
    },
    200,
  )

  growingContract('the S3 storage', async () => {
    const storage = s3Storage(await makeBucket(server))
    return { storage, dispose: () => storage.close() }
  })

  describe('the S3 storage', () => {
    let place: S3Place
    let storage: ReturnType<typeof s3Storage>
    let key: string
    const open: { close(): Promise<void> }[] = []
    const make = (...args: Parameters<typeof s3Storage>) => {
      const made = s3Storage(...args)
      open.push(made)
      return made
    }
    const proxied = async (): Promise<S3Proxy> => {
      const proxy = await startS3Proxy(server.endpoint)
      open.push(proxy)
      return proxy
    }

    beforeEach(async () => {
      place = await makeBucket(server)
      storage = make(place)
      key = `${newJobId()}/f1`
    })
    afterEach(async () => {
      for (const each of open.splice(0)) await each.close()
    })

    const nothingIsLeft = async () => {
      expect(await collect(storage.listByJob())).toEqual([])
      expect(await collect(storage.listUnfinished())).toEqual([])
      expect(await swiftParts(server, place.bucket)).toEqual([])
    }

    describe('takes what is larger than a part', () => {
      it('whole, under one etag, and gives any range of it, across the seams too', async () => {
        const bytes = randomBytes(13 * MiB + 7)
        const { sha256: hash, ...object } = await storage.put(key, inChunks(bytes))
        expect(hash).toBe(sha256(bytes))
        expect(object.etag).toMatch(/-3$/)
        expect(await storage.stat(key)).toEqual(object)
        expect(await collect(storage.list(key.split('/')[0]!))).toEqual([object])
        expect((await buffer(await storage.open(key))).equals(bytes)).toBe(true)
        const [start, end] = [5 * MiB - 10, 10 * MiB + 10]
        const across = await buffer(await storage.open(key, { start, end }))
        expect(across.equals(bytes.subarray(start, end + 1))).toBe(true)
        expect(
          await buffer(await storage.open(key, { start: bytes.length, end: bytes.length })),
        ).toHaveLength(0)
      })

      it('and removes its parts with it', async () => {
        await storage.put(key, inChunks(randomBytes(6 * MiB)))
        expect(await swiftParts(server, place.bucket)).toHaveLength(2)
        await storage.remove(key)
        await nothingIsLeft()
      })

      it('in larger parts where objects may be larger than 10,000 small ones', async () => {
        const roomy = make(place, { largestObject: 100_000 * MiB })
        expect((await roomy.put(key, inChunks(randomBytes(25 * MiB)))).etag).toMatch(/-3$/)
      })

      it('but no part of one whose source fails', async () => {
        const failure = new Error('the client went away')
        const source = async function* () {
          yield* inChunks(randomBytes(12 * MiB))
          throw failure
        }
        await expect(storage.put(key, source())).rejects.toBe(failure)
        await nothingIsLeft()
      })

      it('but no part of one that is interrupted while its source stalls', async () => {
        const abort = new AbortController()
        const stalled = Promise.withResolvers<void>()
        const source = async function* () {
          yield* inChunks(randomBytes(12 * MiB))
          stalled.resolve()
          await new Promise(() => {})
        }
        const put = storage.put(key, source(), { signal: abort.signal })
        await stalled.promise
        const unfinished = () => collect(storage.listUnfinished())
        await expect.poll(async () => (await unfinished()).map(each => each.key)).toEqual([key])
        const reason = new Error('enough')
        abort.abort(reason)
        await expect(put).rejects.toBe(reason)
        await nothingIsLeft()
      })

      it('but no part of one whose key has an object, which is found before a part is sent', async () => {
        await storage.put(key, inChunks(randomBytes(1)))
        const proxy = await proxied()
        const other = make({ ...place, endpoint: proxy.endpoint })
        await expect(other.put(key, inChunks(randomBytes(12 * MiB)))).rejects.toThrow(/already/)
        expect(proxy.passed.filter(line => /uploadId|uploads/.test(line))).toEqual([])
        expect(await storage.stat(key)).toMatchObject({ size: 1 })
      })
    })

    describe('whose replies are lost', () => {
      it.each([
        ['of a small object', 10, /^PUT .*\/f1/],
        ['of the beginning of a large one', 6 * MiB, /^POST .*\?uploads/],
        ['of a part', 6 * MiB, /^PUT .*partNumber=1/],
        ['of the end of a large one', 6 * MiB, /^POST .*uploadId=/],
      ])('has put it once, and no part is left over: the reply %s', async (_name, size, fits) => {
        const proxy = await proxied()
        const behind = make({ ...place, endpoint: proxy.endpoint })
        const bytes = randomBytes(size)
        proxy.lose(fits)
        const put = await behind.put(key, inChunks(bytes))
        expect(put).toMatchObject({ size, sha256: sha256(bytes) })
        expect(await storage.stat(key)).toMatchObject({ size, etag: put.etag })
        expect((await buffer(await storage.open(key))).equals(bytes)).toBe(true)
        expect(await collect(storage.listUnfinished())).toEqual([])
        await storage.remove(key)
        await nothingIsLeft()
      })

      it.each([
        ['a small object', 10, /^PUT .*\/f1/],
        ['the beginning of a large one', 6 * MiB, /^POST .*\?uploads/],
        ['a large object', 6 * MiB, /^POST .*uploadId=/],
      ])('again and again says that it is away, and %s is not left behind', async (_name, size, fits) => {
        const proxy = await proxied()
        const behind = make({ ...place, endpoint: proxy.endpoint })
        proxy.lose(fits, 3)
        await expect(behind.put(key, inChunks(randomBytes(size)))).rejects.toMatchObject(AWAY)
        await nothingIsLeft()
      })
    })

    describe('that cannot be reached', () => {
      afterEach(async () => {
        server.thaw()
        await server.restart()
      })

      it('says so, whatever it is asked, and works again once it is back', async () => {
        await storage.put(key, inChunks(randomBytes(100)))
        await server.kill()
        await expect(storage.put(`${key}2`, inChunks(randomBytes(1)))).rejects.toMatchObject(AWAY)
        await expect(storage.open(key)).rejects.toMatchObject(AWAY)
        await expect(storage.stat(key)).rejects.toMatchObject(AWAY)
        await expect(storage.remove(key)).rejects.toMatchObject(AWAY)
        await expect(collect(storage.list('a'))).rejects.toMatchObject(AWAY)
        await expect(collect(storage.listByJob())).rejects.toMatchObject(AWAY)
        await expect(storage.readMark('m')).rejects.toMatchObject(AWAY)
        await expect(storage.writeMark('m', 'x')).rejects.toMatchObject(AWAY)
        await expect(storage.check()).rejects.toMatchObject(AWAY)
        await server.restart()
        await storage.check()
        expect(await storage.stat(key)).toMatchObject({ size: 100 })
        await storage.put(`${key}2`, inChunks(randomBytes(1)))
      })

      it.each([
        ['the first of its parts', 0],
        ['a later part', 1],
      ])('ends an upload whose source has stalled, at %s', async (_name, begun) => {
        const unfinished = () => collect(storage.listUnfinished())
        const source = async function* () {
          yield* inChunks(randomBytes((begun ? 6 : 4) * MiB))
          await expect.poll(unfinished).toHaveLength(begun)
          await server.kill()
          yield randomBytes(6 * MiB)
          await new Promise(() => {})
        }
        await expect(storage.put(key, source())).rejects.toMatchObject(AWAY)
      })

      it('and only takes connections, does not hang whoever asks it', async () => {
        await storage.put(key, inChunks(randomBytes(6 * MiB)))
        const hasty = make(place, { timeouts: { connectMs: 1_000, idleMs: 200 } })
        server.freeze()
        await expect(hasty.put(`${key}2`, inChunks(randomBytes(1)))).rejects.toMatchObject(AWAY)
        await expect(hasty.open(key)).rejects.toMatchObject(AWAY)
        await expect(hasty.stat(key)).rejects.toMatchObject(AWAY)
        await expect(hasty.check()).rejects.toMatchObject(AWAY)
      })

      it('while an object is read, ends the stream with an error of storage', async () => {
        await storage.put(key, inChunks(randomBytes(12 * MiB)))
        const stream = await storage.open(key)
        await expect(
          (async () => {
            for await (const _ of stream) await server.kill()
          })(),
        ).rejects.toMatchObject(AWAY)
      })
    })

    it('that is full says so, and nothing is left', async () => {
      await setSwiftQuota(server, place.bucket, 1_000)
      const full = { name: 'StorageError', code: 'full' }
      await expect(storage.put(key, inChunks(randomBytes(2_000)))).rejects.toMatchObject(full)
      await nothingIsLeft()
    })

    it('without its bucket is away; no object counts as missing for it', async () => {
      const gone = make({ ...place, bucket: 'nobody-made-this' })
      await expect(gone.stat(key)).rejects.toMatchObject(AWAY)
      await expect(gone.open(key)).rejects.toMatchObject(AWAY)
      await expect(gone.readMark('installation')).rejects.toMatchObject(AWAY)
      await expect(gone.check()).rejects.toMatchObject(AWAY)
      await expect(gone.put(key, inChunks(randomBytes(1)))).rejects.toMatchObject(AWAY)
      await expect(collect(gone.listByJob())).rejects.toMatchObject(AWAY)
    })

    it('that refuses our key says so without a word of the secret', async () => {
      const secretAccessKey = 'hunter2hunter2'
      const refused = make({ ...place, credentials: { accessKeyId: 'test:tester', secretAccessKey } })
      const error = await refused.check().catch((thrown: Error) => thrown)
      expect(error).toMatchObject(AWAY)
      expect((error as Error).message).toContain('SignatureDoesNotMatch')
      expect(JSON.stringify([error, { ...(error as object) }, (error as Error).cause ?? null])).not.toMatch(
        /hunter2|Signature=|Credential=/,
      )
    })

    it('keeps to its prefix: two of them in one bucket know nothing of each other', async () => {
      const other = make({ ...place, prefix: 'some/prefix-2/' })
      const whole = make({ ...place, prefix: '' })
      await other.put(key, inChunks(randomBytes(1)))
      await other.writeMark('installation', 'other')
      for (const each of [storage, whole]) {
        expect(await collect(each.listByJob())).toEqual([])
        expect(await each.readMark('installation')).toBeNull()
      }
    })

    it('tells of uploads that were begun and left, and removes them, twice if asked', async () => {
      const { id } = await leaveParts(storage, key)
      const [left, ...more] = await collect(storage.listUnfinished())
      expect(left).toMatchObject({ key, jobId: key.split('/')[0], id })
      expect(Math.abs(Date.now() - left!.startedAt)).toBeLessThan(3_600_000)
      expect(more).toEqual([])
      await storage.abortUnfinished(left!)
      await storage.abortUnfinished(left!)
      await nothingIsLeft()
    })
  })
})
