/**
 * The transitions: the only way a job's record changes. Each is one Lua script in `lua/` that checks (status, run, flow,
 * start token, limits), then changes the record, moves the job in the index, appends the event, and notes in the
 * outbox what must be enqueued: all or nothing. One that does not fit is refused and changes nothing; that is the
 * whole concurrency control.
 *
 * Every transition may run twice, since a client resends a script whose reply was lost: each carries a token, and one
 * whose effect is already there under the same token answers as the first time.
 *
 * `by`, where there is one: who wants it, for the audit log. What the service does by itself has none.
 */
import type { Redis } from 'ioredis'
import type { StageOutput } from '../pipelines/stage-context.ts'
import type { By } from './audit.ts'
import type { Slot } from './deliveries.ts'
import type { HeldKey } from './idempotency.ts'
import type { DueDelivery, ErrorCode, JobRequest, OpenUpload, Status, UploadedFile } from './job.ts'
import { keys } from './keys.ts'
import { labelsOf } from './labels.ts'
import { type JobRecord, newRecord, parseFields } from './record.ts'
import { defineScript, jsonForLua } from './script.ts'

export type Refused<Code extends string = string> = { readonly refused: Code }

export function isRefused<T extends object, C extends string>(answer: T | Refused<C>): answer is Refused<C> {
  return 'refused' in answer
}

type Ok = { readonly ok: true }
/** A transition that ended the job tells what is to be enqueued, if the job has a callback URL. */
type Ended = { readonly delivery?: DueDelivery }
/** The worker no longer holds the job: it is final, gone, of a newer flow, or another's. */
export type Fenced = 'gone' | 'stale' | Status

export interface Cause {
  readonly code: ErrorCode
  /** One sentence that a person can act on. */
  readonly message: string
  readonly stage?: string
  readonly fileId?: string
}

/** Who holds a run: the token that its worker chose at the start. */
export interface Holder {
  readonly id: string
  readonly token: string
}
/** What comes under one token is numbered from 1, so that a script that is sent twice is told from two. */
type Numbered = Holder & { readonly seq: number }

export interface Checkpoint {
  readonly stage: string
  /** Counts from 1. */
  readonly index: number
  readonly durationMs: number
  readonly output: StageOutput
}

export type StartAnswer =
  | { readonly record: JobRecord }
  /** The second loss of a worker or more: take the place for suspects first, then start again with `suspect`. */
  | { readonly suspect: true }
  /** Files were missing (its children were removed): another flow is under way, or the job has ended. */
  | ({ readonly refilled: true } & Ended)
  /** The fifth loss in a row: the job has ended. */
  | ({ readonly lost: true } & Ended)
  | Refused<Fenced | 'lock-lost'>

export type Transitions = ReturnType<typeof createTransitions>

/**
 * @param quota most bytes stored, beyond which no record names more.
 * @param begin is given each delivery to a registered endpoint that a transition made; the outbox has it all the same.
 */
