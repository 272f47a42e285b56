/** The S3 driver on Ceph's radosgw: the contract once more, and what OpenStack Swift cannot show. */
import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { S3Place } from '../../src/config.ts'
import { createBucket } from '../../src/storage/s3-bucket.ts'
import { createConditionalWrites } from '../../src/storage/s3-conditional.ts'
import { findCeph, startCeph } from '../support/ceph.ts'
import { type S3Proxy, startS3Proxy } from '../support/s3-proxy.ts'
import { leaveParts, makeBucket, type S3Server, s3Storage } from '../support/s3-server.ts'
import { collect, inChunks, newJobId, sha256, storageContract } from './contract.ts'
import { listingContract } from './listing-contract.ts'

const MiB = 1024 * 1024
const ceph = await findCeph()

describe.skipIf(!ceph)("on Ceph's radosgw", () => {
  let server: S3Server
  beforeAll(async () => {
    server = await startCeph(ceph!)
  })
  afterAll(() => server?.stop())

  storageContract('the S3 storage', async () => {
    const storage = s3Storage(await makeBucket(server))
    return { storage, dispose: () => storage.close() }
  })
  listingContract('the S3 storage', async () => {
    const storage = s3Storage(await makeBucket(server))
    return { storage, dispose: () => storage.close() }
  })

  describe('the S3 storage', () => {
    let place: S3Place
    let proxy: S3Proxy
    /** Two processes that know nothing of each other; the second one's requests are seen. */
    let one: ReturnType<typeof s3Storage>
    let other: ReturnType<typeof s3Storage>
    let key: string

    beforeEach(async () => {
      place = await makeBucket(server)
      proxy = await startS3Proxy(server.endpoint)
      one = s3Storage(place)
      other = s3Storage({ ...place, endpoint: proxy.endpoint })
      key = `${newJobId()}/f1`
    })
    afterEach(async () => {
      await one.close()
      await other.close()
      await proxy.close()
    })

    it('finds out that the server refuses to write over an object', async () => {
      expect(await createConditionalWrites(createBucket(place, one.s3.client))()).toBe(true)
    })

    it('of two processes that put one key at once, one wins whole', async () => {
      await Promise.all([one, other].map(each => each.put(`${newJobId()}/f1`, inChunks(randomBytes(1)))))
      for (let round = 0; round < 20; round++) {
        const contested = `${newJobId()}/f1`
        const contents = [randomBytes(1_000), randomBytes(1_000)]
        const puts = await Promise.allSettled(
          [one, other].map((each, index) => each.put(contested, inChunks(contents[index]!))),
        )
        expect(puts.map(put => put.status).sort()).toEqual(['fulfilled', 'rejected'])
        const winner = contents[puts.findIndex(put => put.status === 'fulfilled')]!
        expect((await buffer(await one.open(contested))).equals(winner)).toBe(true)
      }
    })

    it('asks nothing before it puts a small object: the server refuses what is there', async () => {
      await other.put(`${newJobId()}/f1`, inChunks(randomBytes(1)))
      const before = proxy.passed.length
      await other.put(key, inChunks(randomBytes(1)))
      expect(proxy.passed.slice(before).map(line => line.split(' ')[0])).toEqual(['PUT'])
      await expect(one.put(key, inChunks(randomBytes(1)))).rejects.toThrow(/already/)
    })

    it.each([
      ['a small object', 10, /^PUT .*\/f1/],
      ['a large object', 6 * MiB, /^POST .*uploadId=/],
    ])(
      'knows its own write when the reply was lost and the repetition is refused: %s',
      async (_name, size, fits) => {
        const bytes = randomBytes(size)
        proxy.lose(fits)
        const put = await other.put(key, inChunks(bytes))
        expect(put).toMatchObject({ size, sha256: sha256(bytes) })
        expect(await one.stat(key)).toMatchObject({ size, etag: put.etag })
        expect((await buffer(await one.open(key))).equals(bytes)).toBe(true)
        expect(await collect(one.listUnfinished())).toEqual([])
      },
    )

    it('takes what is larger than a part under one etag, and gives any range of it', async () => {
      const bytes = randomBytes(13 * MiB + 7)
      const { sha256: hash, ...object } = await one.put(key, inChunks(bytes))
      expect(hash).toBe(sha256(bytes))
      expect(await one.stat(key)).toEqual(object)
      expect(await collect(one.list(key.split('/')[0]!))).toEqual([object])
      const [start, end] = [5 * MiB - 10, 10 * MiB + 10]
      const across = await buffer(await one.open(key, { start, end }))
      expect(across.equals(bytes.subarray(start, end + 1))).toBe(true)
    })

    it('leaves no part of a large object whose source fails', async () => {
      const failure = new Error('the client went away')
      const source = async function* () {
        yield* inChunks(randomBytes(12 * MiB))
        throw failure
      }
      await expect(one.put(key, source())).rejects.toBe(failure)
      expect(await collect(one.listByJob())).toEqual([])
      expect(await collect(one.listUnfinished())).toEqual([])
    })

    it('tells of uploads that were begun and left, and removes them, twice if asked', async () => {
      const { id } = await leaveParts(one, key)
      const [left] = await collect(one.listUnfinished())
      expect(left).toMatchObject({ key, id })
      await one.abortUnfinished(left!)
      await one.abortUnfinished(left!)
      expect(await collect(one.listUnfinished())).toEqual([])
    })

    it('removes 1,100 objects with two requests', async () => {
      const [jobId] = key.split('/')
      const keys = Array.from({ length: 1_100 }, (_, index) => `${jobId}/f${index}`)
      await Promise.all(keys.map(each => one.put(each, inChunks(randomBytes(1)))))
      expect(await collect(one.list(jobId!))).toHaveLength(1_100)
      expect((await collect(one.listByJob())).map(({ objects }) => objects.length)).toEqual([1_100])
      await other.removeAll(keys)
      expect(proxy.passed).toHaveLength(2)
      expect(await collect(one.listByJob())).toEqual([])
    })
  })
})
