/**
 * Idempotency keys: however often and concurrently a request is repeated under one, it has its effect once.
 *
 * A key is *reserved* before the request's body is read, for 30 s, renewed while the request lives. The script that makes
 * the job checks that the reservation is still this request's, and turns it into the answer: there is no moment at which
 * the job is there and the answer is not, whatever dies. A repeat meanwhile is refused; one that comes later is given the
 * answer, for 24 h.
 */
import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'
import { defineScript } from './script.ts'

export const RESERVATION_MS = 30_000

/** What a transition turns into an answer. */
export interface HeldKey {
  /** The key's digest; never the client's own words. */
  readonly key: string
  readonly token: string
  /** Of the request's content. */
  readonly fingerprint: string
}

/** What a request under this key has made. */
export interface KeptAnswer {
  readonly jobId: string
  readonly fingerprint: string
  /** Ids of the files that it added to a draft. */
  readonly files: readonly string[]
}

export interface Reservation {
  readonly token: string
  /** Stops renewing, once the key has its answer. */
  stop(): void
  /** Frees the key, unless it has an answer after all; no error where Redis is away, since it runs out. */
  free(): Promise<void>
}

export type Idempotency = ReturnType<typeof createIdempotency>

export function createIdempotency(redis: Redis) {
  const script = defineScript(redis, 'reserve')
  const call = (action: 'reserve' | 'renew' | 'free', key: string, token: string) =>
    script([keys.idempotency(key)], [action, token, RESERVATION_MS]) as Promise<[string, ...string[]]>

  return {
    /** @param key its digest. @throws where Redis can't be reached. */
    async reserve(key: string): Promise<Reservation | { answer: KeptAnswer } | 'in-progress'> {
      const token = randomUUID()
      const [verdict, ...fields] = await call('reserve', key, token)
      if (verdict === 'in-progress') return verdict
      if (verdict === 'answered') return { answer: parseAnswer(fields) }

      // One that is lost is met by the script that would have made the job.
      const timer = setInterval(() => void call('renew', key, token).catch(() => {}), RESERVATION_MS / 3)
      timer.unref()
      return {
        token,
        stop: () => clearInterval(timer),
        async free() {
          clearInterval(timer)
          // With Redis away it comes free by itself.
          await call('free', key, token).catch(() => {})
        },
      }
    },
  }
}

function parseAnswer(fields: readonly string[]): KeptAnswer {
  const kept: Record<string, string> = {}
  for (let index = 0; index < fields.length; index += 2) kept[fields[index]!] = fields[index + 1]!
  // Lua's JSON has no empty list, only an empty object.
  const files = Object.values(JSON.parse(kept.files!) as string[] | Record<string, never>)
  return { jobId: kept.jobId!, fingerprint: kept.fingerprint!, files }
}
