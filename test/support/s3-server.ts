/** What the tests of S3 ask of a server, whichever it is. */
import { CreateBucketCommand, CreateMultipartUploadCommand, UploadPartCommand } from '@aws-sdk/client-s3'
import type { S3Place } from '../../src/config.ts'
import type { OnS3 } from '../../src/storage/on-s3.ts'
import { createS3Storage, type S3StorageOptions } from '../../src/storage/s3.ts'

export interface S3Server {
  readonly endpoint: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** Ends it and removes its data. */
  stop(): Promise<void>
}

/** One that can be made to fail. */
export interface MortalS3Server extends S3Server {
  /** SIGKILL; resolves once it is gone. */
  kill(): Promise<void>
  /** SIGSTOP: it takes connections, and answers nothing. */
  freeze(): void
  thaw(): void
  /** Starts it again, on the same port and data. Resolves once it answers. */
  restart(): Promise<void>
}

let buckets = 0

/** A bucket of its own for each test, and what names it. */
export async function makeBucket(server: S3Server, prefix = 'some/prefix/'): Promise<S3Place> {
  const bucket = `sluice-test-${++buckets}`
  const place: S3Place = {
    kind: 's3',
    bucket,
    prefix,
    endpoint: server.endpoint,
    region: null,
    // As settings are.
    credentials: Object.freeze({ ...server.credentials }),
  }
  const storage = s3Storage(place)
  await storage.s3.client.send(new CreateBucketCommand({ Bucket: bucket }))
  await storage.close()
  return place
}

export function s3Storage(place: S3Place, options: Partial<S3StorageOptions> = {}) {
  return createS3Storage({ place, largestObject: 5 * 2 ** 30, ...options })
}

/** What a process that was killed in the middle of a large upload leaves behind. */
export async function leaveParts({ s3 }: OnS3, key: string): Promise<{ id: string }> {
  const target = { Bucket: s3.place.bucket, Key: s3.objectPath(key) }
  const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand(target))
  const Body = Buffer.alloc(5 * 1024 * 1024)
  await s3.client.send(new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body }))
  return { id: UploadId! }
}

/** The settings that name the bucket, for a process of ours. */
export function s3Environment(place: S3Place): Record<string, string> {
  return {
    SLUICE_STORAGE: `s3://${place.bucket}/${place.prefix}`,
    SLUICE_S3_ENDPOINT: place.endpoint!,
    AWS_ACCESS_KEY_ID: place.credentials!.accessKeyId,
    AWS_SECRET_ACCESS_KEY: place.credentials!.secretAccessKey,
  }
}
