/**
 * The words of a job's life, as clients see them and as every layer above uses them.
 *
 *   draft ──submit──▶ attaching ──all files attached──▶ pending ──▶ processing ──▶ completed
 *     │                   │ a file could not be attached     ▲          │ └──▶ failed
 *     │                   └──────────▶ failed                └─retrying─┘
 *     └────────────── cancel, from any state that is not final ──────────▶ cancelled
 *   failed ──retry: a new run──▶ pending, or attaching where a file is still to be attached
 *
 * The moves are enforced in `lua/`, one script a transition; nothing else writes a job.
 */
import type { Artifact, JsonObject } from '../pipelines/pipeline.ts'

export const STATUSES = [
  'draft',
  'attaching',
  'pending',
  'processing',
  'completed',
  'failed',
  'cancelled',
] as const
export type Status = (typeof STATUSES)[number]

export const FINAL_STATUSES = ['completed', 'failed', 'cancelled'] as const satisfies readonly Status[]
export type FinalStatus = (typeof FINAL_STATUSES)[number]

export function isFinal(status: Status): status is FinalStatus {
  return (FINAL_STATUSES as readonly Status[]).includes(status)
}

export const ERROR_CODES = [
  'file-missing',
  'file-changed',
  'file-type-not-allowed',
  'file-infected',
  'unsupported-content',
  'archive-limit',
  'stage-failed',
  'stage-timeout',
  'worker-lost',
  'job-lost',
  'storage-unavailable',
] as const
export type ErrorCode = (typeof ERROR_CODES)[number]

/** Why a job failed: a sentence that a person can act on, and the cause itself. */
export interface JobError {
  readonly code: ErrorCode
  readonly message: string
  readonly stage?: string
  readonly fileId?: string
  /** Attempts begun when the job ended. */
  readonly attempts: number
}

export interface JobFile {
  readonly id: string
  readonly name: string
  readonly size: number
  /** What the client declared; once attached, what the content is. */
  readonly type: string
  readonly sha256: string
  readonly status: 'uploaded' | 'attached' | 'failed'
}

export interface StageProgress {
  readonly name: string
  readonly status: 'pending' | 'running' | 'completed' | 'failed'
  readonly percent: number
}

export interface Progress {
  readonly percent: number
  /** Null before the first start. */
  readonly stage: string | null
  /** Counts from 1; 0 before the first start. */
  readonly stageIndex: number
  readonly stageCount: number
  readonly stages: readonly StageProgress[]
}

/** A job as clients see it. Times are RFC 3339 in UTC with milliseconds. */
export interface Job {
  readonly id: string
  readonly status: Status
  readonly run: number
  readonly owner: string
  readonly pipeline: string
  readonly priority: number
  readonly metadata: JsonObject
  readonly callbackUrl: string | null
  readonly files: readonly JobFile[]
  readonly progress: Progress
  readonly attempts: { readonly made: number; readonly max: number }
  readonly result: JsonObject | null
  readonly error: JobError | null
  readonly artifacts: readonly Pick<Artifact, 'name' | 'size' | 'type'>[]
  readonly createdAt: string
  readonly readyAt: string | null
  readonly startedAt: string | null
  readonly finishedAt: string | null
  readonly links: { readonly self: string; readonly events: string; readonly artifacts: string }
}

/** What the client asks for; checked by the API before it comes here. */
export interface JobRequest {
  readonly id: string
  readonly owner: string
  readonly pipeline: string
  /** The pipeline's stages as they are now: a job keeps the ones that it was made with. */
  readonly stages: readonly { readonly name: string; readonly weight: number }[]
  readonly priority: number
  readonly metadata: JsonObject
  readonly callbackUrl: string | null
  readonly maxAttempts: number
}

/** An uploaded file whose bytes are durable, about to be named by a record. */
export interface UploadedFile {
  readonly name: string
  readonly size: number
  /** As the client declared it. */
  readonly type: string
  readonly sha256: string
  /** Where the bytes are in storage, and what vouches for them there. */
  readonly key: string
  readonly etag: string
  /** The `Upload-Metadata` of one that came as a resumable upload. */
  readonly metadata?: string
}

