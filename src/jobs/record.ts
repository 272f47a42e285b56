/** The record: what Redis holds of a job, and the job that clients see, which is derived from it. */
import type { Redis } from 'ioredis'
import type { JsonObject } from '../pipelines/pipeline.ts'
import type { StageOutput } from '../pipelines/stage-context.ts'
import type { StoredArtifact } from '../pipelines/stored-artifact.ts'
import type {
  Job,
  JobError,
  JobFile,
  JobRequest,
  OpenUpload,
  Progress,
  StageProgress,
  Status,
  StoredFile,
  UploadedFile,
} from './job.ts'
import { keys } from './keys.ts'

/** Times are milliseconds since 1970. */
export interface JobRecord {
  readonly id: string
  readonly status: Status
  readonly run: number
  /** Which flow of BullMQ's stands for the job now; raised by a retry, or when a queue was emptied. */
  readonly flow: number
  /** When that flow was made. */
  readonly flowAt: number
  readonly owner: string
  readonly pipeline: string
  readonly stages: readonly { readonly name: string; readonly weight: number }[]
  readonly priority: number
  readonly metadata: JsonObject
  readonly callbackUrl: string | null
  readonly files: readonly StoredFile[]
  /** Files that are still to come. */
  readonly uploads: readonly OpenUpload[]
  readonly progress: Progress
  /** One for each stage, in their order; null until the stage has completed. */
  readonly outputs: readonly (StageOutput | null)[]
  readonly attempt: number
  readonly maxAttempts: number
  readonly starts: number
  readonly result: JsonObject | null
  readonly error: JobError | null
  readonly createdAt: number
  readonly readyAt: number | null
  readonly startedAt: number | null
  readonly finishedAt: number | null
}

/** @returns null where there is no such job. @throws where Redis can't be reached. */
export async function readRecord(redis: Redis, id: string): Promise<JobRecord | null> {
  return parseRecord(await redis.hgetall(keys.job(id)))
}

/** Several at once, in their order; null for those that are gone. */
export async function readRecords(redis: Redis, ids: readonly string[]): Promise<(JobRecord | null)[]> {
  if (ids.length === 0) return []
  const pipeline = redis.pipeline()
  for (const id of ids) pipeline.hgetall(keys.job(id))
  const replies = (await pipeline.exec()) ?? []
  return replies.map(([error, hash]) => {
    if (error) throw error
    return parseRecord(hash as Record<string, string>)
  })
}

/**
 * One file, and where its job stands: of a job of a thousand files each is looked at by itself.
 *
 * @returns null where there is no such job, or no such file in it.
 */
export async function readJobFile(
  redis: Redis,
  id: string,
  fileId: string,
): Promise<{ status: Status; flow: number; file: StoredFile } | null> {
  const fields = ['status', 'flow', `file:${fileId}`, `file:${fileId}:status`, `file:${fileId}:type`]
  const values = await redis.hmget(keys.job(id), ...fields)
  const hash: Record<string, string> = {}
  for (const [index, field] of fields.entries()) if (values[index] != null) hash[field] = values[index]
  if (hash.status === undefined || hash[`file:${fileId}`] === undefined) return null
  return { status: hash.status as Status, flow: Number(hash.flow), file: parseFile(fileId, hash) }
}

/** Such a file has no bytes any more, whoever of its worker and the janitor comes first; only its name and hash are kept. */
export function isInfected({ error }: JobRecord, fileId: string): boolean {
  return error?.code === 'file-infected' && error.fileId === fileId
}

/**
 * From a hash's fields and values in turn, with NUL between them, as a script gives them: ioredis decodes each element of
 * a reply by itself, and takes four times as long for a record that comes in 90 of them. No value holds a NUL: what
 * clients say is JSON, a URL, or of a narrower alphabet.
 */
export function parseFields(text: string): JobRecord | null {
  const fields = text.split('\0')
  const hash: Record<string, string> = {}
  for (let index = 0; index < fields.length; index += 2) hash[fields[index]!] = fields[index + 1]!
  return parseRecord(hash)
}

