/** Does by hand, with the real transitions, what a worker would: the API's tests need jobs in every state. */
import { Readable } from 'node:stream'
import type { Job } from '../../src/jobs/job.ts'
import type { Cause } from '../../src/jobs/transitions.ts'
import { isRefused } from '../../src/jobs/transitions.ts'
import { RECORD_BYTES } from '../../src/pipelines/stored-artifact.ts'
import type { TestApi } from '../support/api.ts'

export interface Written {
  readonly name: string
  readonly type: string
  readonly content: string
}

function must<T extends object>(answer: T): T {
  if (isRefused(answer as T | { refused: string })) throw new Error(JSON.stringify(answer))
  return answer
}

/** Attaches every file: the job is `pending`. */
export async function attach(api: TestApi, job: Job): Promise<void> {
  for (const { id: fileId } of job.files) {
    must(await api.services.transitions.attached({ id: job.id, flow: 1, fileId, type: 'text/plain' }))
  }
}

/** Starts it: the job is `processing`. */
export async function start(api: TestApi, job: Job): Promise<{ id: string; token: string }> {
  await attach(api, job)
  const lockKey = `{sluice}:test:${job.id}:lock`
  await api.client.set(lockKey, 'held')
  const token = `start-${job.id}`
  must(
    await api.services.transitions.start({
      id: job.id,
      flow: 1,
      token,
      lockKey,
      lock: 'held',
      worker: 'test:1',
      suspect: false,
    }),
  )
  return { id: job.id, token }
}

/** Runs it to its end with these artifacts: the job is `completed`. */
export async function complete(api: TestApi, job: Job, written: readonly Written[] = []): Promise<void> {
  const holder = await start(api, job)
  const artifacts = await Promise.all(
    written.map(async ({ name, type, content }, index) => {
      const key = `${job.id}/a-test-${index}`
      const bytes = Buffer.from(content)
      const place =
        bytes.length <= RECORD_BYTES
          ? { size: bytes.length, content: bytes.toString('base64') }
          : { size: (await api.services.storage.put(key, Readable.from([bytes]))).size, key }
      return { name, type, ...place, stage: 'inspection' }
    }),
  )
  must(
    await api.services.transitions.finish({
      ...holder,
      checkpoint: { stage: 'inspection', index: 1, durationMs: 1, output: { artifacts, intermediates: [] } },
      result: { files: job.files.length, bytes: 0 },
    }),
  )
}

/** Fails its first file: the job is `failed`. */
export async function fail(
  api: TestApi,
  job: Job,
  code: Cause['code'] = 'storage-unavailable',
): Promise<void> {
  const fileId = job.files[0]!.id
  const error = { code, message: 'It could not be.', fileId }
  must(await api.services.transitions.attachFailed({ id: job.id, flow: 1, fileId, error }))
}
