/**
 * Work that one process among many does at a time: whoever holds a key in Redis does it, and another takes over within
 * seconds when that one dies. It is a courtesy, not a lock: what is done under it must be safe to be done twice at once.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { keys } from '../jobs/keys.ts'
import type { Log } from '../log.ts'
import { repeat } from '../queues/repeat.ts'

const HELD_MS = 15_000
const RENEW_EVERY_MS = 5_000
const LONGEST_STOP_MS = 1_000

/** Runs the task at once, and then every `interval` ms, counted from beginning to beginning. */
export function startAlone(options: {
  redis: Redis
  name: string
  interval: number
  task: () => Promise<unknown>
  log: Log
}): { stop(): Promise<void> } {
  const { redis, name, interval, task, log } = options
  const key = keys.alone(name)
  const me = randomUUID()
  const stopping = new AbortController()
  let begunAt = -Infinity

  async function isMine(): Promise<boolean> {
    if ((await redis.set(key, me, 'PX', HELD_MS, 'NX')) !== null) return true
    return (await redis.get(key)) === me && (await redis.pexpire(key, HELD_MS)) === 1
  }

  async function turn(): Promise<void> {
    if (!(await isMine()) || Date.now() - begunAt < interval) return
    begunAt = Date.now()
    // With Redis away it runs out, and another may have its turn: no task relies on being alone.
    const renewal = setInterval(() => void isMine().catch(() => undefined), RENEW_EVERY_MS)
    try {
      await task()
    } finally {
      clearInterval(renewal)
    }
  }

  const running = repeat(turn, Math.min(interval, RENEW_EVERY_MS), stopping.signal, error =>
    log.warn({ err: error }, `the ${name} could not do its work; it tries again`),
  )
  return {
    async stop() {
      stopping.abort()
      // A task may take long, and may be cut anywhere.
      await Promise.race([running, delay(LONGEST_STOP_MS, undefined, { ref: false })])
      // With Redis away the turn runs out by itself.
      const mine = await redis.get(key).catch(() => null)
      if (mine === me) await redis.del(key).catch(() => undefined)
    },
  }
}
