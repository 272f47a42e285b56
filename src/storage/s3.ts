/**
 * Objects in a bucket of an S3: AWS's, or a server that speaks its protocol; see s3-bucket.ts for what lies where.
 *
 * What S3 acknowledges is durable, and it shows an object whole or not at all. A server that knows `If-None-Match`
 * refuses by itself to write over an object; for others the driver looks first, which keeps out everybody but who
 * writes the same key at that very moment in another process. Keys are made of random ids, so nobody does; and the
 * etag would tell.
 *
 * The etag is S3's own. It is made of the object's bytes (or is new with each write), and it is the same in the answer
 * to a write, in HEAD and in listings; the time of the last change is not, on several servers.
 */
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import type { S3Place } from '../config.ts'
import { InterruptibleSource } from './interruptible.ts'
import type { OnS3 } from './on-s3.ts'
import { createBucket } from './s3-bucket.ts'
import { createS3Check } from './s3-check.ts'
import { createS3Clients, S3_TIMEOUTS, type S3Timeouts } from './s3-client.ts'
import { createConditionalWrites } from './s3-conditional.ts'
import { asStorageError, httpStatus } from './s3-errors.ts'
import { createGrowingOnS3 } from './s3-growing.ts'
import { newS3Object } from './s3-new-object.ts'
import { readGuarded } from './s3-read.ts'
import { type Storage, StorageError, type StoredObject, type UnfinishedUploads } from './storage.ts'
import { parseKey } from './storage-key.ts'

/** What S3 allows. */
const MOST_PARTS = 10_000
const LEAST_PART = 5 * 1024 * 1024

export interface S3StorageOptions {
  readonly place: S3Place
  /** Bytes: objects are streamed without a known end, and S3 takes 10,000 parts of one size. */
  readonly largestObject: number
  readonly timeouts?: S3Timeouts
}

export function createS3Storage(options: S3StorageOptions): Storage & UnfinishedUploads & OnS3 {
  const { place, largestObject, timeouts = S3_TIMEOUTS } = options
  const clients = createS3Clients(place, timeouts)
  const bucket = createBucket(place, clients.client)
  const partSize = Math.max(LEAST_PART, Math.ceil(largestObject / MOST_PARTS))
  const isConditional = createConditionalWrites(bucket)
  /** Keys that this process is writing: there the condition is kept on any server. */
  const underWay = new Set<string>()

  async function* objectsUnder(prefix: string): AsyncGenerator<{ jobId: string; object: StoredObject }> {
    for await (const { path, size, etag } of bucket.list(prefix)) {
      const key = path.slice(bucket.objects.length)
      const parsed = parseKey(key)
      // What else lies there is somebody else's.
      if (parsed) yield { jobId: parsed.jobId, object: { key, size, etag } }
    }
  }

  const storage: Storage & UnfinishedUploads & OnS3 = {
    s3: { place, client: clients.client, objectPath: bucket.objectPath },

    async put(key, chunks, { signal } = {}) {
      const path = bucket.objectPath(key)
      const source = new InterruptibleSource(chunks)
      const abort = () => source.interrupt(signal?.reason)
      signal?.addEventListener('abort', abort)
      let discard = async () => {}
      const isOnlyOne = !underWay.has(key)
      underWay.add(key)
      try {
        signal?.throwIfAborted()
        if (!isOnlyOne)
          throw new Error(`An object is being written to ${path} already; objects are written once.`)
        const object = newS3Object({ bucket, path, partSize, conditional: await isConditional() })
        discard = object.discard
        const written = await object.write(source)
        signal?.throwIfAborted()
        return { key, ...written }
      } catch (error) {
        source.abandon()
        await discard()
        throw error
      } finally {
        if (isOnlyOne) underWay.delete(key)
        signal?.removeEventListener('abort', abort)
      }
    },

    async open(key, range) {
      const Key = bucket.objectPath(key)
      const { start, end } = range ?? { start: 0, end: 0 }
      if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start)
        throw new RangeError(`${start}-${end} is not a range of bytes.`)
      const command = new GetObjectCommand({
        Bucket: place.bucket,
        Key,
        ...(range && { Range: `bytes=${start}-${end}` }),
      })
      try {
        const { Body } = await clients.reader.send(command)
        return readGuarded(Body as Readable, timeouts.idleMs)
      } catch (error) {
        // The object is there, but the range begins behind its end: nothing of it is there.
        if (httpStatus(error) === 416) return Readable.from([])
        const translated = asStorageError(error, 'open an object')
        if (translated.code !== 'not-found') throw translated
        throw new StorageError('not-found', `There is no object ${key}.`)
      }
    },

    async stat(key) {
      const found = await bucket.find(bucket.objectPath(key))
      if (found) return { key, size: found.size, etag: found.etag }
      await bucket.requireBucket()
      return null
    },

    async peek(key, bytes) {
      const found = await storage.stat(key)
      if (!found) return null
      const end = Math.min(found.size, bytes) - 1
      return {
        ...found,
        head: end < 0 ? Buffer.alloc(0) : await buffer(await storage.open(key, { start: 0, end })),
      }
    },

    async remove(key) {
      await bucket.remove(bucket.objectPath(key))
    },

    async removeAll(keys) {
      await bucket.removeAll(keys.map(bucket.objectPath))
    },

    async *list(jobId) {
      for await (const { object } of objectsUnder(bucket.jobPath(jobId))) yield object
    },

    async *listByJob() {
      // S3 lists keys in their order, so what begins alike, as a job's objects do, comes in a row.
      let [jobId, objects]: [string, StoredObject[]] = ['', []]
      for await (const found of objectsUnder(bucket.objects)) {
        if (found.jobId !== jobId) {
          if (objects.length > 0) yield { jobId, objects }
          ;[jobId, objects] = [found.jobId, []]
        }
        objects.push(found.object)
      }
      if (objects.length > 0) yield { jobId, objects }
    },

    readMark: async name => bucket.read(bucket.markPath(name)),
    writeMark: async (name, text) => bucket.write(bucket.markPath(name), text),

    async freeBytes() {
      return null
    },

    check: createS3Check(bucket),

    async *listUnfinished() {
      for await (const { path, id, startedAt } of bucket.listParts(bucket.objects)) {
        const key = path.slice(bucket.objects.length)
        const parsed = parseKey(key)
        if (parsed) yield { key, jobId: parsed.jobId, id, startedAt }
      }
    },

    async abortUnfinished({ key, id }) {
      await bucket.abortParts(bucket.objectPath(key), id)
    },

    growing: createGrowingOnS3({ bucket, partSize, open: key => storage.open(key) }),

    async close() {
      clients.close()
    },
  }
  return storage
}