/** A file of a draft whose bytes are still to come: in several goes, or past us. */
export type OpenUpload = TusUpload | PresignedUpload

interface Coming {
  readonly name: string
  /** Bytes that there will be. */
  readonly size: number
  /** As the client declared it. */
  readonly type: string
  /** Where the bytes are in storage, as far as they have come. */
  readonly key: string
  /** Whether the job is submitted when they are all there. */
  readonly submit: boolean
}

export interface TusUpload extends Coming {
  readonly kind: 'tus'
  /** The client's own `Upload-Metadata`, as it was sent. */
  readonly metadata: string
}

/** One that the client puts into S3 by itself. */
export interface PresignedUpload extends Coming {
  readonly kind: 'presigned'
  /** As promised, in hex. */
  readonly sha256: string
  /** S3's name for its parts; null where it comes in one. */
  readonly parts: string | null
}

/** A file as the record knows it: what clients see and where it is stored. */
export interface StoredFile extends JobFile {
  readonly key: string
  readonly etag: string
}

export const EVENT_TYPES = [
  'job.created',
  'file.uploaded',
  'file.removed',
  'job.submitted',
  'file.attached',
  'file.failed',
  'job.ready',
  'job.started',
  'stage.started',
  'stage.progress',
  'stage.completed',
  'job.log',
  'job.retrying',
  'job.completed',
  'job.failed',
  'job.cancelled',
  'job.retried',
] as const
export type EventType = (typeof EVENT_TYPES)[number]

export interface JobEvent {
  /** `<milliseconds>-<sequence>`: the time and order in which Redis took it. */
  readonly id: string
  readonly type: EventType
  readonly jobId: string
  readonly run: number
  readonly at: string
  readonly data: JsonObject
}

/**
 * Told to whoever follows every job. It is in no job's own log, which goes with the job, and no endpoint may ask for it:
 * there is no job left to send along.
 */
export interface JobDeleted extends Omit<JobEvent, 'type'> {
  readonly type: 'job.deleted'
}

/** The last event of a run. */
export function isFinalEvent(type: EventType): boolean {
  return type === 'job.completed' || type === 'job.failed' || type === 'job.cancelled'
}

/** What a delivery tells; a `ping` tells of no job. */
export type DeliveryType = EventType | 'ping'

/** What a registered endpoint may ask for: not what comes up to a thousand times a run. */
export const ENDPOINT_EVENTS = EVENT_TYPES.filter(type => type !== 'stage.progress' && type !== 'job.log')

export type DeliveryStatus = 'pending' | 'delivered' | 'failed'

/** Names one delivery's attempts from its beginning, or from a redelivery, to its end. */
export interface DeliveryRound {
  readonly id: string
  readonly type: DeliveryType
  /** Raised by each redelivery; part of the BullMQ job's id. */
  readonly round: number
}

/** What an attempt needs to know. */
export interface DueDelivery extends DeliveryRound {
  readonly url: string
  /** The registered endpoint that it goes to; null where that is the job's own URL. */
  readonly webhookId: string | null
  readonly createdAt: number
  /** Attempts made in this round. */
  readonly tried: number
}

export interface DeliveryAttempt {
  readonly at: string
  readonly durationMs: number
  /** Of it, resolving the name; null where there was none to resolve. */
  readonly dnsMs: number | null
  /** Of it, connecting; null where a connection was there already, or it did not come to that. */
  readonly connectMs: number | null
  readonly statusCode: number | null
  readonly error: string | null
  /** The first 4 KiB of the answer. */
  readonly response: string
}

/** One webhook message to one URL, with all its attempts, as clients see it. */
export interface Delivery {
  readonly id: string
  /** Null for a `ping`. */
  readonly jobId: string | null
  readonly webhookId: string | null
  readonly url: string
  readonly type: DeliveryType
  readonly status: DeliveryStatus
  readonly attempts: readonly DeliveryAttempt[]
  readonly nextAttemptAt: string | null
  readonly createdAt: string
}
