/**
 * One object on its way into an S3: streamed, hashed and counted, in one request where it is small and in parts where
 * it is not; and removed again, parts and all, where that fails.
 *
 * Each write carries a token of its own as metadata. A reply that was lost is asked for again by the SDK, and the
 * server then refuses what is there already: the token tells whether that is ours.
 */
import { createHash, randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import {
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandOutput,
  PutObjectCommand,
  type S3Client,
  type ServiceOutputTypes,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import type { InterruptibleSource } from './interruptible.ts'
import { type Bucket, plainEtag } from './s3-bucket.ts'
import { asStorageError, failureName, httpStatus } from './s3-errors.ts'

/** Parts of one object on their way at once. With the one that is being filled they are what an upload holds. */
const PARTS_AT_ONCE = 3
const TOKEN = 'sluice-put'
/** Milliseconds that tidying up may take: what is left then is the janitor's. */
const DISCARD_MS = 20_000

export interface Written {
  /** Bytes. */
  readonly size: number
  readonly sha256: string
  readonly etag: string
}

export interface NewS3Object {
  /** @throws StorageError; the source's own error; Error where there is an object already. */
  write(source: InterruptibleSource): Promise<Written>
  /** Removes whatever of it may be there. Never rejects: the janitor finds what is left. */
  discard(): Promise<void>
}

export interface NewS3ObjectOptions {
  readonly bucket: Bucket
  readonly path: string
  /** Bytes. */
  readonly partSize: number
  /** Whether the server itself refuses to write over an object. */
  readonly conditional: boolean
}

export function newS3Object(options: NewS3ObjectOptions): NewS3Object {
  const { bucket, path, partSize, conditional } = options
  const { client } = bucket
  const token = randomUUID()
  let began: 'nothing' | 'whole' | 'parts' = 'nothing'
  let failure: { readonly error: unknown } | null = null

  /** What it fails of first is what is told: all that follows is only a consequence. */
  const fail = (error: unknown): unknown => {
    failure ??= { error }
    return failure.error
  }

  async function requireAbsent(): Promise<void> {
    if (await bucket.find(path)) throw alreadyThere()
  }

  const alreadyThere = () => new Error(`There is an object at ${path} already; objects are written once.`)

  async function begin(command: object): Promise<void> {
    if (began !== 'nothing') return
    const inParts = command instanceof CreateMultipartUploadCommand
    if (!inParts && !(command instanceof PutObjectCommand)) return
    // Before a large one in any case: better refused now than after its last part.
    if (inParts || !conditional) await requireAbsent()
    began = inParts ? 'parts' : 'whole'
  }

  return {
    async write(source) {
      const hash = createHash('sha256')
      let size = 0
      async function* counted() {
        try {
          for (let read = await source.next(); !read.done; read = await source.next()) {
            hash.update(read.value)
            size += read.value.byteLength
            yield read.value
          }
        } catch (error) {
          throw fail(error)
        }
      }
      // The SDK would hear of a failed request only when the source gives its next chunk, which may be never.
      const send = async (command: Parameters<S3Client['send']>[0]): Promise<ServiceOutputTypes> => {
        try {
          await begin(command)
        } catch (error) {
          source.interrupt(fail(error))
          throw error
        }
        try {
          const answer = await client.send(command)
          if (command instanceof CreateMultipartUploadCommand) await keepOne(answer)
          return answer
        } catch (error) {
          const ours = isRefusedAsThere(error) ? await oursOrAlreadyThere() : null
          if (ours) return ours
          const translated = asStorageError(error, 'write an object')
          source.interrupt(fail(translated))
          throw translated
        }
      }
      const upload = new Upload({
        client: { config: client.config, send } as unknown as S3Client,
        params: {
          Bucket: bucket.name,
          Key: path,
          Body: Readable.from(counted(), { objectMode: false }),
          Metadata: { [TOKEN]: token },
          ...(conditional && { IfNoneMatch: '*' }),
        },
        partSize,
        queueSize: PARTS_AT_ONCE,
      })
      try {
        const answer = await upload.done()
        // Ceph names none when it has joined parts.
        const { ETag } = answer.ETag ? answer : ((await oursOrAlreadyThere()) ?? {})
        return { size, sha256: hash.digest('hex'), etag: plainEtag(ETag) }
      } catch (error) {
        throw fail(error)
      }
    },

    async discard() {
      if (began === 'nothing') return
      const sending = { abortSignal: AbortSignal.timeout(DISCARD_MS) }
      try {
        // The SDK has aborted its upload; one whose beginning it was not told of, or could not abort, is still there.
        if (began === 'parts') {
          for await (const parts of bucket.listParts(path, sending)) {
            if (parts.path === path) await bucket.abortParts(path, parts.id, sending)
          }
        }
        const found = await bucket.find(path, sending)
        if (found?.metadata[TOKEN] === token) await bucket.remove(path, sending)
      } catch {
        // The storage is away. Nobody claims what is left, and why the write failed is told already.
      }
    },
  }

  /** Where the beginning was asked for twice, a lost reply may have begun one that nobody knows of. */
  async function keepOne({ UploadId, $metadata }: CreateMultipartUploadCommandOutput): Promise<void> {
    if (($metadata.attempts ?? 1) === 1) return
    for await (const parts of bucket.listParts(path)) {
      if (parts.path === path && parts.id !== UploadId) await bucket.abortParts(path, parts.id)
    }
  }

  /** @throws Error where it is somebody else's. */
  async function oursOrAlreadyThere(): Promise<{ ETag: string; $metadata: object } | null> {
    const found = await bucket.find(path)
    if (found === null) return null
    if (found.metadata[TOKEN] !== token) throw fail(alreadyThere())
    return { ETag: found.etag, $metadata: {} }
  }
}

/** The condition does not hold (any more); or parts that were joined already, by a request whose reply was lost. */
function isRefusedAsThere(error: unknown): boolean {
  return (
    httpStatus(error) === 412 || ['ConditionalRequestConflict', 'NoSuchUpload'].includes(failureName(error))
  )
}
