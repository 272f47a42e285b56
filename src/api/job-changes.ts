/** What can be done to a job that is there: cancel, retry, delete. One by one, and many at once, it is the same. */
import { randomUUID } from 'node:crypto'
import type { By } from '../jobs/audit.ts'
import { artifactsOf, isInfected, type JobRecord, readRecord } from '../jobs/record.ts'
import { isRefused, type Refused } from '../jobs/transitions.ts'
import { keysOf } from '../pipelines/stored-artifact.ts'
import type { Services } from './services.ts'
import { enqueueDelivery, enqueueFlow } from './submission.ts'

export type ChangeRefusal =
  | 'gone'
  | 'job-final'
  | 'job-not-failed'
  | 'job-not-retryable'
  | 'job-not-draft'
  | 'job-not-final'
  | 'uploads-in-progress'
  | 'not-expired'

type Change = (
  services: Services,
  record: JobRecord,
  by: By,
  onlyDraft?: boolean,
) => Promise<Refused<ChangeRefusal> | null>

/** Each answers null once it is done. */
export const CHANGES = {
  async cancel(services, { id }, by) {
    const answer = await services.transitions.cancel(id, by)
    if (isRefused(answer)) return answer
    await enqueueDelivery(services, answer.delivery)
    return null
  },

  async retry(services, { id }, by) {
    const answer = await services.transitions.retry(id, randomUUID(), by)
    if (isRefused(answer)) return answer
    const record = await readRecord(services.redis, id)
    if (record) await enqueueFlow(services, record)
    return null
  },

  async delete({ transitions, storage, log }, record, by, onlyDraft = false) {
    const answer = await transitions.delete({
      id: record.id,
      token: randomUUID(),
      by,
      onlyDraft,
      uploadedBytes: record.files
        .filter(({ id }) => !isInfected(record, id))
        .reduce((sum, { size }) => sum + size, 0),
    })
    if (isRefused(answer)) return answer
    const removed = await Promise.allSettled([
      storage.removeAll(storedKeys(record)),
      ...record.uploads.map(async ({ key }) => storage.growing?.discard(key)),
    ])
    for (const each of removed) {
      if (each.status === 'fulfilled') continue
      log.warn({ err: each.reason }, `bytes of job ${record.id} could not be removed yet; the janitor will`)
    }
    return null
  },
} satisfies Record<string, Change>

export type ChangeName = keyof typeof CHANGES

function storedKeys(record: JobRecord): string[] {
  const intermediates = record.outputs.flatMap(output => output?.intermediates ?? [])
  return [...[...record.files, ...intermediates].map(({ key }) => key), ...keysOf(artifactsOf(record))]
}
