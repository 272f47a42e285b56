/**
 * The API keys that are good at the moment: those of the environment, and those made at run time, which every API process
 * keeps in memory, so that a request costs no question to Redis.
 *
 * What is in memory is only believed for `FRESH_MS`: each process looks at the keys' version all the time, and where it
 * could not, whoever comes waits until it could, or is told that Redis is away. So a revoked key is refused within that
 * time by every process, whatever became of a connection or a message; and a service with keys does not open because
 * Redis is away. A key of the environment is good without Redis.
 */
import { timingSafeEqual } from 'node:crypto'
import type { ApiKey, Role } from '../config.ts'
import { type ApiKeys, digestOf, type StoredKey } from '../jobs/api-keys.ts'
import type { Log } from '../log.ts'
import { repeat } from '../queues/repeat.ts'

/** Milliseconds between two looks at the version. */
const EVERY_MS = 250
const FRESH_MS = 1_000
/** Milliseconds between two notes that a key is in use. */
const USED_EVERY_MS = 60_000

export interface KnownKey {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly source: 'environment' | 'run-time'
  /** SHA-256 of the key, in hex. */
  readonly digest: string
  /** Milliseconds since 1970; null for a key of the environment. */
  readonly createdAt: number | null
  /** Aborts when the key is revoked. */
  readonly gone: AbortSignal
}

export type KeyRing = Awaited<ReturnType<typeof openKeyRing>>

/** @throws where Redis cannot be reached: without knowing the keys nobody can be let in. */
export async function openKeyRing(options: { environment: readonly ApiKey[]; apiKeys: ApiKeys; log: Log }) {
  const { apiKeys, log } = options
  const fixed = options.environment.map((key): KnownKey => {
    const digest = digestOf(key.key)
    const id = `env_${digestOf(`id\0${key.name}`).slice(0, 24)}`
    const gone = new AbortController().signal
    return { id, name: key.name, role: key.role, source: 'environment', digest, createdAt: null, gone }
  })
  /** By id, with what ends whatever was begun under the key. */
  let made = new Map<string, { key: KnownKey; end: AbortController }>()
  /** Ends what was begun while there was no key. */
  let open = new AbortController()
  let known: string | null = null
  let readAt = -Infinity
  let reading: Promise<void> | null = null
  const usedAt = new Map<string, number>()

  const hasInEnvironment = (name: string) => fixed.some(key => key.name === name)

  function apply(stored: readonly StoredKey[]): void {
    const next: typeof made = new Map()
    for (const each of stored) {
      if (hasInEnvironment(each.name)) {
        // Jobs go by name: two keys of one would be one caller with two roles.
        log.warn(`the API key ${each.id} is not accepted: SLUICE_API_KEYS has one named "${each.name}", too`)
        continue
      }
      const before = made.get(each.id)
      const end = new AbortController()
      const { id, name, role, digest, createdAt } = each
      next.set(
        id,
        before ?? { key: { id, name, role, digest, createdAt, source: 'run-time', gone: end.signal }, end },
      )
    }
    for (const [id, { end }] of made) if (!next.has(id)) end.abort()
    made = next
    if (made.size > 0) {
      open.abort()
      open = new AbortController()
    }
  }

  async function read(): Promise<void> {
    const began = performance.now()
    const version = await apiKeys.version()
    if (version !== known) {
      const now = await apiKeys.read()
      // Keys that were revoked leave a version. Without one Redis has lost them, and must not open what they shut.
      if (now.version === null)
        log.error('Redis has lost the API keys: those known before stay good until a restart')
      else apply(now.stored)
      known = now.version
    }
    readAt = began
  }

  function refresh(): Promise<void> {
    reading ??= read().finally(() => {
      reading = null
    })
    return reading
  }

  const all = (): KnownKey[] => [...fixed, ...[...made.values()].map(({ key }) => key)]
  const withDigest = (among: readonly KnownKey[], digest: string) => {
    const wanted = Buffer.from(digest, 'hex')
    let found: KnownKey | null = null
    for (const key of among) if (timingSafeEqual(wanted, Buffer.from(key.digest, 'hex'))) found = key
    return found
  }

  await refresh()
  const closing = new AbortController()
  const looking = repeat(refresh, EVERY_MS, closing.signal, error =>
    log.debug({ err: error }, 'the API keys wait for Redis'),
  )

  return {
    /** True where there is no key: whoever is on this machine may do all. Ask `fresh` before. */
    get isEmpty() {
      return fixed.length === 0 && made.size === 0
    },
    /** Aborts when there is a first key. */
    get untilShut() {
      return open.signal
    },
    get hasAdminInEnvironment() {
      return fixed.some(({ role }) => role === 'admin')
    },
    /** Whether one of the environment has this name. Of the others Redis knows better. */
    hasInEnvironment,
    all,
    /** Resolves once what is known is no older than `FRESH_MS`. @throws where Redis is away. */
    async fresh(): Promise<void> {
      if (performance.now() - readAt > FRESH_MS) await refresh()
    },
    /** Resolves once every change so far is known here, too. @throws where Redis is away. */
    async changed(): Promise<void> {
      // Whoever asked for the reading under way is told how it failed; here only its end matters.
      await reading?.catch(() => undefined)
      await refresh()
    },
    /** The key with this text; takes the same time for all that are wrong. @throws where Redis is away. */
    async find(text: string): Promise<KnownKey | null> {
      const digest = digestOf(text)
      const inEnvironment = withDigest(fixed, digest)
      if (inEnvironment) return inEnvironment
      await this.fresh()
      const found = withDigest(all(), digest)
      if (found) return found
      // Another process may have made it a moment ago.
      await this.changed()
      return withDigest(all(), digest)
    },
    byName: (name: string): KnownKey | null => all().find(key => key.name === name) ?? null,
    /** Notes that a key is in use: at most once a minute, and nobody waits for it. */
    use({ id }: KnownKey): void {
      const now = Date.now()
      if (now - (usedAt.get(id) ?? 0) < USED_EVERY_MS) return
      usedAt.set(id, now)
      apiKeys.used({ [id]: now }).catch((error: unknown) => {
        log.debug({ err: error }, 'the use of an API key was not noted')
      })
    },
    async close(): Promise<void> {
      closing.abort()
      await looking
    },
  }
}
