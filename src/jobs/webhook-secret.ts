/** The secret that signs callbacks: the one that was set, or one made at the first start and kept in Redis. */
import type { Redis } from 'ioredis'
import { createSecret } from '../webhooks/signature.ts'
import { keys } from './keys.ts'

/** @param configured `SLUICE_WEBHOOK_SECRET`, or null. Several processes that ask at once get the same one. */
export async function webhookSecret(redis: Redis, configured: string | null): Promise<string> {
  if (configured !== null) return configured
  await redis.set(keys.webhookSecret, createSecret(), 'NX')
  return (await redis.get(keys.webhookSecret))!
}
