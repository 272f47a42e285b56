import { PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { S3Place } from '../../src/config.ts'
import { startS3Proxy } from '../support/s3-proxy.ts'
import { makeBucket, type S3Server, s3Storage } from '../support/s3-server.ts'
import { storedKeys } from '../support/stored-keys.ts'
import { findSwift, startSwift } from '../support/swift.ts'
import { collect, inChunks, newJobId } from './contract.ts'
import { listingContract } from './listing-contract.ts'

const swift = await findSwift()

describe.skipIf(!swift)('on OpenStack Swift', () => {
  let server: S3Server
  beforeAll(async () => {
    server = await startSwift(swift!)
  })
  afterAll(() => server.stop())

  listingContract('the S3 storage', async () => {
    const storage = s3Storage(await makeBucket(server))
    return { storage, dispose: () => storage.close() }
  })

  describe('the S3 storage', () => {
    let place: S3Place
    let storage: ReturnType<typeof s3Storage>
    beforeEach(async () => {
      place = await makeBucket(server)
      storage = s3Storage(place)
    })
    afterEach(() => storage.close())

    const putAll = async (keys: readonly string[]) => {
      await Promise.all(keys.map(key => storage.put(key, inChunks(Buffer.from(key)))))
    }

    it('holds nobody’s objects for its own', async () => {
      const jobId = newJobId()
      const key = `${jobId}/f1`
      await putAll([key])
      for (const stray of [
        'objects/README',
        `objects/${jobId}/a/b`,
        `objects/${jobId}/a.b`,
        `objects/${newJobId()}/a.b`,
        'stray',
      ])
        await storage.s3.client.send(
          new PutObjectCommand({ Bucket: place.bucket, Key: place.prefix + stray, Body: 'x' }),
        )
      expect(await storedKeys(storage)).toEqual([key])
      expect((await collect(storage.list(jobId))).map(object => object.key)).toEqual([key])
    })

    it('lists everything with one request for each page, and a job whole where a page ends within it', async () => {
      const jobIds = Array.from({ length: 4 }, newJobId).sort()
      const keys = jobIds.flatMap(id => ['f1', 'f2', 'f3'].map(name => `${id}/${name}`))
      await putAll(keys)
      const proxy = await startS3Proxy(server.endpoint)
      const behind = s3Storage({ ...place, endpoint: proxy.endpoint })
      // Of a thousand, a test would wait long for the second.
      behind.s3.client.middlewareStack.add(
        next => args => next({ ...args, input: { ...args.input, MaxKeys: 5 } }),
        { step: 'initialize' },
      )
      const jobs = await collect(behind.listByJob())
      expect(jobs.map(({ jobId }) => jobId)).toEqual(jobIds)
      expect(jobs.flatMap(({ objects }) => objects.map(({ key }) => key))).toEqual(keys)
      expect(proxy.passed).toHaveLength(3)
      await behind.close()
      await proxy.close()
    })
  })
})
