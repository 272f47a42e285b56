/**
 * Uploads that go straight to S3: the client gets URLs that are signed for one object, and what it puts there counts once
 * it was looked at.
 *
 * A URL stays good for a while, and with it the way to write over what was checked. So one object is copied to the place
 * where it stays, and the copy is what is checked; the parts of a large one are joined by us, and no URL leads to what
 * comes of that.
 */
import { createHash } from 'node:crypto'
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { OnS3 } from './on-s3.ts'
import { asking, failureName } from './s3-errors.ts'
import type { PutResult, Storage } from './storage.ts'

/** Bytes that S3 takes, and copies, in one request. */
const LARGEST_PUT = 5 * 2 ** 30
/** Bytes of a part: few URLs, and not much to send again. */
const PART = 512 * 2 ** 20

export interface SignedPart {
  /** Counts from 1. */
  readonly number: number
  readonly url: string
  /** Its bytes in the file, both inclusive, as in HTTP. */
  readonly from: number
  readonly to: number
}

export type Signed =
  | { readonly url: string }
  | { readonly parts: readonly SignedPart[]; readonly uploadId: string }

export interface PartSent {
  readonly number: number
  readonly etag: string
}

/** Null: the client has not put what it said, or not all of it. */
export type Taken = PutResult | null

export type DirectUploads = ReturnType<typeof createDirectUploads>

export function createDirectUploads(
  storage: Storage & OnS3,
  { largestPut = LARGEST_PUT, partSize = PART }: { largestPut?: number; partSize?: number } = {},
) {
  const { client, place, objectPath } = storage.s3
  const Bucket = place.bucket

  return {
    /** @param lives milliseconds for which the URLs are good. @throws StorageError */
    async sign(key: string, size: number, lives: number): Promise<Signed> {
      const Key = objectPath(key)
      const expiresIn = Math.floor(lives / 1_000)
      // Its types want a command of every service.
      const sign = (command: object) => getSignedUrl(client, command as never, { expiresIn })
      if (size <= largestPut) return { url: await sign(new PutObjectCommand({ Bucket, Key })) }

      const begin = new CreateMultipartUploadCommand({ Bucket, Key })
      const { UploadId } = await asking('begin an object in parts', () => client.send(begin))
      const parts: SignedPart[] = []
      for (let from = 0; from < size; from += partSize) {
        const number = parts.length + 1
        const url = await sign(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: number }))
        parts.push({ number, url, from, to: Math.min(from + partSize, size) - 1 })
      }
      return { parts, uploadId: UploadId! }
    },

    /**
     * Takes what the client put under `key` for an object at `to`, and reads it.
     *
     * @param joined where it came in parts: S3's name for them, and what the client was answered for each.
     * @throws StorageError; nothing is at `to` then.
     */
    async take(
      key: string,
      to: string,
      size: number,
      joined: { uploadId: string; parts: readonly PartSent[] } | null,
    ): Promise<Taken> {
      if (joined && !(await join(objectPath(key), joined.uploadId, joined.parts))) return null
      const put = await storage.stat(key)
      if (put?.size !== size) return null
      if (!joined) {
        const source = `${Bucket}/${objectPath(key)}`.split('/').map(encodeURIComponent).join('/')
        const copy = new CopyObjectCommand({ Bucket, Key: objectPath(to), CopySource: source })
        await asking('copy an object', () => client.send(copy))
      }
      const place = joined ? key : to
      const hash = createHash('sha256')
      for await (const chunk of await storage.open(place)) hash.update(chunk as Buffer)
      const found = await storage.stat(place)
      return found && { ...found, sha256: hash.digest('hex') }
    },
  }

  /** False where the parts are none, or not those that were sent. */
  async function join(Key: string, UploadId: string, parts: readonly PartSent[]): Promise<boolean> {
    const Parts = parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag }))
    const command = new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } })
    return asking('join the parts of an object', async () => {
      try {
        await client.send(command)
        return true
      } catch (error) {
        // They were joined before, and nobody heard of it; or the client names parts that are none.
        if (
          ['NoSuchUpload', 'InvalidPart', 'InvalidPartOrder', 'EntityTooSmall', 'MalformedXML'].includes(
            failureName(error),
          )
        )
          return failureName(error) === 'NoSuchUpload'
        throw error
      }
    })
  }
}
