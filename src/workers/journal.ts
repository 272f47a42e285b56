/**
 * A run's journal: what its stages tell, as transitions under the run's start token, one after the other and numbered,
 * so that a script that is sent twice is told from two.
 */
import type { Fenced, Refused, Transitions } from '../jobs/transitions.ts'
import { isRefused } from '../jobs/transitions.ts'
import type { Log } from '../log.ts'
import type { Journal } from '../pipelines/runner.ts'

/** The job is no longer this worker's: it ended, was deleted, or was given to another. */
export class FencedError extends Error {
  override readonly name = 'FencedError'
  readonly by: Fenced

  constructor(by: Fenced) {
    super(`the job is no longer this worker's (${by})`)
    this.by = by
  }
}

/** @param begun the stage of which the start has told already that it began; 0 for none. */
export function createJournal(
  holder: { id: string; token: string },
  transitions: Transitions,
  log: Log,
  begun: number,
): Journal {
  let seq = 0
  let lines = 0
  let before: Promise<unknown> = Promise.resolve()
  /** Progress and lines are dropped where Redis refuses them (out of memory): no reason to end the run. */
  const dropped = (error: unknown) => {
    if (error instanceof FencedError) throw error
    log.warn({ err: error }, `job ${holder.id}: something that its stage told was not kept`)
  }
  const inOrder = (
    write: (numbered: { id: string; token: string; seq: number }) => Promise<object | Refused<Fenced>>,
  ): Promise<void> => {
    const numbered = { ...holder, seq: ++seq }
    const written = before.then(async () => {
      const answer = await write(numbered)
      if (isRefused(answer)) throw new FencedError(answer.refused as Fenced)
    })
    // Its own writer is told; the next one waits only for its end.
    before = written.catch(() => undefined)
    return written
  }

  return {
    stageStarted(stage, index) {
      log.info(`job ${holder.id} ${stage} started`)
      if (index === begun) return Promise.resolve()
      return inOrder(args => transitions.stageStarted({ ...args, stage, index }))
    },
    progress(stage, index, percent, message) {
      log.info(`job ${holder.id} ${stage} ${percent} %${message === undefined ? '' : ` ${message}`}`)
      return inOrder(args =>
        transitions.progress({
          ...args,
          stage,
          index,
          percent,
          ...(message === undefined ? {} : { message }),
        }),
      ).catch(dropped)
    },
    // The record keeps 1,000 and tells that there were more; the rest is not even sent.
    log: (stage, level, message) =>
      ++lines > 1_001
        ? Promise.resolve()
        : inOrder(args => transitions.log({ ...args, stage, level, message: cut(message, 2_048) })).catch(
            dropped,
          ),
    checkpoint(completed) {
      log.info(`job ${holder.id} ${completed.stage} completed in ${completed.durationMs} ms`)
      return inOrder(args => transitions.checkpoint({ ...args, checkpoint: completed }))
    },
    told: async () => void (await before),
  }
}

/** At most so many bytes of UTF-8, cut at a character's boundary. */
function cut(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text
  const room = Buffer.from(text).subarray(0, bytes - 3)
  return `${new TextDecoder('utf-8').decode(room, { stream: true })}…`
}
