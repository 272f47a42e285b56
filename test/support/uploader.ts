/** What the API does with an upload, without HTTP: bytes into storage, one record, one flow. */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { Queue } from 'bullmq'
import type { S3Place } from '../../src/config.ts'
import { createDeliveries } from '../../src/jobs/deliveries.ts'
import { readLog } from '../../src/jobs/events.ts'
import { isFinal, type JobEvent, type JobRequest, type UploadedFile } from '../../src/jobs/job.ts'
import { createLeases } from '../../src/jobs/leases.ts'
import { createOutbox } from '../../src/jobs/outbox.ts'
import { type JobRecord, readRecord } from '../../src/jobs/record.ts'
import { createTransitions, isRefused } from '../../src/jobs/transitions.ts'
import { createLog } from '../../src/log.ts'
import { createEnqueuer } from '../../src/queues/enqueuer.ts'
import { PREFIX, QUEUES } from '../../src/queues/names.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { createLocalStorage } from '../../src/storage/local.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { eventually } from './eventually.ts'
import { request } from './records.ts'
import { s3Environment, s3Storage } from './s3-server.ts'

const MISBEHAVING = ['one', 'two', 'three'].map(name => ({ name, weight: 1 }))

export interface UploadOptions extends Partial<JobRequest> {
  /** Name → content. */
  readonly files?: Readonly<Record<string, string | Buffer>>
  /** False: as if the process had died after the record and before the flow. */
  readonly enqueue?: boolean
}

export type Uploader = Awaited<ReturnType<typeof createUploader>>

/** @param s3 the bucket that it puts into; without one, a folder. */
export async function createUploader(redisUrl: string, s3?: S3Place) {
  const log = createLog({ level: 'silent', format: 'json', role: 'test' })
  const redis = connectRedis(redisUrl, { name: 'test', log })
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-data-'))
  const storage: Storage = s3
    ? s3Storage(s3)
    : createLocalStorage({ dir: join(dataDir, 'storage'), reserve: 0 })
  const transitions = createTransitions(redis)
  const leases = createLeases(redis)
  const deliveries = createDeliveries(redis)
  const enqueuer = createEnqueuer({ redis, outbox: createOutbox(redis), deliveries, log })
  const attaching = new Queue(QUEUES.attach, { connection: redis, prefix: PREFIX })

  return {
    redis,
    storage,
    transitions,
    deliveries,
    enqueuer,
    dataDir,
    /** What a worker of this uploader's must be told. */
    env: {
      SLUICE_DATA_DIR: dataDir,
      SLUICE_STORAGE_RESERVE: '0',
      SLUICE_LOG_LEVEL: 'info',
      SLUICE_WEBHOOK_ALLOW: '127.0.0.1/32',
      TEST_FLAGS: dataDir,
      ...(s3 && s3Environment(s3)),
    },

    /** Uploads and submits; the pipeline is the misbehaving one of `worker.ts` unless another is named. */
    async upload(options: UploadOptions = {}): Promise<string> {
      const { files = { 'a.log': 'hello\n' }, enqueue = true, ...overrides } = options
      const wanted = request({ pipeline: 'misbehaving', stages: MISBEHAVING, ...overrides })
      // As the intake does: a janitor at work must not take the bytes for rubbish.
      const lease = await leases.take(wanted.id, 'new')
      if ('refused' in lease) throw new Error(lease.refused)
      const uploaded: UploadedFile[] = []
      for (const [name, content] of Object.entries(files)) {
        const put = await storage.put(
          `${wanted.id}/f-${uploaded.length + 1}`,
          Readable.from([Buffer.from(content as string)]),
        )
        uploaded.push({
          name,
          type: 'text/plain',
          size: put.size,
          sha256: put.sha256,
          key: put.key,
          etag: put.etag,
        })
      }
      const made = await transitions.create(wanted, randomUUID(), {
        lease: lease.token,
        files: uploaded,
        submit: true,
      })
      lease.stop()
      if (isRefused(made)) throw new Error(made.refused)
      if (enqueue) await enqueuer.addFlow((await readRecord(redis, wanted.id))!)
      return wanted.id
    },

    record: (id: string): Promise<JobRecord | null> => readRecord(redis, id),
    story: (id: string): Promise<JobEvent[]> => readLog(redis, id, null, 5_000),
    /** Waits until the job has ended. */
    async ended(id: string): Promise<JobRecord> {
      return (await eventually(
        () => readRecord(redis, id),
        record => record !== null && isFinal(record.status),
      ))!
    },
    /** Waits until an event of this type has happened. */
    async happened(id: string, type: JobEvent['type']): Promise<JobEvent> {
      const events = await eventually(
        () => readLog(redis, id, null, 5_000),
        each => each.some(event => event.type === type),
      )
      return events.find(event => event.type === type)!
    },

    /** Waits until attaching so many files has been put off, since what is needed for it is away. */
    async putOff(files: number): Promise<void> {
      await eventually(
        () => attaching.getDelayedCount(),
        delayed => delayed === files,
      )
    },
    /** Lets the time pass after which what was put off is tried again. */
    async attachAgain(): Promise<void> {
      await attaching.promoteJobs()
    },

    async close(): Promise<void> {
      await attaching.close()
      await enqueuer.close()
      redis.disconnect()
      await storage.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