export function parseRecord(hash: Record<string, string>): JobRecord | null {
  if (hash.status === undefined) return null
  const stages = json<JobRecord['stages']>(hash.stages!)
  return {
    id: hash.id!,
    status: hash.status as Status,
    run: Number(hash.run),
    flow: Number(hash.flow),
    flowAt: Number(hash.flowAt ?? hash.createdAt),
    owner: hash.owner!,
    pipeline: hash.pipeline!,
    stages,
    priority: Number(hash.priority),
    metadata: json(hash.metadata!),
    callbackUrl: hash.callbackUrl || null,
    files: (hash.fileIds ? json<string[]>(hash.fileIds) : []).map(id => parseFile(id, hash)),
    uploads: (hash.uploadIds ? json<string[]>(hash.uploadIds) : []).map(id => json(hash[`upload:${id}`]!)),
    progress: parseProgress(stages, hash),
    outputs: stages.map((_, index) =>
      hash[`output:${index + 1}`] ? json(hash[`output:${index + 1}`]!) : null,
    ),
    attempt: Number(hash.attempt ?? 0),
    maxAttempts: Number(hash.maxAttempts),
    starts: Number(hash.starts ?? 0),
    result: hash.result ? json(hash.result) : null,
    error: hash.error ? json(hash.error) : null,
    createdAt: Number(hash.createdAt),
    readyAt: time(hash.readyAt),
    startedAt: time(hash.startedAt),
    finishedAt: time(hash.finishedAt),
  }
}

/** As it is read right after the script has made it: nobody needs to ask for it. */
export function newRecord(
  request: JobRequest,
  { files, submit }: { files: readonly UploadedFile[]; submit: boolean },
  createdAt: number,
): JobRecord {
  const { id, owner, pipeline, stages, priority, metadata, callbackUrl, maxAttempts } = request
  return {
    ...{ id, owner, pipeline, stages, priority, metadata, callbackUrl, maxAttempts },
    status: submit ? 'attaching' : 'draft',
    ...{ run: 1, flow: 1, flowAt: createdAt },
    files: files.map((file, index) => storedFile(`f${index + 1}`, file, 'uploaded')),
    uploads: [],
    progress: parseProgress(stages, {}),
    outputs: stages.map(() => null),
    ...{ attempt: 0, starts: 0, result: null, error: null },
    ...{ createdAt, readyAt: null, startedAt: null, finishedAt: null },
  }
}

function parseFile(id: string, hash: Record<string, string>): StoredFile {
  const file = json<UploadedFile>(hash[`file:${id}`]!)
  const type = hash[`file:${id}:type`] ?? file.type
  return storedFile(id, { ...file, type }, hash[`file:${id}:status`] as JobFile['status'])
}

function storedFile(
  id: string,
  { name, size, type, sha256, key, etag }: UploadedFile,
  status: JobFile['status'],
): StoredFile {
  return { id, name, size, type, sha256, status, key, etag }
}

function parseProgress(stages: JobRecord['stages'], hash: Record<string, string>): Progress {
  return {
    percent: Number(hash.percent ?? 0),
    stage: hash.stage ?? null,
    stageIndex: Number(hash.stageIndex ?? 0),
    stageCount: stages.length,
    stages: stages.map(({ name }, index) => ({
      name,
      status: (hash[`stage:${index + 1}:status`] ?? 'pending') as StageProgress['status'],
      percent: Number(hash[`stage:${index + 1}:percent`] ?? 0),
    })),
  }
}

/** The artifacts that a job has published, in the order written. */
export function artifactsOf(record: JobRecord): StoredArtifact[] {
  return record.outputs.flatMap(output => output?.artifacts ?? [])
}

/** The job as clients see it. */
export function viewJob(record: JobRecord): Job {
  const self = `/api/jobs/${record.id}`
  return {
    id: record.id,
    status: record.status,
    run: record.run,
    owner: record.owner,
    pipeline: record.pipeline,
    priority: record.priority,
    metadata: record.metadata,
    callbackUrl: record.callbackUrl,
    files: record.files.map(viewFile),
    progress: record.progress,
    attempts: { made: record.attempt, max: record.maxAttempts },
    result: record.result,
    error: record.error,
    artifacts: artifactsOf(record).map(({ name, size, type }) => ({ name, size, type })),
    createdAt: instant(record.createdAt),
    readyAt: maybeInstant(record.readyAt),
    startedAt: maybeInstant(record.startedAt),
    finishedAt: maybeInstant(record.finishedAt),
    links: { self, events: `${self}/events`, artifacts: `${self}/artifacts` },
  }
}

export function viewFile({ id, name, size, type, sha256, status }: StoredFile): JobFile {
  return { id, name, size, type, sha256, status }
}

/** RFC 3339 in UTC with milliseconds. */
export function instant(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

function maybeInstant(milliseconds: number | null): string | null {
  return milliseconds === null ? null : instant(milliseconds)
}

function time(text: string | undefined): number | null {
  return text === undefined ? null : Number(text)
}

function json<T>(text: string): T {
  return JSON.parse(text) as T
}
