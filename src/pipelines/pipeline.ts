/**
 * The words of the pipelines. Pure: nothing here, or in any pipeline, knows of Redis or HTTP.
 *
 * - *pipeline*: a named, ordered list of stages that a worker runs over a job's attached files.
 * - *stage*: one step. It reads files and what earlier stages left, streams, reports progress, writes artifacts.
 *   It may run again after a crash; nothing it wrote counts until it has returned.
 * - *artifact*: a named file for the client. *Intermediate*: one for later stages only, removed when the job ends.
 */
import type { Readable } from 'node:stream'
import type { ByteRange } from '../storage/storage.ts'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

export interface Pipeline {
  readonly name: string
  /** One sentence, for people. */
  readonly description: string
  readonly stages: readonly Stage[]
}

export type Stage = {
  readonly name: string
  /** Its share of the job's progress, relative to the other stages' weights. */
  readonly weight: number
  /** What the last stage returns is the job's `result`; of the others it is dropped. */
  run(context: StageContext): Promise<JsonObject | undefined>
} & Place

/**
 * `thread` for what burns CPU: it runs in a worker thread, so that it can neither stall the locks of other jobs nor
 * outlive its time. Functions do not cross between threads, so it says which `module` exports its pipeline, mostly by
 * `import.meta.url`. `inline` for what only waits on storage.
 */
type Place = { readonly runs: 'inline' } | { readonly runs: 'thread'; readonly module: string }

/** An uploaded file, attached and verified. */
export interface InputFile {
  readonly id: string
  /** The client's name for it, cleaned; may hold any printable character. */
  readonly name: string
  readonly size: number
  /** Media type, sniffed from the content. */
  readonly type: string
  readonly sha256: string
}

export interface ArtifactOptions {
  /** Media type. */
  readonly type: string
  /** The file that this artifact was made from. */
  readonly fileId?: string
}

export interface Artifact extends ArtifactOptions {
  /** Unique in its job; may hold `/`. */
  readonly name: string
  readonly size: number
  readonly stage: string
}

export type LogLine = { readonly level: 'info' | 'warn' | 'error'; readonly message: string }

/** What the service's settings mean to stages. */
export interface StageSettings {
  /** Redact to stable pseudonyms instead of a fixed mark. */
  readonly pseudonyms: boolean
  /** What a packed file may unpack to: bytes, times its own size, layers, members. */
  readonly archive: {
    readonly size: number
    readonly ratio: number
    readonly depth: number
    readonly members: number
  }
}

export interface StageContext {
  readonly jobId: string
  readonly files: readonly InputFile[]
  readonly settings: StageSettings
  /** Aborted on cancel, on shutdown, on a lost lock, after too long without progress. Stop soon, and throw. */
  readonly signal: AbortSignal

  /** A range may reach beyond the end: what is there is given. It must begin before. */
  open(file: InputFile, range?: ByteRange): Promise<Readable>

  /** Writes an artifact, which is durable once the stage has completed. A name may be used once in a job. */
  writeArtifact(
    name: string,
    options: ArtifactOptions,
    source: AsyncIterable<Uint8Array | string>,
  ): Promise<void>
  /** The artifacts that earlier stages of this job wrote, in the order written. */
  readonly artifacts: readonly Artifact[]
  /** @throws where no earlier stage wrote an artifact of that name. */
  openArtifact(name: string): Promise<Readable>

  writeIntermediate(name: string, source: AsyncIterable<Uint8Array | string>): Promise<void>
  /** One of an earlier stage, or of this one. The range as for `open`. @throws where none of that name was written. */
  openIntermediate(name: string, range?: ByteRange): Promise<Readable>

  /**
   * Tells how far this stage is, 0…100. Call it as often as you like: it is throttled. Any call counts as a sign of
   * life. `message` may name files and lines, never their content before redaction.
   */
  progress(percent: number, message?: string): void
  /** A line for the job's event log; the same rule for its content. At most 2 KiB of it are kept. */
  log(level: LogLine['level'], message: string): void
}

export type StageErrorCode =
  | 'unsupported-content'
  | 'archive-limit'
  | 'stage-failed'
  | 'file-changed'
  | 'file-missing'

/**
 * A failure that a stage explains itself: a sentence a person can act on, naming a file and a line, never content.
 * Anything else that a stage throws becomes `stage-failed` with a sentence of ours; its own message only goes to the
 * log of the service when the stage declares it free of content.
 */
export class StageError extends Error {
  override readonly name = 'StageError'
  readonly code: StageErrorCode
  readonly fileId: string | undefined

  constructor(code: StageErrorCode, message: string, options: ErrorOptions & { fileId?: string } = {}) {
    super(message, options)
    this.code = code
    this.fileId = options.fileId
  }
}

/** Codes that another attempt cannot cure: they end the run at once. */
export const INCURABLE: ReadonlySet<string> = new Set([
  'file-missing',
  'file-changed',
  'file-type-not-allowed',
  'file-infected',
  'unsupported-content',
  'archive-limit',
])
