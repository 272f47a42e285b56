/**
 * Runs a pipeline's stages in order, from the first that has not completed, and tells a journal what happens. It knows
 * nothing of where the journal is kept or where a stage runs.
 */
import { StorageError } from '../storage/storage.ts'
import type { JsonObject, LogLine, Pipeline, Stage, StageErrorCode, StageSettings } from './pipeline.ts'
import { INCURABLE, StageError } from './pipeline.ts'
import type { StageFile, StageInput, StageOutput, StageReport } from './stage-context.ts'
import { createThrottle } from './throttle.ts'

export interface Run {
  readonly jobId: string
  /** The run's start token. */
  readonly token: string
  readonly pipeline: Pipeline
  readonly files: readonly StageFile[]
  /** One for each stage; null for those still to be run. */
  readonly outputs: readonly (StageOutput | null)[]
  readonly settings: StageSettings
  /** The longest that a stage may take without progress, ms. */
  readonly stageTimeout: number
}

export interface CompletedStage {
  readonly stage: string
  /** Counts from 1. */
  readonly index: number
  readonly durationMs: number
  readonly output: StageOutput
}

/** Where the story is kept. Each call resolves when it is, and rejects when the run is no longer this worker's. */
export interface Journal {
  stageStarted(stage: string, index: number): Promise<void>
  progress(stage: string, index: number, percent: number, message?: string): Promise<void>
  log(stage: string, level: LogLine['level'], message: string): Promise<void>
  checkpoint(completed: CompletedStage): Promise<void>
  /** Resolves when all that was told before is kept, or was refused. */
  told(): Promise<void>
}

/** Runs one stage somewhere; `begin` is called once it really runs, and not while it waits for a place. */
export type Execute = (
  stage: Stage,
  input: StageInput,
  hooks: StageReport & { begin(): void },
  signal: AbortSignal,
) => Promise<{ output: StageOutput; result: JsonObject | undefined }>

/** Why a stage failed, in a sentence that a person can act on. */
export class StageFailure extends Error {
  override readonly name = 'StageFailure'
  readonly code: StageErrorCode | 'stage-timeout' | 'storage-unavailable'
  readonly stage: string
  readonly fileId: string | undefined

  constructor(
    code: StageFailure['code'],
    message: string,
    stage: string,
    options: ErrorOptions & { fileId?: string | undefined } = {},
  ) {
    super(message, options)
    this.code = code
    this.stage = stage
    this.fileId = options.fileId
  }

  /** True where another attempt cannot help. */
  get incurable(): boolean {
    return INCURABLE.has(this.code)
  }
}

/**
 * @returns the last stage, not yet told to the journal (it belongs to the run's end), what every stage left, and the
 * job's result.
 * @throws StageFailure; or the signal's reason when it was aborted; or what the journal threw.
 */
export async function runPipeline(
  run: Run,
  journal: Journal,
  execute: Execute,
  signal: AbortSignal,
): Promise<{ last: CompletedStage; outputs: readonly (StageOutput | null)[]; result: JsonObject }> {
  const outputs = [...run.outputs]
  for (const [at, stage] of run.pipeline.stages.entries()) {
    const isLast = at === run.pipeline.stages.length - 1
    if (outputs[at] && !isLast) continue
    const input: StageInput = {
      jobId: run.jobId,
      token: run.token,
      stage: stage.name,
      files: run.files,
      outputs: outputs.slice(0, at).filter(output => output !== null),
      settings: run.settings,
    }
    const { completed, result } = await runStage(
      stage,
      at + 1,
      input,
      run.stageTimeout,
      journal,
      execute,
      signal,
    )
    outputs[at] = completed.output
    if (isLast) return { last: completed, outputs, result: result ?? {} }
    await journal.checkpoint(completed)
  }
  throw new Error(`the pipeline "${run.pipeline.name}" has no stages`)
}

async function runStage(
  stage: Stage,
  index: number,
  input: StageInput,
  timeout: number,
  journal: Journal,
  execute: Execute,
  signal: AbortSignal,
): Promise<{ completed: CompletedStage; result: JsonObject | undefined }> {
  // What stops this stage: the run's own signal, too long without a sign of life, a journal that refuses. Not by
  // AbortSignal.any, whose weak references outlive each of many short stages, and are the collector's to go through.
  const stop = new AbortController()
  const stopping = stop.signal
  const stopWithRun = () => stop.abort(signal.reason)
  signal.addEventListener('abort', stopWithRun)
  if (signal.aborted) stopWithRun()
  const silence = watchSilence(timeout, () => {
    const minutes = Math.round(timeout / 6_000) / 10
    stop.abort(
      new StageFailure(
        'stage-timeout',
        `The stage "${stage.name}" made no progress for ${minutes} minutes and was stopped.`,
        stage.name,
      ),
    )
  })
  const tell = (told: Promise<void>) => void told.catch(error => stop.abort(error))
  const throttle = createThrottle((percent, message) =>
    tell(journal.progress(stage.name, index, percent, message)),
  )
  let startedAt = performance.now()

  try {
    stopping.throwIfAborted()
    const { output, result } = await execute(
      stage,
      input,
      {
        begin() {
          startedAt = performance.now()
          silence.reset()
          tell(journal.stageStarted(stage.name, index))
        },
        progress(percent, message) {
          silence.reset()
          throttle.offer(percent, message)
        },
        log(level, message) {
          silence.reset()
          tell(journal.log(stage.name, level, message))
        },
      },
      stopping,
    )
    await journal.told()
    stopping.throwIfAborted()
    return {
      completed: { stage: stage.name, index, durationMs: Math.round(performance.now() - startedAt), output },
      result,
    }
  } catch (error) {
    throttle.stop()
    await journal.told()
    throw stopping.aborted ? stopping.reason : toFailure(error, stage)
  } finally {
    signal.removeEventListener('abort', stopWithRun)
    throttle.stop()
    silence.stop()
  }
}

function toFailure(error: unknown, stage: Stage): StageFailure {
  if (error instanceof StageError)
    return new StageFailure(error.code, error.message, stage.name, { cause: error, fileId: error.fileId })
  if (error instanceof StorageError) {
    return new StageFailure(
      'storage-unavailable',
      `The stage "${stage.name}" could not read or write storage: ${error.message}`,
      stage.name,
      { cause: error },
    )
  }
  // Its message may quote what the stage was reading; it stays inside.
  return new StageFailure(
    'stage-failed',
    `The stage "${stage.name}" failed for a reason of its own; the log of the service says where.`,
    stage.name,
    { cause: error },
  )
}

/** Counts only once the stage has begun: waiting for a place is not silence. */
function watchSilence(timeout: number, expired: () => void): { reset(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined
  return {
    reset() {
      if (timer) timer.refresh()
      else timer = setTimeout(expired, timeout)
    },
    stop: () => clearTimeout(timer),
  }
}
