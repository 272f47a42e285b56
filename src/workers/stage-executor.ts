/**
 * Where stages run: inline what only waits on storage; in a worker thread what burns CPU, so that no stage can stall the
 * locks of this process's other jobs, and one that hangs can be ended.
 */
import { MessageChannel } from 'node:worker_threads'
import { Piscina } from 'piscina'
import { StageError } from '../pipelines/pipeline.ts'
import type { Execute } from '../pipelines/runner.ts'
import { createStageContext } from '../pipelines/stage-context.ts'
import type { StorageSettings } from '../storage/create-storage.ts'
import type { Storage } from '../storage/storage.ts'
import { StorageError } from '../storage/storage.ts'
import type { StageAnswer, StageMessage, StageTask } from './stage-thread.ts'

export interface StageExecutor {
  execute(pipeline: string): Execute
  close(): Promise<void>
}

/** @param options `threads`: how many stages burn CPU at once; further ones wait for their turn. */
export function createStageExecutor(options: {
  storage: Storage
  /** What its threads make their storage of. */
  thread: StorageSettings
  threads: number
}): StageExecutor {
  const { storage } = options
  const pool = new Piscina<StageTask, StageAnswer>({
    filename: new URL('./stage-thread.ts', import.meta.url).href,
    minThreads: 0,
    maxThreads: options.threads,
    idleTimeout: 60_000,
    workerData: options.thread,
  })
  // Its threads' errors reject the tasks that they ran; a thread that dies idle is replaced.
  pool.on('error', () => undefined)

  const inline: Execute = async (stage, input, hooks, signal) => {
    const { context, output } = createStageContext(input, { storage, signal, report: hooks })
    hooks.begin()
    const { promise: aborted, reject } = Promise.withResolvers<never>()
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    try {
      // A stage that does not listen is left behind; what it still writes is never published.
      return { output, result: await Promise.race([stage.run(context), aborted]) }
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  const threaded =
    (pipeline: string, module: string): Execute =>
    async (stage, input, hooks, signal) => {
      const { port1, port2 } = new MessageChannel()
      const told = Promise.withResolvers<void>()
      port1.on('message', (message: StageMessage) => {
        if (message.type === 'end') told.resolve()
        else if (message.type === 'begin') hooks.begin()
        else if (message.type === 'progress') hooks.progress(message.percent, message.message)
        else hooks.log(message.level, message.message)
      })
      try {
        const answer = await pool.run(
          { module, pipeline, stage: stage.name, input, port: port2 },
          { transferList: [port2], signal },
        )
        // The answer comes another way than what the stage told, and may overtake it.
        await told.promise
        if ('failed' in answer)
          throw new StageError(
            answer.failed.code,
            answer.failed.message,
            answer.failed.fileId === undefined ? {} : { fileId: answer.failed.fileId },
          )
        if ('storageFailed' in answer)
          throw new StorageError(answer.storageFailed.code, answer.storageFailed.message)
        return answer
      } finally {
        port1.close()
      }
    }

  return {
    execute:
      pipeline =>
      (stage, ...rest) => {
        const there = stage.runs === 'thread' ? threaded(pipeline, stage.module) : inline
        return there(stage, ...rest)
      },
    close: () => pool.destroy(),
  }
}
