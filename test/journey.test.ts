/**
 * The whole way, as a newcomer goes it: one command, an upload, its stages live, the report, the queues in Bull Board, a
 * signed callback; then every process is killed while it works, and all of it is started again on the same data.
 */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Delivery, Job, JobEvent } from '../src/jobs/job.ts'
import { REAL, type Sluice, startSluice } from './supervisor/sluice.ts'
import { tarred, zipped } from './support/archives.ts'
import { childrenOf } from './support/children.ts'
import { eventually } from './support/eventually.ts'
import { type Receiver, startReceiver } from './support/receiver.ts'
import { freePort } from './support/redis.ts'

const SAMPLE = readFileSync(new URL('../examples/checkout-incident.log', import.meta.url))
const OPERATOR = new URL('../src/operator.ts', import.meta.url).pathname

let dataDir: string
let receiver: Receiver
let sluice: Sluice
let url: string
/** Its own: an API that is started again must be found where it was. */
let port: number

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'sluice-journey-'))
  receiver = await startReceiver()
  port = await freePort()
  await start()
})
afterAll(async () => {
  await sluice?.end()
  await receiver?.close()
  await rm(dataDir, { recursive: true, force: true })
})

async function start(): Promise<void> {
  sluice = startSluice(
    {
      SLUICE_DATA_DIR: dataDir,
      SLUICE_WEBHOOK_ALLOW: receiver.allowEntry,
      SLUICE_WORKERS: '2',
      PORT: String(port),
    },
    { program: REAL },
  )
  const ended = sluice.exited.then(({ code }) =>
    Promise.reject(new Error(`it ended with ${code}: ${sluice.errors()}`)),
  )
  const announced = eventually(
    () => sluice.output().match(/Web UI +(\S+)\/\n/),
    match => match !== null,
  )
  url = (await Promise.race([announced, ended]))![1]!
}

async function upload(...names: string[]): Promise<Job> {
  const form = new FormData()
  for (const name of names) form.append('files', new Blob([SAMPLE]), name)
  form.append('callbackUrl', receiver.url)
  const response = await fetch(`${url}/api/jobs`, { method: 'POST', body: form })
  expect(response.status, await response.clone().text()).toBe(202)
  return (await response.json()) as Job
}

async function get<T>(path: string): Promise<T> {
  return (await (await fetch(`${url}${path}`)).json()) as T
}

/** A job's story, as the stream tells it to its end. */
async function follow(id: string): Promise<JobEvent[]> {
  const response = await fetch(`${url}/api/jobs/${id}/events`, { headers: { accept: 'text/event-stream' } })
  return [...(await response.text()).matchAll(/^data: (.*)$/gm)].map(
    ([, data]) => JSON.parse(data!) as JobEvent,
  )
}

async function secret(): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [OPERATOR, 'webhook-secret'], {
    env: { PATH: process.env.PATH, SLUICE_DATA_DIR: dataDir },
  })
  return stdout.trim()
}

async function expectWholeJourney(): Promise<Job> {
  const calls = receiver.requests.length
  const created = await upload('checkout.log', 'журнал.log')
  expect(created).toMatchObject({
    pipeline: 'log-analysis',
    files: [{ name: 'checkout.log' }, { name: 'журнал.log' }],
  })

  const story = await follow(created.id)
  expect(story.map(event => event.type).filter(type => !/progress|log$/.test(type))).toEqual([
    'job.created',
    'file.uploaded',
    'file.uploaded',
    'job.submitted',
    'file.attached',
    'file.attached',
    'job.ready',
    'job.started',
    ...['ingestion', 'redaction', 'analysis', 'report'].flatMap(() => ['stage.started', 'stage.completed']),
    'job.completed',
  ])

  const job = await get<Job>(`/api/jobs/${created.id}`)
  expect(job).toMatchObject({
    status: 'completed',
    progress: { percent: 100 },
    attempts: { made: 1 },
    error: null,
  })
  expect(job.artifacts.map(artifact => artifact.name).sort()).toEqual(
    ['redacted/checkout.log', 'redacted/журнал.log', 'report.html', 'report.json', 'report.md'].sort(),
  )
  const report = await fetch(`${url}/api/jobs/${job.id}/artifacts/report.html`)
  expect(report.headers.get('content-type')).toContain('text/html')
  expect(await report.text()).toMatch(/^<!doctype html>/i)

  const call = await receiver.received(calls + 1)
  expect(receiver.verify(call, await secret())).toMatchObject({
    type: 'job.completed',
    data: { job: { id: job.id, status: 'completed' } },
  })
  const { items } = await get<{ items: Delivery[] }>(`/api/deliveries?jobId=${job.id}`)
  expect(items).toMatchObject([{ id: call.headers['webhook-id'] }])

  const board = await get<{ queues: { name: string; jobs: { name: string }[] }[] }>(
    '/admin/queues/api/queues?activeQueue=process&status=completed',
  )
  expect(board.queues.map(queue => queue.name).sort()).toEqual(['attach-file', 'deliver-webhook', 'process'])
  return job
}