export function createTransitions(
  redis: Redis,
  quota: number | null = null,
  begin: (delivery: DueDelivery) => void = () => {},
) {
  const parse = <Answer extends object>(text: string): Answer => {
    const answer = JSON.parse(text) as Answer & { deliveries?: readonly DueDelivery[] }
    for (const delivery of answer.deliveries ?? []) begin(delivery)
    return answer
  }
  const metered = quota === null ? {} : { quota }
  const define = <Answer extends object>(...files: string[]) => {
    const script = defineScript(redis, 'history', 'prelude', ...files)
    return async <Args extends { readonly id: string }>(args: Args): Promise<Answer> =>
      parse((await script([keys.job(args.id)], [jsonForLua(args)])) as string)
  }
  /** Scripts that answer the record, too. */
  const defineAnswering = <Answer extends object>(...files: string[]) => {
    const script = defineScript(redis, 'history', 'prelude', ...files)
    return async <Args extends { readonly id: string }>(
      args: Args,
      ...more: readonly string[]
    ): Promise<Answer | { readonly record: JobRecord }> => {
      const [text, fields] = (await script([keys.job(args.id), ...more], [jsonForLua(args)])) as [
        string,
        string?,
      ]
      const answer = parse<Answer>(text)
      return fields === undefined ? answer : { record: parseFields(fields)! }
    }
  }
  const scripts = {
    create: defineAnswering<
      { createdAt: number } | Refused<'exists' | 'lease-lost' | 'storage-full' | 'key-lost'>
    >('audit', 'draft', 'idempotency', 'create'),
    addFiles: define<
      | { added: string[] }
      | Refused<'gone' | 'job-not-draft' | 'lease-lost' | 'too-many-files' | 'storage-full' | 'key-lost'>
    >('audit', 'draft', 'idempotency', 'add-files'),
    removeFile: define<{ file: UploadedFile } | Refused<'gone' | 'job-not-draft' | 'no-such-file'>>(
      'audit',
      'remove-file',
    ),
    openUpload: define<
      { fileId: string; expiresAt: number } | Refused<'gone' | 'job-not-draft' | 'too-many-files'>
    >('audit', 'draft', 'open-upload'),
    continueUpload: define<{ expiresAt: number } | Refused<'gone' | 'job-not-draft' | 'no-such-upload'>>(
      'draft',
      'continue-upload',
    ),
    completeUpload: define<
      | { submitted: boolean }
      | Refused<
          'gone' | 'job-not-draft' | 'no-such-upload' | 'lease-lost' | 'uploads-in-progress' | 'storage-full'
        >
    >('audit', 'draft', 'complete-upload'),
    dropUpload: define<
      { upload: OpenUpload } | Refused<'gone' | 'no-such-upload' | 'not-expired' | 'uploads-in-progress'>
    >('audit', 'draft', 'drop-upload'),
    submit: define<Ok | Refused<'gone' | 'job-final' | 'uploads-in-progress' | 'no-files' | 'key-lost'>>(
      'audit',
      'draft',
      'idempotency',
      'submit',
    ),
    attached: define<Ok | Refused<Fenced>>('ready', 'attached'),
    attachSuspected: define<{ times: number } | Refused<Fenced>>('attach-suspected'),
    attachSurvived: define<Ok | Refused<'gone' | 'stale'>>('attach-survived'),
    attachFailed: define<(Ok & Ended) | Refused<Fenced>>('attach-failed'),
    stageStarted: define<Ok | Refused<Fenced>>('stage-started'),
    progress: define<Ok | Refused<Fenced>>('progress'),
    log: define<Ok | Refused<Fenced>>('log'),
    checkpoint: define<Ok | Refused<Fenced>>('checkpoint'),
    attemptFailed: define<({ final: true } & Ended) | { final: false; delayMs: number } | Refused<Fenced>>(
      'attempt-failed',
    ),
    handOver: define<Ok | Refused<Fenced>>('hand-over'),
    cancel: define<(Ok & Ended) | Refused<'gone' | 'job-final'>>('audit', 'cancel'),
    retry: define<Ok | Refused<'gone' | 'job-not-failed' | 'job-not-retryable'>>('audit', 'ready', 'retry'),
    delete: define<
      Ok | Refused<'gone' | 'job-not-draft' | 'job-not-final' | 'not-expired' | 'uploads-in-progress'>
    >('audit', 'draft', 'delete'),
  }
  const start = defineAnswering<StartAnswer>('start')
  const finish = defineScript(redis, 'history', 'prelude', 'finish')
  const refill = defineScript(redis, 'history', 'prelude', 'refill')

  return {
    /**
     * The commit point of an upload: before it there is nothing, after it one job. `lease`: the upload's. `open`: a
     * draft's first file is still to come; its id is `f1`, and it lives for so many milliseconds.
     */
    async create(
      request: JobRequest,
      token: string,
      upload: {
        lease: string | null
        files: readonly UploadedFile[]
        submit: boolean
        idempotency?: HeldKey | undefined
        open?: { upload: OpenUpload; lives: number }
        by?: By
      },
    ) {
      const answer = await scripts.create({
        id: request.id,
        token,
        ...(upload.lease === null ? {} : { lease: upload.lease }),
        ...metered,
        owner: request.owner,
        files: upload.files,
        labels: labelsOf(request.metadata, request.owner),
        submit: upload.submit,
        idempotency: upload.idempotency,
        by: upload.by,
        ...(upload.open && { upload: upload.open }),
        fields: [
          'pipeline',
          request.pipeline,
          'stages',
          JSON.stringify(request.stages),
          'priority',
          String(request.priority),
          'metadata',
          JSON.stringify(request.metadata),
          'callbackUrl',
          request.callbackUrl ?? '',
          'maxAttempts',
          String(request.maxAttempts),
        ],
      })
      return 'createdAt' in answer ? { record: newRecord(request, upload, answer.createdAt) } : answer
    },
    /** Names uploaded files in a draft, all or none; answers their ids. */
    addFiles: (args: {
      id: string
      token: string
      lease: string
      maxFiles: number
      files: readonly UploadedFile[]
      idempotency?: HeldKey | undefined
      by?: By
    }) => scripts.addFiles({ ...args, ...metered }),
    removeFile: (args: { id: string; token: string; fileId: string; by?: By }) =>
      scripts.removeFile({ ...args, ...metered }),
    /** `lives`: milliseconds after which it expires, unless it is continued. */
    openUpload: (args: { id: string; token: string; maxFiles: number; upload: OpenUpload; lives: number }) =>
      scripts.openUpload(args),
    /** `unchecked`: the bytes from this offset on do not count until `checked`. Answers when it expires now. */
    continueUpload: (args: {
      id: string
      fileId: string
      lives: number
      unchecked?: number
      checked?: boolean
    }) => scripts.continueUpload(args),
    /** Names the file, and submits the job where the upload was opened so; `submitted` is told once. */
    completeUpload: (args: {
      id: string
      fileId: string
      lease: string
      file: UploadedFile
      by?: By | undefined
    }) => scripts.completeUpload({ ...args, ...metered }),
    /** `expired`: only if it has had its time, or can't become a file any more, and no request is at its draft. */
    dropUpload: (args: { id: string; fileId: string; expired?: boolean; by?: By }) =>
      scripts.dropUpload(args),
    submit: (id: string, by?: By, idempotency?: HeldKey) => scripts.submit({ id, by, idempotency }),
    /** `type`: the media type of the content. */
    attached: (args: { id: string; flow: number; fileId: string; type: string }) => scripts.attached(args),
    /** Answers how many times the file has been a suspect, this one included. */
    attachSuspected: (args: { id: string; flow: number; fileId: string; token: string }) =>
      scripts.attachSuspected(args),
    /** The file's worker lives, though the try failed: its losses are no longer in a row. */
    attachSurvived: (args: { id: string; flow: number; fileId: string }) => scripts.attachSurvived(args),
    attachFailed: (args: { id: string; flow: number; fileId: string; error: Cause }) =>
      scripts.attachFailed(args),

    /**
     * @param args `lockKey` and `lock`: BullMQ's lock on the `process` job, and what this worker believes it holds.
     *   `atOnce`: stages that wait for no place: if one of them is the next, it has begun with this.
     */
    start({
      lockKey,
      ...args
    }: {
      id: string
      flow: number
      token: string
      lockKey: string
      lock: string
      worker: string
      suspect: boolean
      atOnce?: readonly string[]
    }): Promise<StartAnswer> {
      return start(args, lockKey)
    },
    stageStarted: (args: Numbered & { stage: string; index: number }) => scripts.stageStarted(args),
    progress: (args: Numbered & { stage: string; index: number; percent: number; message?: string }) =>
      scripts.progress(args),
    log: (args: Numbered & { stage: string; level: string; message: string }) => scripts.log(args),
    checkpoint: ({ checkpoint, ...args }: Numbered & { checkpoint: Checkpoint }) =>
      scripts.checkpoint({ ...args, checkpoint: encode(checkpoint) }),
    /** Decides by itself whether the attempt was the run's last. */
    attemptFailed: (args: Holder & { incurable: boolean; error: Cause }) => scripts.attemptFailed(args),
    handOver: (args: Holder) => scripts.handOver(args),
    /**
     * @param args `checkpoint`: the last stage's. `slot`: for the first attempt at the job's callback, if one is free.
     * @returns `frozen`: the job as its callback tells it, where the slot was taken.
     */
    async finish({
      checkpoint,
      result,
      slot,
      ...args
    }: Holder & { checkpoint: Checkpoint; result: object; slot?: Slot | undefined }): Promise<
      (Ok & Ended & { readonly frozen?: JobRecord }) | Refused<Fenced>
    > {
      const { key, ...claim } = slot ?? {}
      const [text, frozen] = (await finish(
        [keys.job(args.id), ...(key === undefined ? [] : [key])],
        [
          jsonForLua({
            ...args,
            checkpoint: encode(checkpoint),
            result: JSON.stringify(result),
            ...(slot && { slot: claim }),
          }),
        ],
      )) as [string, string?]
      const answer = parse<(Ok & Ended) | Refused<Fenced>>(text)
      return frozen === undefined || isRefused(answer) ? answer : { ...answer, frozen: parseFields(frozen)! }
    },
    cancel: (id: string, by?: By) => scripts.cancel({ id, by }),
    retry: (id: string, token: string, by?: By) =>
      scripts.retry({
        id,
        token,
        by,
        notRetryable: {
          'file-missing': true,
          'file-changed': true,
          'file-type-not-allowed': true,
          'file-infected': true,
        },
      }),
    /**
     * @param args `uploadedBytes`: of its files, which the quota gets back. `expiredBefore`: only if it has not been touched for so many
     *   milliseconds, and no upload is under way. `onlyDraft`: not once it is submitted.
     */
    delete: ({
      uploadedBytes,
      ...args
    }: {
      id: string
      token: string
      uploadedBytes?: number
      expiredBefore?: { draft: number; final: number }
      onlyDraft?: boolean
      by?: By
    }) => scripts.delete({ ...args, ...(quota !== null && { bytes: uploadedBytes }) }),

    /** `queue`: the keys of the flow's `process` job and of its queue's completed and failed sets. */
    async refill(
      args: { id: string; flow: number; job: string },
      queue: readonly [job: string, completed: string, failed: string],
    ) {
      const text = await refill([keys.job(args.id), ...queue], [JSON.stringify(args)])
      return parse<({ refilled: true } & Ended) | Refused<'stale' | 'queued'>>(text as string)
    },
  }
}

function encode({ output, ...rest }: Checkpoint) {
  return {
    ...rest,
    output: JSON.stringify(output),
    names: JSON.stringify(output.artifacts.map(artifact => artifact.name)),
  }
}
