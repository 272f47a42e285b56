/**
 * Leases: an upload under way holds one on its job, so that nobody takes its bytes for rubbish, and a draft is not
 * submitted beneath it. It lasts 30 s and is renewed while the request lives; the record script refuses a request
 * whose lease has run out, since its bytes may be gone by then.
 */
import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'
import { defineScript } from './script.ts'

export const LEASE_MS = 30_000

export interface Lease {
  readonly token: string
  /** Aborted when the lease could not be renewed in time: what was uploaded will be refused. */
  readonly lost: AbortSignal
  /** Gives it back; no error where Redis is away, since it runs out by itself. */
  release(): Promise<void>
  /** Stops renewing, when the record script has taken the lease. */
  stop(): void
}

export type Leases = ReturnType<typeof createLeases>

export function createLeases(redis: Redis) {
  const script = defineScript(redis, 'lease')
  const call = (action: string, jobId: string, token: string, on: 'draft' | 'new') =>
    script([keys.leases(jobId), keys.job(jobId)], [action, token, LEASE_MS, on])

  return {
    /** Whether any upload to the job is under way. */
    isHeld: async (jobId: string): Promise<boolean> => (await call('look', jobId, '', 'draft')) === 'held',

    /** @param on `draft`: the job must be one; `new`: there is no record yet. */
    async take(jobId: string, on: 'draft' | 'new'): Promise<Lease | { refused: 'gone' | 'job-not-draft' }> {
      const token = randomUUID()
      const answer = await call('take', jobId, token, on)
      if (answer !== 'ok') return { refused: answer as 'gone' | 'job-not-draft' }

      const lost = new AbortController()
      let renewedAt = Date.now()
      const timer = setInterval(async () => {
        const asked = Date.now()
        const renewed = await call('renew', jobId, token, on).catch(() => 'away')
        if (renewed === 'ok') renewedAt = asked
        // Redis away is no reason to give up before the lease has run out.
        if (renewed === 'lost' || Date.now() - renewedAt >= LEASE_MS) {
          clearInterval(timer)
          lost.abort(new Error('the lease on the upload ran out'))
        }
      }, LEASE_MS / 3)
      timer.unref()
      return {
        token,
        lost: lost.signal,
        stop: () => clearInterval(timer),
        release: async () => {
          clearInterval(timer)
          // It runs out by itself.
          await call('release', jobId, token, on).catch(() => undefined)
        },
      }
    },
  }
}