describe('the journey', () => {
  test('from upload to report, live story, Bull Board and signed callback', async () => {
    await expectWholeJourney()
  })

  test('a bundle: each log in it is in the report, and can be fetched under its path', async () => {
    const form = new FormData()
    const bundle = await zipped({
      'var/log/größer & mehr.log': SAMPLE,
      'inner.tar.gz': await tarred({ 'deep/app.log': SAMPLE }, { gzip: true }),
    })
    form.append('files', new Blob([Uint8Array.from(bundle)]), 'bundle.zip')
    const created = (await (await fetch(`${url}/api/jobs`, { method: 'POST', body: form })).json()) as Job
    expect((await follow(created.id)).at(-1)!.type).toBe('job.completed')

    const job = await get<Job>(`/api/jobs/${created.id}`)
    expect(job.result).toMatchObject({ files: 2, bytes: bundle.length })
    const names = job.artifacts.map(({ name }) => name)
    expect(names.slice(0, 2)).toEqual([
      'redacted/var/log/größer & mehr.log',
      'redacted/inner.tar.gz/deep/app.log',
    ])
    const texts = await Promise.all(
      names.slice(0, 2).map(async name => {
        const path = name.split('/').map(encodeURIComponent).join('/')
        return (await fetch(`${url}/api/jobs/${job.id}/artifacts/${path}`)).text()
      }),
    )
    expect(texts[0]).toContain('[REDACTED:')
    expect(texts[1]).toBe(texts[0])
    expect(texts[0]!.split('\n')).toHaveLength(SAMPLE.toString().split('\n').length)
  })

  test('a bomb in a bundle: the job fails, names the member and the setting, and nothing of it is an artifact', async () => {
    const form = new FormData()
    const bundle = await zipped({ 'app.log': SAMPLE, 'bomb.log': Buffer.alloc(64 * 2 ** 20, 'boom\n') })
    form.append('files', new Blob([Uint8Array.from(bundle)]), 'bundle.zip')
    const created = (await (await fetch(`${url}/api/jobs`, { method: 'POST', body: form })).json()) as Job
    expect((await follow(created.id)).at(-1)!.type).toBe('job.failed')
    const job = await get<Job>(`/api/jobs/${created.id}`)
    expect(job).toMatchObject({
      status: 'failed',
      artifacts: [],
      error: { code: 'archive-limit', fileId: 'f1', stage: 'ingestion' },
    })
    expect(job.error!.message).toMatch(/^"bundle\.zip\/bomb\.log" .*SLUICE_ARCHIVE_RATIO/)
  })

  test.each([
    ['the API', /api\/main\.ts/],
    ['a worker', /workers\/main\.ts/],
    ['Redis', /redis-server|valkey-server/],
  ])(
    'kill -9 of %s in the middle loses nothing: every acknowledged job completes and calls back',
    async (_name, which) => {
      const jobs = await Promise.all(Array.from({ length: 6 }, (_, at) => upload(`${at}.log`)))
      const victim = childrenOf(sluice.pid).find(child => which.test(child.command))
      process.kill(victim!.pid, 'SIGKILL')
      for (const { id } of jobs) {
        const job = await eventually(
          () => get<Job>(`/api/jobs/${id}`).catch(() => null),
          each => each?.status === 'completed',
        )
        expect(job!.attempts.made).toBe(1)
      }
      await eventually(
        () => new Set(receiver.requests.map(request => String(request.headers['webhook-id']))),
        told => jobs.every(job => told.has(`msg_${job.id}_r1`)),
      )
    },
  )

  test('stopped and started again on the same data, everything is found, and the same way is gone again', async () => {
    const before = await expectWholeJourney()
    await sluice.end()
    expect((await sluice.exited).code).toBe(0)
    await start()
    expect(await get<Job>(`/api/jobs/${before.id}`)).toEqual(before)
    expect((await follow(before.id)).at(-1)).toMatchObject({ type: 'job.completed' })
    const kept = Buffer.from(
      await (await fetch(`${url}/api/jobs/${before.id}/files/f1/content`)).arrayBuffer(),
    )
    expect(kept.equals(SAMPLE)).toBe(true)
    await expectWholeJourney()
  })

  test('kill -9 of the supervisor itself leaves nothing running, and the next start goes on where it was', async () => {
    const jobs = await Promise.all(Array.from({ length: 4 }, (_, at) => upload(`${at}.log`)))
    process.kill(sluice.pid, 'SIGKILL')
    await sluice.exited
    await start()
    for (const { id } of jobs)
      await eventually(
        () => get<Job>(`/api/jobs/${id}`),
        job => job.status === 'completed',
      )
  })
})
