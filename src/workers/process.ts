/**
 * `process`: takes a job whose files are all attached, runs its stages, and ends it. Read `processJob` as the sentence:
 * take it, run its pipeline, finish it, tell the receiver.
 *
 * What may go wrong on the way: the job is not to be had (it ended, or is another's); the worker shuts down (it is
 * handed over, which costs nothing); an attempt fails (the record decides whether another follows); the process dies
 * (BullMQ gives the job to another, which counts the loss at `start` and goes on from the last checkpoint).
 */
import { randomUUID } from 'node:crypto'
import { type Job, UnrecoverableError } from 'bullmq'
import type { Redis } from 'ioredis'
import type { StoredFile } from '../jobs/job.ts'
import { type JobRecord, readRecord } from '../jobs/record.ts'
import { isRefused, type Transitions } from '../jobs/transitions.ts'
import type { Log } from '../log.ts'
import type { Pipeline, StageSettings } from '../pipelines/pipeline.ts'
import { type Execute, runPipeline, StageFailure } from '../pipelines/runner.ts'
import type { Enqueuer } from '../queues/enqueuer.ts'
import { bullKeys, type ProcessData, QUEUES } from '../queues/names.ts'
import type { Storage } from '../storage/storage.ts'
import type { Courier } from './courier.ts'
import { createJournal, FencedError } from './journal.ts'
import { handBack, LockLost, RetryLater, ShuttingDown, settleRefused } from './outcomes.ts'
import type { Runs } from './runs.ts'
import type { SuspectPlace } from './suspects.ts'

export interface ProcessDeps {
  readonly redis: Redis
  readonly transitions: Transitions
  readonly enqueuer: Enqueuer
  readonly courier: Courier
  readonly storage: Storage
  readonly pipelines: ReadonlyMap<string, Pipeline>
  readonly execute: (pipeline: string) => Execute
  readonly suspects: SuspectPlace
  readonly runs: Runs
  readonly settings: StageSettings
  readonly stageTimeout: number
  /** `host:pid`, as events show it. */
  readonly worker: string
  readonly log: Log
  readonly closing: AbortSignal
}

/** A job that this worker holds. */
interface Held {
  readonly record: JobRecord
  readonly token: string
}

