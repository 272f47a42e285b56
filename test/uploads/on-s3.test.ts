/** Resumable uploads where the storage is an S3. */
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keys } from '../../src/jobs/keys.ts'
import { isRefused } from '../../src/jobs/transitions.ts'
import { createJanitor } from '../../src/workers/janitor.ts'
import { silent, startApi, type TestApi } from '../support/api.ts'
import { resumable } from '../support/resumable.ts'
import { makeBucket, type S3Server } from '../support/s3-server.ts'
import { storedKeys } from '../support/stored-keys.ts'
import { findSwift, startSwift } from '../support/swift.ts'
import { createTus } from '../support/tus.ts'

const MiB = 2 ** 20
const BYTES = randomBytes(12 * MiB + 5)
const SHA256 = createHash('sha256').update(BYTES).digest('hex')
const swift = await findSwift()

describe.skipIf(!swift)('a resumable upload to an S3', () => {
  let server: S3Server
  let one: TestApi
  let another: TestApi

  beforeAll(async () => {
    server = await startSwift(swift!)
    const storage = await makeBucket(server)
    one = await startApi({ config: { storage } })
    another = await startApi({ config: { storage }, redis: one.redis })
  })
  afterAll(async () => {
    await another?.stop()
    await one?.stop()
    await server?.stop()
  })

  const stored = () => storedKeys(one.services.storage)
  const janitor = () =>
    createJanitor({ ...one.services, log: silent, retention: 3_600_000, draftTtl: 3_600_000 })
  const remove = async (id: string) => {
    const removed = await one.services.transitions.delete({ id, token: randomUUID() })
    expect(isRefused(removed)).toBe(false)
    await janitor().sweep()
    expect(await stored()).toEqual([])
  }

  test('is resumed on another API process, and becomes a file', async () => {
    const metadata = { filename: 'big.bin', pipeline: 'inspect' }
    const client = resumable(one.url, BYTES, { metadata, chunkSize: 3 * MiB })
    const path = await client.made
    await client.acknowledged(6 * MiB)
    await client.abort()
    // Unfinished it is the upload's, tail and parts.
    expect(await janitor().sweep()).toMatchObject({ objects: 0, unfinished: 0, uploads: 0 })
    await resumable(another.url, BYTES, {}, path).done
    const id = path.split('/').at(-1)!.split('_')[0]!
    const job = await (await fetch(`${one.url}/api/jobs/${id}`)).json()
    expect(job).toMatchObject({ status: 'draft', files: [{ size: BYTES.length, sha256: SHA256 }] })
    expect(await stored()).toHaveLength(1)
    await remove(id)
  })

  test('whose bytes are not as promised keeps none of them', async () => {
    const tus = createTus(one.url)
    const { location, jobId } = await tus.begin(6, { filename: 'a.log' })
    await tus.patch(location, 0, 'abc')
    const wrong = await tus.patch(location, 3, 'dEf', {
      'upload-checksum': `sha256 ${createHash('sha256').update('def').digest('base64')}`,
    })
    expect(wrong.status).toBe(460)
    expect((await tus.head(location)).headers.get('upload-offset')).toBe('3')
    expect((await tus.patch(location, 3, 'def')).status).toBe(204)
    await remove(jobId)
  })

  test('that was given up, or has expired, leaves nothing', async () => {
    const tus = createTus(one.url)
    const given = await tus.begin(BYTES.length, { filename: 'a.bin' })
    await tus.patch(given.location, 0, BYTES.subarray(0, 6 * MiB))
    expect((await tus.end(given.location)).status).toBe(204)
    expect(await stored()).toEqual([])

    const expired = await tus.begin(BYTES.length, { filename: 'a.bin' })
    await tus.patch(expired.location, 0, BYTES.subarray(0, 6 * MiB))
    await one.client.zadd(keys.uploads, 1, `${expired.jobId}_f1`)
    expect(await janitor().sweep()).toMatchObject({ uploads: 1 })
    expect(await stored()).toEqual([])
  })
})
