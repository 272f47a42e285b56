/**
 * The inside of a worker thread: runs one stage at a time. A composition root of its own, made from what the process
 * hands it.
 */
import { type MessagePort, workerData } from 'node:worker_threads'
import { type Pipeline, type Stage, StageError, type StageErrorCode } from '../pipelines/pipeline.ts'
import { createStageContext, type StageInput, type StageOutput } from '../pipelines/stage-context.ts'
import { createStorage, type StorageSettings } from '../storage/create-storage.ts'
import { StorageError, type StorageErrorCode } from '../storage/storage.ts'

export interface StageTask {
  /** URL of the module that exports the pipeline. */
  readonly module: string
  readonly pipeline: string
  readonly stage: string
  readonly input: StageInput
  readonly port: MessagePort
}

/** What the thread says while it works. */
export type StageMessage =
  | { readonly type: 'begin' }
  | { readonly type: 'progress'; readonly percent: number; readonly message?: string }
  | { readonly type: 'end' }
  | { readonly type: 'log'; readonly level: 'info' | 'warn' | 'error'; readonly message: string }

/** Errors lose their class and their fields on their way between threads, so outcomes are values. */
export type StageAnswer =
  | {
      readonly output: StageOutput
      readonly result: Awaited<ReturnType<Stage['run']>>
    }
  | { readonly failed: { code: StageErrorCode; message: string; fileId: string | undefined } }
  | { readonly storageFailed: { code: StorageErrorCode; message: string } }

/** Progress beyond this rate is dropped here already: it would only be throttled on the other side. */
const PROGRESS_SPACING_MS = 100

const settings = workerData as [unknown, StorageSettings] | StorageSettings
const storage = await createStorage(Array.isArray(settings) ? settings[1] : settings)

export default async function runStage(task: StageTask): Promise<StageAnswer> {
  const { port } = task
  const say = (message: StageMessage) => port.postMessage(message)
  const stage = await stageOf(task)
  let saidAt = 0
  const { context, output } = createStageContext(task.input, {
    storage,
    // A thread that is to stop is ended from outside, whatever it is doing.
    signal: new AbortController().signal,
    report: {
      progress(percent, message) {
        if (performance.now() - saidAt < PROGRESS_SPACING_MS && percent < 100) return
        saidAt = performance.now()
        say({ type: 'progress', percent, ...(message === undefined ? {} : { message }) })
      },
      log: (level, message) => say({ type: 'log', level, message }),
    },
  })
  say({ type: 'begin' })
  try {
    return { output, result: await stage.run(context) }
  } catch (error) {
    if (error instanceof StageError)
      return { failed: { code: error.code, message: error.message, fileId: error.fileId } }
    if (error instanceof StorageError) return { storageFailed: { code: error.code, message: error.message } }
    throw error
  } finally {
    say({ type: 'end' })
  }
}

/** @throws where its module exports no such pipeline, or where that has no such stage. */
async function stageOf({ module, pipeline, stage }: StageTask): Promise<Stage> {
  const exported: readonly (Partial<Pipeline> | null)[] = Object.values(await import(module))
  const found = exported.find(each => each?.name === pipeline)?.stages?.find(each => each.name === stage)
  if (!found) throw new Error(`${module} exports no pipeline "${pipeline}" with a stage "${stage}"`)
  return found
}
