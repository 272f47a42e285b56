/**
 * The power to speak with S3 itself, for what only S3 can do. Apart from the driver, so that asking for it loads no SDK
 * where storage is a disk.
 */
import type { S3Client } from '@aws-sdk/client-s3'
import type { S3Place } from '../config.ts'
import type { Storage } from './storage.ts'

export interface OnS3 {
  readonly s3: S3Access
}

export interface S3Access {
  readonly place: S3Place
  /** Connected; closed with the storage. */
  readonly client: S3Client
  /** The whole key of an object in the bucket. @throws TypeError for what is no key. */
  objectPath(key: string): string
}

export function isOnS3(storage: Storage): storage is Storage & OnS3 {
  return 's3' in storage
}