export function createProcess(deps: ProcessDeps) {
  const { redis, transitions, enqueuer, courier, storage, log, closing } = deps

  return async function processJob(job: Job<ProcessData>, lock?: string): Promise<void> {
    if (closing.aborted) return handBack(job, lock)
    const suspect = { leave: () => {} }
    try {
      const held = await take(job, lock!, suspect)
      if (held) await carryThrough(job, lock!, held, suspect)
    } finally {
      suspect.leave()
    }
  }

  /** The transition `start`; null where there is nothing left to be done. */
  async function take(
    job: Job<ProcessData>,
    lock: string,
    suspect: { leave: () => void },
  ): Promise<Held | null> {
    const { jobId, flow } = job.data
    const token = randomUUID()
    const stages = deps.pipelines.get(job.name)?.stages ?? []
    const atOnce = stages.filter(({ runs }) => runs === 'inline').map(({ name }) => name)
    const start = (isSuspect: boolean) =>
      transitions.start({
        id: jobId,
        flow,
        token,
        lockKey: bullKeys.lock(QUEUES.process, job.id!),
        lock,
        worker: deps.worker,
        suspect: isSuspect,
        atOnce,
      })

    let answer = await start(false)
    if ('suspect' in answer) {
      log.warn(`job ${jobId} has lost its workers before; it waits for the place for suspects`)
      try {
        suspect.leave = await deps.suspects.take(closing)
      } catch (reason) {
        if (reason instanceof ShuttingDown) return handBack(job, lock)
        throw reason
      }
      answer = await start(true)
    }
    if ('record' in answer) return { record: answer.record, token }
    if (isRefused(answer)) {
      settleRefused(await readRecord(redis, jobId), flow)
      return null
    }
    if ('refilled' in answer) {
      log.warn(`job ${jobId} was started without all of its files: they are attached anew`)
      await enqueuer.enqueue({ kind: 'flow', jobId, flow: flow + 1 })
    }
    if ('delivery' in answer) courier.begin(answer.delivery)
    if ('lost' in answer) throw new UnrecoverableError('Its workers died under it five times in a row.')
    return null
  }

  async function carryThrough(
    job: Job<ProcessData>,
    lock: string,
    held: Held,
    suspect: { leave: () => void },
  ): Promise<void> {
    const { record, token } = held
    const holder = { id: record.id, token }
    const run = deps.runs.open(record.id, token)
    const journal = createJournal(holder, transitions, log, begunStage(record))
    let mirrored = false
    try {
      const { last, outputs, result } = await runPipeline(
        {
          jobId: record.id,
          token,
          pipeline: pipelineOf(record),
          files: record.files.map(stageFile),
          outputs: record.outputs,
          settings: deps.settings,
          stageTimeout: deps.stageTimeout,
        },
        {
          ...journal,
          async progress(stage, index, percent, message) {
            await journal.progress(stage, index, percent, message)
            mirrored = true
            await mirror(job, stage, percent)
          },
          async checkpoint(completed) {
            await journal.checkpoint(completed)
            suspect.leave()
          },
        },
        deps.execute(record.pipeline),
        run.signal,
      )
      const callback = courier.prepare(record.callbackUrl)
      const answer = await transitions.finish({ ...holder, checkpoint: last, result, slot: callback.slot })
      if (isRefused(answer)) throw new FencedError(answer.refused)
      log.info(`job ${record.id} completed`)
      // A short job is over before anybody could have seen how far it was.
      if (mirrored) void mirror(job, last.stage, 100)
      callback.begin(answer.delivery, answer.frozen)
      await removeIntermediates(record.id, outputs)
    } catch (error) {
      await settleFailure(job, lock, holder, error)
    } finally {
      run.close()
    }
  }

  async function settleFailure(
    job: Job<ProcessData>,
    lock: string,
    holder: { id: string; token: string },
    error: unknown,
  ): Promise<void> {
    if (error instanceof FencedError) {
      log.info(`job ${holder.id} is no longer this worker's (${error.by})`)
      return settleRefused(await readRecord(redis, holder.id), job.data.flow)
    }
    if (error instanceof ShuttingDown) {
      log.info(`job ${holder.id} is handed over`)
      const answer = await transitions.handOver(holder)
      if (isRefused(answer)) return settleRefused(await readRecord(redis, holder.id), job.data.flow)
      return handBack(job, lock)
    }
    if (error instanceof LockLost) {
      // No worker died: unless another has it already, it goes on without a loss being counted.
      await transitions.handOver(holder)
      throw error
    }
    const failure = error instanceof StageFailure ? error : unforeseen(error)
    log.warn({ err: withoutContent(failure) }, `job ${holder.id} ${failure.stage} failed: ${failure.code}`)
    const answer = await transitions.attemptFailed({
      ...holder,
      incurable: failure.incurable,
      error: {
        code: failure.code,
        message: failure.message,
        ...(failure.stage === '' ? {} : { stage: failure.stage }),
        ...(failure.fileId === undefined ? {} : { fileId: failure.fileId }),
      },
    })
    if (isRefused(answer)) return settleRefused(await readRecord(redis, holder.id), job.data.flow)
    if (!answer.final) throw new RetryLater(failure.message, answer.delayMs)
    courier.begin(answer.delivery)
    throw new UnrecoverableError(failure.message)
  }

  function pipelineOf(record: JobRecord): Pipeline {
    const pipeline = deps.pipelines.get(record.pipeline)
    const stages = record.stages.map(({ name }) => pipeline?.stages.find(stage => stage.name === name))
    if (!pipeline || stages.some(stage => stage === undefined)) {
      throw new StageFailure(
        'stage-failed',
        `This worker does not know the pipeline "${record.pipeline}" with the stages that the job was made with.`,
        record.stages[0]?.name ?? '',
      )
    }
    // The job's own list, in its order: it keeps the stages that it was made with.
    return { ...pipeline, stages: stages.filter(stage => stage !== undefined) }
  }

  /** They held what redaction removes later: gone at once, and by the janitor if this process dies here. */
  async function removeIntermediates(jobId: string, outputs: JobRecord['outputs']): Promise<void> {
    for (const { key } of outputs.flatMap(output => output?.intermediates ?? [])) {
      await storage
        .remove(key)
        .catch(error => log.warn({ err: error }, `job ${jobId}: an intermediate is left to the janitor`))
    }
  }

  /** For Bull Board; nothing else reads it. */
  async function mirror(job: Job<ProcessData>, stage: string, percent: number): Promise<void> {
    await job
      .updateProgress({ stage, percent })
      .catch(error => log.debug({ err: error }, 'progress was not mirrored'))
  }
}

/** Counts from 1; 0 where the start has begun none. */
function begunStage({ progress }: JobRecord): number {
  return progress.stages[progress.stageIndex - 1]?.status === 'running' ? progress.stageIndex : 0
}

function stageFile({ id, name, size, type, sha256, key }: StoredFile) {
  return { id, name, size, type, sha256, key }
}

/** What went wrong around the stages, in a process that lives: an attempt that failed, not a worker that was lost. */
function unforeseen(cause: unknown): StageFailure {
  return new StageFailure(
    'stage-failed',
    'The worker could not go on with this job; the log of the service says why.',
    '',
    { cause },
  )
}

/** Where it failed; what it says may quote what the stage was reading, and stays inside (I7). */
function withoutContent(failure: StageFailure): object {
  const cause = failure.cause
  if (!(cause instanceof Error)) return { code: failure.code }
  return {
    code: failure.code,
    cause: cause.name,
    at: cause.stack
      ?.split('\n')
      .filter(line => /^\s+at /.test(line))
      .slice(0, 8),
  }
}
