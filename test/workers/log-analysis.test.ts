/** The analysis in the product's own worker, killed in the middle of everything: nobody could tell from the report. */
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { logAnalysis } from '../../src/pipelines/log-analysis/log-analysis.ts'
import { openArtifact } from '../../src/pipelines/stored-artifact.ts'
import { zipped } from '../support/archives.ts'
import { type RunningProcess, startProcess, WORKER } from '../support/processes.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { callsScript, type RedisCommand, type RedisProxy, startRedisProxy } from '../support/redis-proxy.ts'
import { createUploader, type Uploader } from '../support/uploader.ts'

const sample = await readFile(new URL('../../examples/checkout-incident.log', import.meta.url), 'utf8')
/** Several chunks long, so that a stage has a middle to be killed in. */
const LOG = `${sample.trimEnd()}\n`.repeat(40)
const BUNDLE = await zipped({
  'app.log': sample,
  'inner.zip': await zipped({ 'app.log': sample }),
})
const STAGES = logAnalysis.stages.map(({ name }) => name)

let redis: TestRedis
let jobs: Uploader
let proxy: RedisProxy
const running = new Set<RunningProcess>()

beforeAll(async () => {
  redis = await startTestRedis()
})
beforeEach(async () => {
  jobs = await createUploader(redis.url)
  await redis.flush()
  proxy = await startRedisProxy(redis.port)
})
afterEach(async () => {
  await Promise.all([...running].map(each => each.kill('SIGKILL')))
  running.clear()
  await proxy.close()
  await jobs.close()
})
afterAll(() => redis.stop())

async function startWorker(redisUrl = redis.url): Promise<RunningProcess> {
  const worker = await startProcess(WORKER, { REDIS_URL: redisUrl, ...jobs.env })
  running.add(worker)
  return worker
}

const upload = () =>
  jobs.upload({
    pipeline: logAnalysis.name,
    stages: logAnalysis.stages.map(({ name, weight }) => ({ name, weight })),
    files: { 'checkout.log': LOG, 'small.log': '2024-03-07 10:00:00 INFO up\n', 'bundle.zip': BUNDLE },
  })

/** Every artifact's bytes as text, without the time at which the report was made. */
async function artifacts(id: string): Promise<Record<string, string>> {
  const record = await jobs.ended(id)
  expect(record).toMatchObject({ status: 'completed', error: null })
  const stored = record.outputs.flatMap(output => output!.artifacts)
  const contents = await Promise.all(
    stored.map(async each => [each.name, await text(await openArtifact(jobs.storage, each))] as const),
  )
  const { generatedAt } = JSON.parse(Object.fromEntries(contents)['report.json']!)
  // For people it is written in their way.
  const spellings = [
    generatedAt,
    generatedAt.slice(0, 19).replace('T', ' '),
    generatedAt.slice(0, 16).replace('T', ' '),
  ]
  return Object.fromEntries(
    contents.map(([name, content]) => [
      name,
      spellings.reduce((rest, spelling) => rest.replaceAll(spelling, 'then'), content),
    ]),
  )
}

function tells(script: 'progress' | 'checkpoint' | 'finish', stage: string) {
  const calls = callsScript('history', 'prelude', script)
  return (command: RedisCommand) =>
    calls(command) && command.some(word => word.includes(`"stage":${JSON.stringify(stage)}`))
}

/** Lets one worker after the other begin the job, each killed when it says what it is listened for. */
async function killedAt(points: readonly ((command: RedisCommand) => boolean)[]) {
  let id = ''
  for (const fits of points) {
    const reached = proxy.stopAt(command => (fits(command) ? 'before' : 'pass'))
    const victim = await startWorker(proxy.url)
    id ||= await upload()
    await reached
    await victim.kill('SIGKILL')
    running.delete(victim)
  }
  await startWorker()
  return artifacts(id)
}

async function undisturbed() {
  const worker = await startWorker()
  const whole = await artifacts(await upload())
  await worker.kill('SIGKILL')
  running.delete(worker)
  return whole
}

describe('the report is the same to the byte, but for its date', () => {
  test('when a worker was killed in the middle of each stage', async () => {
    const whole = await undisturbed()
    expect(Object.keys(whole)).toEqual([
      'redacted/checkout.log',
      'redacted/small.log',
      'redacted/app.log',
      'redacted/inner.zip/app.log',
      'report.json',
      'report.md',
      'report.html',
    ])
    expect(await killedAt(STAGES.map(stage => tells('progress', stage)))).toEqual(whole)
  })

  test('when a worker was killed between each stage’s end and its checkpoint, and before the job’s end was told', async () => {
    const whole = await undisturbed()
    const points = STAGES.map(stage => tells(stage === 'report' ? 'finish' : 'checkpoint', stage))
    expect(await killedAt(points)).toEqual(whole)
  })
})

describe('a job that is cancelled in the middle of a stage', () => {
  test('ends at once, is told nothing more of, and the worker goes on with others', async () => {
    const middle = proxy.holdAt(tells('progress', 'redaction'))
    await startWorker(proxy.url)
    const id = await upload()
    await middle.reached
    await jobs.transitions.cancel(id)
    expect(await jobs.record(id)).toMatchObject({ status: 'cancelled' })
    middle.release()
    await artifacts(await upload())
    expect((await jobs.story(id)).at(-1)!.type).toBe('job.cancelled')
    expect((await jobs.record(id))!.outputs, 'of the stages from redaction on').toEqual([
      expect.anything(),
      null,
      null,
      null,
    ])
  })
})

describe('a job that cannot be analysed', () => {
  test('fails at its first attempt, with the file’s name, and nothing of it is in the story', async () => {
    await startWorker()
    const id = await jobs.upload({
      pipeline: logAnalysis.name,
      stages: logAnalysis.stages.map(({ name, weight }) => ({ name, weight })),
      files: { 'good.log': 'fine\n', 'bad.log': 'hunter2\0\n' },
    })
    expect(await jobs.ended(id)).toMatchObject({
      status: 'failed',
      attempt: 1,
      error: {
        code: 'unsupported-content',
        stage: 'ingestion',
        fileId: 'f2',
        message: expect.stringContaining('"bad.log"'),
      },
    })
    expect(JSON.stringify(await jobs.story(id))).not.toContain('hunter2')
  })
})
