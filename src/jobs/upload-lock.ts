/**
 * The lock on an open upload, for all API processes: one request at a time writes to it. A client that was cut off comes
 * back before its old connection is known to be dead, so whoever waits is heard: the holder is asked to let go.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'
import { defineScript } from './script.ts'

/** Milliseconds after which the lock of a process that died is free. */
const LOCK_MS = 10_000
/** Milliseconds between a holder's looks at who wants it, and between a waiter's tries. */
const LOOK_MS = 500
const TRY_MS = 50

export interface UploadLock {
  /** No error where Redis is away: it runs out by itself. */
  release(): Promise<void>
}

export type UploadLocks = ReturnType<typeof createUploadLocks>

export function createUploadLocks(redis: Redis) {
  const script = defineScript(redis, 'upload-lock')
  const call = (action: string, id: string, token: string) =>
    script([keys.uploadLock(id), keys.uploadWanted(id)], [action, token, LOCK_MS])

  return {
    /**
     * @param id as `formatUploadId` makes it.
     * @param options `patience`: milliseconds to wait for it. `letGo`: called once when somebody else wants it, or has it.
     * @returns null where it could not be had.
     */
    async take(
      id: string,
      { patience, letGo, signal }: { patience: number; letGo: () => void; signal?: AbortSignal },
    ): Promise<UploadLock | null> {
      const token = randomUUID()
      const end = performance.now() + patience
      while ((await call('take', id, token)) !== 'ok') {
        if (signal?.aborted || performance.now() >= end) return null
        await delay(TRY_MS)
      }
      let asked = false
      const timer = setInterval(async () => {
        // With Redis away it is kept until it runs out; then another may have it.
        const answer = await call('renew', id, token).catch(() => 'ok')
        if (answer === 'lost') clearInterval(timer)
        if (answer === 'ok' || asked) return
        asked = true
        letGo()
      }, LOOK_MS)
      timer.unref()
      return {
        async release() {
          clearInterval(timer)
          // With Redis away it runs out by itself.
          await call('release', id, token).catch(() => undefined)
        },
      }
    },
  }
}
