/** Jobs made and moved by transitions alone, for tests of what lies below HTTP and BullMQ. */
import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { JobRequest, UploadedFile } from '../../src/jobs/job.ts'
import { newJobId } from '../../src/jobs/job-id.ts'
import { readRecord } from '../../src/jobs/record.ts'
import { createTransitions, isRefused, type Transitions } from '../../src/jobs/transitions.ts'

export const STAGES = [
  { name: 'first', weight: 1 },
  { name: 'second', weight: 3 },
]

export function request(overrides: Partial<JobRequest> = {}): JobRequest {
  return {
    id: newJobId(),
    owner: 'anonymous',
    pipeline: 'inspect',
    stages: STAGES,
    priority: 0,
    metadata: {},
    callbackUrl: null,
    maxAttempts: 3,
    ...overrides,
  }
}

export function uploaded(name: string): UploadedFile {
  return {
    name,
    size: 3,
    type: 'text/plain',
    sha256: 'a'.repeat(64),
    key: `x/${name.replace(/\W/g, '')}`,
    etag: 'e',
  }
}

export function output(name?: string) {
  if (name === undefined) return { artifacts: [], intermediates: [] }
  return {
    artifacts: [{ name, size: 1, type: 'text/plain', stage: 'first', key: `x/${name}` }],
    intermediates: [],
  }
}

export function records(redis: Redis) {
  const transitions = createTransitions(redis)
  const lockKey = '{sluice}:process:test:lock'

  return {
    transitions,
    /** A submitted job with so many files, as after an upload. */
    async submitted(files = 1, overrides: Partial<JobRequest> = {}): Promise<string> {
      const wanted = request(overrides)
      const names = Array.from({ length: files }, (_, index) => uploaded(`${index + 1}.log`))
      await transitions.create(wanted, randomUUID(), { lease: null, files: names, submit: true })
      return wanted.id
    },
    /** One whose files are all attached. */
    async pending(files = 1, overrides: Partial<JobRequest> = {}): Promise<string> {
      const id = await this.submitted(files, overrides)
      for (let index = 1; index <= files; index++)
        await transitions.attached({ id, flow: 1, fileId: `f${index}`, type: 'text/plain' })
      return id
    },
    /** The transition `start` by a worker that holds BullMQ's lock. */
    async start(id: string, options: Partial<Parameters<Transitions['start']>[0]> = {}) {
      await redis.set(lockKey, 'lock')
      const { flow } = (await readRecord(redis, id)) ?? { flow: 1 }
      return transitions.start({
        id,
        flow,
        token: randomUUID(),
        lockKey,
        lock: 'lock',
        worker: 'test:1',
        suspect: false,
        ...options,
      })
    },
    /** One that a worker holds under the token. */
    async processing(token: string, overrides: Partial<JobRequest> = {}): Promise<string> {
      const id = await this.pending(1, overrides)
      const answer = await this.start(id, { token })
      if (isRefused(answer)) throw new Error(`start was refused: ${answer.refused}`)
      return id
    },
  }
}
