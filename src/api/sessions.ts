/**
 * Sessions of browsers, kept in Redis: they hold across API processes and restarts, and a logout ends one for good.
 * Redis holds a digest of the token, so that who reads Redis cannot log in.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import { keys } from '../jobs/keys.ts'
import { type Caller, callerWith } from './callers.ts'
import type { KeyRing, KnownKey } from './key-ring.ts'

const COOKIE = 'sluice_session'
const LIFETIME_S = 12 * 3_600
/** 32 random bytes in base64url. */
const TOKEN = /(?:^|;\s*)sluice_session=([A-Za-z0-9_-]{43})(?:;|$)/

export type Sessions = ReturnType<typeof createSessions>

export function createSessions(redis: Redis, keyRing: KeyRing) {
  return {
    /** @returns the `Set-Cookie` that opens a session. @param secure whether the browser came by TLS. */
    async open(key: KnownKey, secure: boolean): Promise<string> {
      const token = randomBytes(32).toString('base64url')
      await redis.set(redisKey(token), `${fingerprint(key)} ${key.name}`, 'EX', LIFETIME_S)
      return cookie(token, LIFETIME_S, secure)
    },

    /** @param header the request's `Cookie`. A session ends with its key: when that, or its role, is changed or taken away. */
    async find(header: string | undefined): Promise<Caller | null> {
      const token = header && TOKEN.exec(header)?.[1]
      if (!token) return null
      const kept = await redis.get(redisKey(token))
      if (kept === null) return null
      const blank = kept.indexOf(' ')
      const known = () => {
        const key = keyRing.byName(kept.slice(blank + 1))
        return key && fingerprint(key) === kept.slice(0, blank) ? key : null
      }
      let key = known()
      if (!key) {
        // Another process may have made it a moment ago.
        await keyRing.changed()
        key = known()
      }
      if (!key) return null
      keyRing.use(key)
      const lasts = async () => (await redis.exists(redisKey(token))) === 1
      return { ...callerWith(key, 'session'), lasts }
    },

    /** @returns the `Set-Cookie` that takes the cookie away. */
    async close(header: string | undefined, secure: boolean): Promise<string> {
      const token = header && TOKEN.exec(header)?.[1]
      if (token) await redis.del(redisKey(token))
      return cookie('', 0, secure)
    },
  }
}

function redisKey(token: string): string {
  return keys.session(createHash('sha256').update(token).digest('hex'))
}

function fingerprint({ name, role, digest }: KnownKey): string {
  return createHash('sha256').update(`session\0${name}\0${role}\0${digest}`).digest('hex')
}

function cookie(token: string, maxAge: number, secure: boolean): string {
  return `${COOKIE}=${token}; Path=/; Max-Age=${maxAge}; ${secure ? 'Secure; ' : ''}HttpOnly; SameSite=Strict`
}
