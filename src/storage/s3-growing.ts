/**
 * Objects that come in several goes, on S3. A go's bytes become parts of one multipart upload; what is left over, too
 * little for a part, is kept as an object beside it, the *tail*:
 *
 *   <path>                  the object, once it is finished
 *   <path>-tail-<start>     the bytes from there on
 *
 * How far it has come is seen from what is there, and nothing else is noted: parts count up to the start of the tail,
 * or all of them without one. So a go counts from the moment at which the tail that it began with is removed, whatever it
 * has uploaded by then; one that dies before has brought nothing, and its parts are replaced by those that follow. A part
 * cannot be removed, nor read back.
 */
import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { InterruptibleSource } from './interruptible.ts'
import { type Bucket, plainEtag } from './s3-bucket.ts'
import { asking, asStorageError, failureName } from './s3-errors.ts'
import { type GrowingObjects, StorageError } from './storage.ts'

interface Part {
  readonly number: number
  readonly etag: string
  /** Bytes. */
  readonly size: number
}

interface Tail {
  readonly path: string
  readonly start: number
  readonly size: number
}

interface State {
  readonly uploadId: string | null
  /** Those that count, in order. */
  readonly parts: readonly Part[]
  /** Bytes in them. */
  readonly partsEnd: number
  readonly tail: Tail | null
  /** Of goes that did not come to count. */
  readonly lateTails: readonly Tail[]
  /** The highest number of a part that is there, whether it counts or not. */
  readonly highest: number
}

export interface GrowingOnS3Options {
  readonly bucket: Bucket
  /** Bytes of each part but the last. */
  readonly partSize: number
  readonly open: (key: string) => Promise<Readable>
}

