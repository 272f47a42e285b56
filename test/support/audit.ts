/** What Redis holds of the audit log. */
import type { Redis } from 'ioredis'
import { keys } from '../../src/jobs/keys.ts'

/** Every entry, of whatever kind, with all its fields. */
export async function auditText(redis: Redis): Promise<string> {
  const streams = await redis.keys(keys.audit('*'))
  return JSON.stringify(await Promise.all(streams.map(stream => redis.xrange(stream, '-', '+'))))
}
