/**
 * A pipeline that misbehaves on purpose, by the names of the files that it is given: a test says at the upload what is to
 * happen. It has the product's own `Stage` and nothing else.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { inspect } from '../../src/pipelines/inspect.ts'
import type { Pipeline, Stage, StageContext } from '../../src/pipelines/pipeline.ts'
import { StageError } from '../../src/pipelines/pipeline.ts'

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
    if (asked('hang'))
      await new Promise((_, reject) =>
        context.signal.addEventListener('abort', () => reject(context.signal.reason)),
      )
    if (asked('deaf')) await new Promise(() => {})
    if (asked('once')) {
      // Fails until the file that its name ends with says that it has failed before.
      const flag = `${process.env.TEST_FLAGS}/${context.jobId}`
      if (!existsSync(flag)) {
        writeFileSync(flag, '')
        throw new StageError('stage-failed', `The stage ${stage} was asked to fail once.`)
      }
    }
  }
}

function stageOf(name: string): Stage {
  return {
    name,
    weight: 1,
    runs: 'inline',
    async run(context) {
      await context.writeArtifact(
        `${name}.txt`,
        { type: 'text/plain' },
        (async function* () {
          yield name
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
  stages: STAGES.map(stageOf),
}

export const testPipelines: ReadonlyMap<string, Pipeline> = new Map(
  [inspect, misbehaving].map(each => [each.name, each]),
)
