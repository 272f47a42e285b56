/** What the janitor does with open uploads: completes those whose request died too early, drops those past their time. */
import type { Redis } from 'ioredis'
import { createLeases } from '../jobs/leases.ts'
import {
  formatUploadId,
  listUploads,
  readUpload,
  type UploadId,
  type UploadState,
} from '../jobs/open-uploads.ts'
import { isRefused, type Transitions } from '../jobs/transitions.ts'
import { createUploadLocks } from '../jobs/upload-lock.ts'
import type { Log } from '../log.ts'
import type { Enqueuer } from '../queues/enqueuer.ts'
import type { Storage } from '../storage/storage.ts'
import { bytesOf, createCompletion } from './completion.ts'

export interface UploadSweepOptions {
  readonly redis: Redis
  readonly storage: Storage
  readonly transitions: Transitions
  readonly enqueuer: Enqueuer
  readonly log: Log
}

const AT_ONCE = 100

export function createUploadSweep(options: UploadSweepOptions) {
  const { redis, storage, transitions, log } = options
  const { growing } = storage
  const complete = growing && createCompletion({ ...options, growing })
  const leases = createLeases(redis)
  const locks = createUploadLocks(redis)

  async function completeIfWhole(state: UploadState): Promise<boolean> {
    const { open, status } = state
    if (!growing || !complete || open?.kind !== 'tus' || status !== 'draft') return false
    if ((await bytesOf(growing, state)) < open.size) return false
    // A request that is at it completes it by itself.
    const lock = await locks.take(formatUploadId(state), { patience: 0, letGo: () => undefined })
    if (!lock) return false
    try {
      const lease = await leases.take(state.jobId, 'draft')
      if ('refused' in lease) return false
      try {
        return !isRefused(await complete(state, open, lease))
      } finally {
        await lease.release()
      }
    } finally {
      await lock.release()
    }
  }

  async function dropIfExpired({ jobId, fileId }: UploadId): Promise<boolean> {
    const dropped = await transitions.dropUpload({ id: jobId, fileId, expired: true })
    if (isRefused(dropped)) return false
    await growing?.discard(dropped.upload.key)
    return true
  }

  return async (): Promise<{ completed: number; expired: number }> => {
    const swept = { completed: 0, expired: 0 }
    for (let skip = 0; ; ) {
      const ids = await listUploads(redis, skip, AT_ONCE)
      for (const id of ids) {
        try {
          const state = await readUpload(redis, id)
          if (state && (await completeIfWhole(state))) swept.completed++
          else if (await dropIfExpired(id)) swept.expired++
          else if (state?.open) skip++
        } catch (error) {
          // One that can't be completed must not keep the rest.
          log.warn({ err: error }, `the janitor could not see to upload ${formatUploadId(id)}`)
          skip++
        }
      }
      if (ids.length < AT_ONCE) return swept
    }
  }
}
