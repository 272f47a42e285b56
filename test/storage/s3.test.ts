import { afterAll, beforeAll, describe } from 'vitest'
import { makeBucket, type S3Server, s3Storage } from '../support/s3-server.ts'
import { findSwift, startSwift } from '../support/swift.ts'
import { storageContract } from './contract.ts'

const swift = await findSwift()

describe.skipIf(!swift)('on OpenStack Swift', () => {
  let server: S3Server
  beforeAll(async () => {
    server = await startSwift(swift!)
  })
  afterAll(() => server.stop())

  storageContract('the S3 storage', async () => {
    const storage = s3Storage(await makeBucket(server))
    return { storage, dispose: () => storage.close() }
  })
})
