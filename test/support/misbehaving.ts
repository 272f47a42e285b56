/**
 * Pipelines that misbehave on purpose, by the names of the files that they are given: a test says at the upload what is
 * to happen. They have the product's own `Stage` and nothing else.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { inspect } from '../../src/pipelines/inspect.ts'
import type { Pipeline, Stage, StageContext } from '../../src/pipelines/pipeline.ts'
import { StageError } from '../../src/pipelines/pipeline.ts'
import { RECORD_BYTES } from '../../src/pipelines/stored-artifact.ts'

const STAGES = ['one', 'two', 'three']

/** Does what the names of its files say, where they name the stage: `<what>-<stage>`. */
async function misbehave(stage: string, context: StageContext): Promise<void> {
  for (const file of context.files) {
    const asked = (what: string) => file.name.startsWith(`${what}-${stage}`)
    context.progress(10, file.name)
    if (asked('kill')) process.kill(process.pid, 'SIGKILL')
    if (asked('fail'))
      throw new StageError('stage-failed', `The stage ${stage} was asked to fail.`, { fileId: file.id })
    if (asked('throw')) throw new Error('a secret that must not leave: hunter2')
    if (asked('hang')) await aborted(context.signal)
    if (asked('deaf')) await new Promise(() => {})
    if (asked('spin')) for (;;);
    // What is asked for once is not done again, as a file tells that is named after the job.
    const firstTime = () => {
      const flag = `${process.env.TEST_FLAGS}/${context.jobId}`
      if (existsSync(flag)) return false
      writeFileSync(flag, '')
      return true
    }
    if (asked('once') && firstTime())
      throw new StageError('stage-failed', `The stage ${stage} was asked to fail once.`)
    if (asked('linger') && firstTime()) await aborted(context.signal)
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
  })
}

function stageOf(name: string): Pick<Stage, 'name' | 'weight' | 'run'> {
  return {
    name,
    weight: 1,
    async run(context) {
      await context.writeArtifact(
        `${name}.txt`,
        { type: 'text/plain' },
        (async function* () {
          // Too long for the record: an object of its own.
          yield name.padEnd(RECORD_BYTES + 1)
        })(),
      )
      await context.writeIntermediate(
        `${name}.raw`,
        (async function* () {
          yield name
        })(),
      )
      await misbehave(name, context)
      context.progress(100)
      return { stages: STAGES.length }
    },
  }
}

export const misbehaving: Pipeline = {
  name: 'misbehaving',
  description: 'For tests.',
  stages: STAGES.map(name => ({ ...stageOf(name), runs: 'inline' })),
}

export const misbehavingInThread: Pipeline = {
  name: 'misbehaving-in-thread',
  description: 'For tests: its one stage burns CPU.',
  stages: [{ ...stageOf('one'), runs: 'thread', module: import.meta.url }],
}

export const testPipelines: ReadonlyMap<string, Pipeline> = new Map(
  [inspect, misbehaving, misbehavingInThread].map(each => [each.name, each]),
)