export function createGrowingOnS3({ bucket, partSize, open }: GrowingOnS3Options): GrowingObjects {
  const { client, name: Bucket } = bucket
  const tailsOf = (path: string) => `${path}-tail-`

  async function listParts(path: string, uploadId: string): Promise<Part[]> {
    const parts: Part[] = []
    try {
      // Not by the SDK's paginator: it asks for ever where a server names a next page behind the last.
      for (let after: string | undefined, more = true; more; ) {
        const query = { Bucket, Key: path, UploadId: uploadId, PartNumberMarker: after }
        const page = await client.send(new ListPartsCommand(query))
        for (const { PartNumber = 0, ETag, Size = 0 } of page.Parts ?? [])
          parts.push({ number: PartNumber, etag: plainEtag(ETag), size: Size })
        after = page.NextPartNumberMarker
        more = page.IsTruncated === true && after !== undefined
      }
    } catch (error) {
      // It was ended meanwhile.
      if (failureName(error) !== 'NoSuchUpload') throw asStorageError(error, 'list the parts of an object')
    }
    return parts.sort((one, other) => one.number - other.number)
  }

  async function listTails(path: string): Promise<Tail[]> {
    const tails: Tail[] = []
    for await (const found of bucket.list(tailsOf(path)))
      tails.push({
        path: found.path,
        start: Number(found.path.slice(tailsOf(path).length)),
        size: found.size,
      })
    return tails.sort((one, other) => one.start - other.start)
  }

  /** Where a lost reply has begun two uploads, the one that has parts. */
  async function findUpload(path: string): Promise<{ id: string | null; parts: Part[] }> {
    let best: { id: string | null; parts: Part[] } = { id: null, parts: [] }
    for await (const upload of bucket.listParts(path)) {
      if (upload.path !== path) continue
      const parts = await listParts(path, upload.id)
      if (best.id === null || parts.length > best.parts.length) best = { id: upload.id, parts }
    }
    return best
  }

  async function look(path: string): Promise<State> {
    const [{ id, parts }, [tail = null, ...lateTails]] = await Promise.all([
      findUpload(path),
      listTails(path),
    ])
    const counted: Part[] = []
    let partsEnd = 0
    for (const part of parts) {
      if (part.number !== counted.length + 1 || (tail && partsEnd >= tail.start)) break
      counted.push(part)
      partsEnd += part.size
    }
    if (tail && partsEnd !== tail.start)
      throw new StorageError('unavailable', 'The storage has lost parts of an object that is still to come.')
    return { uploadId: id, parts: counted, partsEnd, tail, lateTails, highest: parts.at(-1)?.number ?? 0 }
  }

  const begin = async (path: string): Promise<string> => {
    const command = new CreateMultipartUploadCommand({ Bucket, Key: path })
    const { UploadId } = await asking('begin an object in parts', () => client.send(command))
    return UploadId!
  }

  async function uploadPart(path: string, uploadId: string, number: number, bytes: Buffer): Promise<Part> {
    const command = new UploadPartCommand({
      Bucket,
      Key: path,
      UploadId: uploadId,
      PartNumber: number,
      Body: bytes,
    })
    const { ETag } = await asking('write a part of an object', () => client.send(command))
    return { number, etag: plainEtag(ETag), size: bytes.length }
  }

  const write = (path: string, bytes: Buffer) =>
    asking('write an object', () => client.send(new PutObjectCommand({ Bucket, Key: path, Body: bytes })))

  async function read(path: string | undefined): Promise<Buffer> {
    if (path === undefined) return Buffer.alloc(0)
    return (await open(path.slice(bucket.objects.length))).toArray().then(chunks => Buffer.concat(chunks))
  }

  async function removeTails(tails: readonly Tail[]): Promise<void> {
    for (const tail of tails) await bucket.remove(tail.path)
  }

  return {
    async length(key) {
      const path = bucket.objectPath(key)
      const whole = await bucket.find(path)
      if (whole) return whole.size
      const { partsEnd, tail } = await look(path)
      return partsEnd + (tail?.size ?? 0)
    },

    async append(key, at, chunks, { signal, verify } = {}) {
      const source = new InterruptibleSource(chunks)
      const abort = () => source.interrupt(signal?.reason)
      signal?.addEventListener('abort', abort)
      try {
        if (signal?.aborted) throw signal.reason
        const path = bucket.objectPath(key)
        const before = await look(path)
        await removeTails(before.lateTails)
        const began = before.tail?.start ?? before.partsEnd
        const held = new Held(await read(before.tail?.path))
        if (began + held.length !== at)
          throw new Error(`${path} has ${began + held.length} bytes; ${at} were expected.`)
        // From here on nothing counts until this is removed.
        if (verify && !before.tail) await write(tailsOf(path) + began, Buffer.alloc(0))

        let { uploadId } = before
        let number = before.parts.length
        let end = began
        let ended: { error: unknown } | null = null
        try {
          for (let chunk = await source.next(); !chunk.done; chunk = await source.next()) {
            held.add(chunk.value)
            while (held.length >= partSize) {
              uploadId ??= await begin(path)
              await uploadPart(path, uploadId, ++number, held.take(partSize))
              end += partSize
            }
          }
          verify?.()
        } catch (error) {
          if (verify || error instanceof StorageError) throw error
          ended = { error }
        }

        const length = end + held.length
        const stale = before.highest > number
        if (held.length > 0 || stale || end === began)
          await write(tailsOf(path) + end, held.take(held.length))
        if (end !== began && (before.tail || verify)) await bucket.remove(tailsOf(path) + began)
        if (ended) throw ended.error
        return length
      } catch (error) {
        source.abandon()
        throw error
      } finally {
        signal?.removeEventListener('abort', abort)
      }
    },

    async cut(key, length) {
      const path = bucket.objectPath(key)
      const { parts, tail, lateTails } = await look(path)
      await removeTails(lateTails)
      if (tail && tail.start <= length) {
        await write(tail.path, (await read(tail.path)).subarray(0, length - tail.start))
        return length
      }
      if (tail) await removeTails([tail])
      // What is within a part can't be had back: it all comes again.
      let kept = 0
      for (const part of parts) if (kept < length) kept += part.size
      if (kept !== length) kept = 0
      await write(tailsOf(path) + kept, Buffer.alloc(0))
      return kept
    },

    async finish(key) {
      const path = bucket.objectPath(key)
      if (!(await bucket.find(path))) {
        const { uploadId, parts, tail } = await look(path)
        const rest = await read(tail?.path)
        if (uploadId === null || parts.length === 0) await write(path, rest)
        else {
          const last = rest.length > 0 ? [await uploadPart(path, uploadId, parts.length + 1, rest)] : []
          await join(path, uploadId, [...parts, ...last])
        }
      }
      for await (const { path: id } of bucket.list(tailsOf(path))) await bucket.remove(id)
      for await (const upload of bucket.listParts(path))
        if (upload.path === path) await bucket.abortParts(path, upload.id)

      const hash = createHash('sha256')
      for await (const chunk of await open(key)) hash.update(chunk as Buffer)
      const found = await bucket.find(path)
      if (!found) throw new StorageError('not-found', `There is no object ${key}.`)
      return { key, size: found.size, sha256: hash.digest('hex'), etag: found.etag }
    },

    async discard(key) {
      const path = bucket.objectPath(key)
      for await (const upload of bucket.listParts(path))
        if (upload.path === path) await bucket.abortParts(path, upload.id)
      await removeTails(await listTails(path))
      await bucket.remove(path)
    },
  }

  async function join(path: string, uploadId: string, parts: readonly Part[]): Promise<void> {
    const command = new CompleteMultipartUploadCommand({
      Bucket,
      Key: path,
      UploadId: uploadId,
      MultipartUpload: { Parts: parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag })) },
    })
    try {
      await client.send(command)
    } catch (error) {
      // It was joined before, and the reply was lost.
      if (failureName(error) === 'NoSuchUpload' && (await bucket.find(path))) return
      throw asStorageError(error, 'join the parts of an object')
    }
  }
}

/** Bytes that wait until they are enough for a part. */
class Held {
  #chunks: Uint8Array[] = []
  length = 0

  constructor(first: Uint8Array) {
    this.add(first)
  }

  add(chunk: Uint8Array): void {
    this.#chunks.push(chunk)
    this.length += chunk.byteLength
  }

  /** Its first bytes, which it has no more. */
  take(size: number): Buffer {
    const all = Buffer.concat(this.#chunks)
    this.#chunks = [all.subarray(size)]
    this.length -= size
    return all.subarray(0, size)
  }
}
