/**
 * API keys made at run time. Redis holds their SHA-256, so that who reads Redis cannot call. No slow hash is needed, as
 * for passwords: a key is 256 random bits, which nobody finds by trying.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { Role } from '../config.ts'
import type { By } from './audit.ts'
import { keys } from './keys.ts'
import { defineScript } from './script.ts'

/** A key as Redis holds it. */
export interface StoredKey {
  readonly id: string
  readonly name: string
  readonly role: Role
  /** SHA-256 of the key, in hex. */
  readonly digest: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
}

/** Names that a key can be given at run time: they stand in lists, logs and the audit log as they are. */
export const KEY_NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/

export function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

export type CreateRefusal = 'name-taken' | 'not-first' | 'admin-first' | 'too-many'
export type RevokeRefusal = 'gone' | 'last-admin'

export type ApiKeys = ReturnType<typeof createApiKeys>

export function createApiKeys(redis: Redis) {
  const create = defineScript(redis, 'audit', 'key-create')
  const revoke = defineScript(redis, 'audit', 'key-revoke')
  return {
    /** Another text after each change; null as long as there was none. */
    version: (): Promise<string | null> => redis.get(keys.apiKeysVersion),

    /** Every key, as of this version or a later one, which is then still to be seen. */
    async read(): Promise<{ version: string | null; stored: StoredKey[] }> {
      // No transaction: a Redis that is out of memory refuses any, and then nobody could revoke a key, or come in.
      const answers = (await redis.pipeline().get(keys.apiKeysVersion).hvals(keys.apiKeys).exec())!
      for (const [error] of answers) if (error) throw error
      const [[, version], [, texts]] = answers as [[null, string | null], [null, string[]]]
      return { version, stored: texts.map(text => JSON.parse(text) as StoredKey) }
    },

    /**
     * Makes a key, and answers its text, which is nowhere kept.
     *
     * @param rules `first`: only if no key was made yet; `adminElsewhere`: the environment has an admin's, else the
     *   first must be one.
     */
    async create(
      { name, role }: { name: string; role: Role },
      by: By,
      rules: { first: boolean; adminElsewhere: boolean },
    ): Promise<{ key: string; stored: StoredKey } | { refused: CreateRefusal }> {
      const key = `slk_${randomBytes(32).toString('base64url')}`
      const stored = {
        id: `key_${randomBytes(12).toString('hex')}`,
        name,
        role,
        digest: digestOf(key),
        createdAt: Date.now(),
      }
      const answer = await create(
        [keys.apiKeys, keys.apiKeysVersion],
        [JSON.stringify({ by, key: stored, version: randomUUID(), ...rules })],
      )
      return answer === 'ok' ? { key, stored } : { refused: answer as CreateRefusal }
    },

    /** @param keepAdmin refuses to take the last admin's away. */
    async revoke(id: string, by: By, keepAdmin: boolean): Promise<'ok' | RevokeRefusal> {
      const args = { by, id, version: randomUUID(), keepAdmin }
      const names = [keys.apiKeys, keys.apiKeysVersion, keys.apiKeysUsed]
      return (await revoke(names, [JSON.stringify(args)])) as 'ok' | RevokeRefusal
    },

    /** Notes that keys were used, by their ids, in milliseconds since 1970. */
    async used(times: Readonly<Record<string, number>>): Promise<void> {
      await redis.hset(keys.apiKeysUsed, times)
    },

    async lastUsed(): Promise<Readonly<Record<string, string>>> {
      return redis.hgetall(keys.apiKeysUsed)
    },
  }
}
