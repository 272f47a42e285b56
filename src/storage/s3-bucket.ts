/**
 * The bucket, or the part of one under a prefix, that a storage lives in, and the plain requests to it:
 *
 *   <prefix>objects/<job id>/<name>   an object
 *   <prefix>marks/<name>              a mark
 *   <prefix>probes/<name>             what is written to find out whether, and how, the store works
 */
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { S3Place } from '../config.ts'
import { asking, asStorageError, failureName, httpStatus } from './s3-errors.ts'
import { StorageError } from './storage.ts'
import { requireKey, requirePart } from './storage-key.ts'

/** Objects that one request may remove. */
const MOST_REMOVED = 1_000

export interface FoundObject {
  /** Bytes. */
  readonly size: number
  readonly etag: string
  readonly metadata: Readonly<Record<string, string>>
}

/** A part of a request that each of them may have. */
interface Sending {
  readonly abortSignal?: AbortSignal
}

export type Bucket = ReturnType<typeof createBucket>

/** Paths are whole keys of S3; whatever fails rejects with a StorageError. */
export function createBucket(place: S3Place, client: S3Client) {
  const Bucket = place.bucket
  const objects = `${place.prefix}objects/`

  const find = async (path: string, sending?: Sending): Promise<FoundObject | null> => {
    try {
      const head = await client.send(new HeadObjectCommand({ Bucket, Key: path }), sending)
      return { size: head.ContentLength ?? 0, etag: plainEtag(head.ETag), metadata: head.Metadata ?? {} }
    } catch (error) {
      if (isMissing(error)) return null
      throw asStorageError(error, 'look at an object')
    }
  }

  return {
    name: Bucket,
    client,
    objects,

    /** @throws TypeError for what is no key. */
    objectPath(key: string): string {
      requireKey(key)
      return objects + key
    },
    /** @throws TypeError for what is no job id. */
    jobPath(jobId: string): string {
      requirePart(jobId, 'job id')
      return `${objects}${jobId}/`
    },
    /** @throws TypeError for what is no name of a mark. */
    markPath(name: string): string {
      requirePart(name, 'name of a mark')
      return `${place.prefix}marks/${name}`
    },
    probePath: (name: string) => `${place.prefix}probes/${name}`,

    find,

    /** The answer to HEAD does not say what it is that is not there: the object, or the bucket and all in it. */
    async requireBucket(): Promise<void> {
      await asking(`find the bucket ${Bucket}`, () => client.send(new HeadBucketCommand({ Bucket })))
    },

    async write(path: string, text: string, sending?: Sending): Promise<void> {
      const command = new PutObjectCommand({ Bucket, Key: path, Body: Buffer.from(text) })
      await asking('write a small object', () => client.send(command, sending))
    },

    /** False where it is there already, and the server heeds the condition; true where it was written. */
    async writeIfAbsent(path: string, text: string): Promise<boolean> {
      const command = new PutObjectCommand({ Bucket, Key: path, Body: Buffer.from(text), IfNoneMatch: '*' })
      try {
        await client.send(command)
        return true
      } catch (error) {
        if (httpStatus(error) === 412) return false
        // A server that knows the condition and refuses to hear of it.
        if (httpStatus(error) === 501) return true
        throw asStorageError(error, 'write a small object')
      }
    },

    /** Null where it is not there. */
    async read(path: string, sending?: Sending): Promise<string | null> {
      try {
        const answer = await client.send(new GetObjectCommand({ Bucket, Key: path }), sending)
        return (await answer.Body?.transformToString()) ?? ''
      } catch (error) {
        const translated = asStorageError(error, 'read a small object')
        if (translated.code === 'not-found') return null
        throw translated
      }
    },

    /** No error where there is none. */
    async remove(path: string, sending?: Sending): Promise<void> {
      try {
        await client.send(new DeleteObjectCommand({ Bucket, Key: path }), sending)
      } catch (error) {
        // AWS says nothing of it, others do.
        if (failureName(error) === 'NoSuchKey') return
        throw asStorageError(error, 'remove an object')
      }
    },

    /** Many with one request for each thousand, which is what S3 takes; no error where there is none. */
    async removeAll(paths: readonly string[]): Promise<void> {
      const failed = []
      for (let from = 0; from < paths.length; from += MOST_REMOVED) {
        const Objects = paths.slice(from, from + MOST_REMOVED).map(Key => ({ Key }))
        // S3 wants a checksum of this request; this one all servers know.
        const command = new DeleteObjectsCommand({
          Bucket,
          Delete: { Objects, Quiet: true },
          ChecksumAlgorithm: 'MD5',
        })
        const { Errors = [] } = await asking('remove objects', () => client.send(command))
        failed.push(...Errors.filter(({ Code }) => Code !== 'NoSuchKey'))
      }
      const [first] = failed
      if (!first) return
      const sentence = `${first.Code}, ${first.Message} (${failed.length} of ${paths.length})`
      throw new StorageError('unavailable', `The storage could not remove objects: ${sentence}.`)
    },

    /** Every object under a prefix, in the order of their paths. */
    async *list(prefix: string): AsyncGenerator<{ path: string; size: number; etag: string }> {
      for await (const page of pages(prefix)) {
        for (const { Key = '', Size = 0, ETag } of page.Contents ?? [])
          yield { path: Key, size: Size, etag: plainEtag(ETag) }
      }
    },

    /** Every upload in parts under a prefix that was begun, and neither completed nor aborted. */
    async *listParts(
      prefix: string,
      sending?: Sending,
    ): AsyncGenerator<{ path: string; id: string; startedAt: number }> {
      let from: { KeyMarker?: string; UploadIdMarker?: string } = {}
      for (;;) {
        const page = await asking('list unfinished uploads', () =>
          client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: prefix, ...from }), sending),
        )
        for (const { Key = '', UploadId = '', Initiated } of page.Uploads ?? [])
          yield { path: Key, id: UploadId, startedAt: Initiated?.getTime() ?? 0 }
        if (!page.IsTruncated || page.NextKeyMarker === undefined) return
        from = {
          KeyMarker: page.NextKeyMarker,
          ...(page.NextUploadIdMarker !== undefined && { UploadIdMarker: page.NextUploadIdMarker }),
        }
      }
    },

    /** No error where it is no more. */
    async abortParts(path: string, id: string, sending?: Sending): Promise<void> {
      try {
        await client.send(new AbortMultipartUploadCommand({ Bucket, Key: path, UploadId: id }), sending)
      } catch (error) {
        if (failureName(error) === 'NoSuchUpload') return
        throw asStorageError(error, 'remove the parts of an unfinished upload')
      }
    },
  }

  async function* pages(prefix: string) {
    try {
      yield* paginateListObjectsV2({ client }, { Bucket, Prefix: prefix })
    } catch (error) {
      throw asStorageError(error, 'list objects')
    }
  }
}

/** Without the quotes that HTTP puts around it, and that not every listing has. */
export function plainEtag(etag: string | undefined): string {
  if (!etag) throw new StorageError('unavailable', 'The storage gave no ETag for an object.')
  return etag.replace(/^"|"$/g, '')
}

function isMissing(error: unknown): boolean {
  return httpStatus(error) === 404
}
