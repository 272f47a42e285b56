/** The API in this process, on a real port, with a real Redis and a real folder. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Redis } from 'ioredis'
import { type RunningApi, startApi as start } from '../../src/api/compose.ts'
import type { Pace } from '../../src/api/pace.ts'
import type { Services } from '../../src/api/services.ts'
import { type Config, loadConfig } from '../../src/config.ts'
import type { Job } from '../../src/jobs/job.ts'
import { createLog, type Log } from '../../src/log.ts'
import { pipelines } from '../../src/pipelines/registry.ts'
import { startTestRedis, type TestRedis } from './redis.ts'

export interface TestApi {
  readonly url: string
  readonly redis: TestRedis
  /** The API's own connection, to look at what it has written. */
  readonly client: Redis
  readonly services: Services
  readonly storageDir: string
  /** Every object that is stored. */
  objects(): Promise<string[]>
  /** Every key of a job's record. */
  jobKeys(): Promise<string[]>
  /** @param graceMs for requests under way. */
  stop(graceMs?: number): Promise<void>
}

export interface TestApiOptions {
  readonly config?: Partial<Config>
  readonly pace?: Partial<Pace>
  readonly log?: Log
  /** A Redis that others use, too; it is not stopped. */
  readonly redis?: TestRedis
  /** Where the API finds Redis, if not there: a proxy. */
  readonly redisUrl?: string
}

export const silent = createLog({ level: 'silent', format: 'json', role: 'test' })

export async function startApi(options: TestApiOptions = {}): Promise<TestApi> {
  const redis = options.redis ?? (await startTestRedis())
  const dir = await mkdtemp(join(tmpdir(), 'sluice-api-'))
  const storageDir = join(dir, 'storage')
  const config: Config = {
    ...loadConfig({
      SLUICE_DATA_DIR: dir,
      PORT: '0',
      SLUICE_STORAGE_RESERVE: '1MiB',
      SLUICE_RATE_LIMIT: 'none',
    }),
    ...options.config,
  }
  const { pace, log = silent, redisUrl = redis.url } = options
  const running: RunningApi = await start({
    config,
    redisUrl,
    log,
    version: '0.0.0-test',
    pipelines,
    ...(pace && { pace }),
  })
  return {
    url: running.url,
    redis,
    client: running.services.redis,
    services: running.services,
    storageDir,
    async objects() {
      const entries = await readdir(join(storageDir, 'objects'), {
        recursive: true,
        withFileTypes: true,
      }).catch(() => [])
      return entries.filter(entry => entry.isFile()).map(entry => entry.name)
    },
    jobKeys: () => running.services.redis.keys('{sluice}:job:*'),
    async stop(graceMs = 1_000) {
      await running.stop(graceMs)
      if (!options.redis) await redis.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** A multipart body of files (name → content) and fields. */
export function form(
  files: Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>,
  fields: Readonly<Record<string, string | readonly string[]>> = {},
): FormData {
  const data = new FormData()
  for (const [name, value] of Object.entries(fields)) {
    for (const each of [value].flat()) data.append(name, each as string)
  }
  for (const [name, content] of Object.entries(files)) data.append('files', new Blob([content]), name)
  return data
}

/** Uploads and submits one small file; answers the job. */
export async function upload(
  api: TestApi,
  fields: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Job> {
  const response = await fetch(`${api.url}/api/jobs`, {
    method: 'POST',
    body: form({ 'app.log': 'hello\n' }, { pipeline: 'inspect', ...fields }),
    headers,
  })
  if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`)
  return (await response.json()) as Job
}

/** Opens a draft; answers the job. */
export async function draft(
  api: TestApi,
  body: object = { pipeline: 'inspect' },
  headers: Readonly<Record<string, string>> = {},
): Promise<Job> {
  const response = await fetch(`${api.url}/api/jobs`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  })
  if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`)
  return (await response.json()) as Job
}

/** Ends and deletes every job. */
export async function removeAll(api: TestApi): Promise<void> {
  const page = await fetch(`${api.url}/api/jobs?limit=200`)
  for (const { id } of ((await page.json()) as { items: Job[] }).items) {
    await fetch(`${api.url}/api/jobs/${id}/cancel`, { method: 'POST' })
    const response = await fetch(`${api.url}/api/jobs/${id}`, { method: 'DELETE' })
    if (response.status !== 204) throw new Error(`${response.status} ${await response.text()}`)
  }
  const left = await api.client.keys('{sluice}:job:*:deleted')
  if (left.length > 0) await api.client.del(...left)
}
