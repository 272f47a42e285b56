/**
 * What an operator asks of an installation by hand, whether it runs or not:
 *
 *   npm run webhook-secret   prints the secret that signs callbacks
 *   npm run adopt            says that this Redis and this storage belong together from now on (jobs/installation.ts)
 *   npm run key -- …         makes, lists and revokes API keys (jobs/api-keys.ts)
 */
import type { Redis } from 'ioredis'
import { type Config, ConfigError, loadConfig, type Role } from './config.ts'
import { type CreateRefusal, createApiKeys, KEY_NAME, RESERVED_NAMES } from './jobs/api-keys.ts'
import { createAudit } from './jobs/audit.ts'
import { adoptInstallation, checkInstallation } from './jobs/installation.ts'
import { instant } from './jobs/record.ts'
import { webhookSecret } from './jobs/webhook-secret.ts'
import { createLog, type Log } from './log.ts'
import { connectRedis, waitUntilReady } from './redis/connection.ts'
import { DataDirectoryInUseError, embeddedRedisUrl, startEmbeddedRedis } from './redis/embedded.ts'
import { createStorage } from './storage/create-storage.ts'

/** Answers what is printed; `words` are those behind the command. */
type Command = (redis: Redis, config: Config, words: readonly string[]) => Promise<string>

const BY = { actor: 'operator' }
const ROLES: readonly string[] = ['admin', 'uploader', 'viewer'] satisfies Role[]
const KEY_USAGE = `API keys made at run time; those of SLUICE_API_KEYS are set there.

  npm run key -- create <name> <role>   makes one and prints it, this once; the role is admin, uploader or viewer
  npm run key -- list                   id, role, when made, when used last, name
  npm run key -- revoke <id>            it, its sessions and its streams end within a second

The first key must be an admin's. With it everything is shut to who has none; when the last is revoked the service is
open again to everybody on this machine.`

const COMMANDS: Readonly<Record<string, Command>> = {
  'webhook-secret': (redis, config) => webhookSecret(redis, config.webhookSecret),
  async adopt(redis, config) {
    const storage = await createStorage({ ...config, storageReserve: 0 })
    const before = await checkInstallation(redis, storage)
    if (before.belongs) return 'This Redis and this storage belong together already; nothing was changed.'
    await adoptInstallation(redis, storage)
    await createAudit(redis).record(BY, 'storage.adopted')
    await storage.close()
    return 'This Redis and this storage belong together from now on: what no record in Redis names will be removed from storage.'
  },
  async key(redis, config, [verb, ...words]) {
    if (verb === 'create' && words.length === 2) return createKey(redis, config, words[0]!, words[1]!)
    if (verb === 'list' && words.length === 0) return listKeys(redis)
    if (verb === 'revoke' && words.length === 1) return revokeKey(redis, config, words[0]!)
    throw new ConfigError(KEY_USAGE)
  },
}

async function createKey(redis: Redis, config: Config, name: string, role: string): Promise<string> {
  if (!KEY_NAME.test(name)) throw new ConfigError('A name of up to 64 letters, digits and ._@- is wanted.')
  if (RESERVED_NAMES.includes(name))
    throw new ConfigError(`"${name}" is what callers without a key are called.`)
  if (!ROLES.includes(role)) throw new ConfigError(`The role "${role}" is none of ${ROLES.join(', ')}.`)
  if (config.apiKeys.some(key => key.name === name))
    throw new ConfigError(`SLUICE_API_KEYS has a key named "${name}".`)
  const made = await createApiKeys(redis).create({ name, role: role as Role }, BY, {
    first: false,
    adminElsewhere: config.apiKeys.some(key => key.role === 'admin'),
  })
  if ('refused' in made) throw new ConfigError(WHY_NOT[made.refused])
  return made.key
}

const WHY_NOT: Readonly<Record<CreateRefusal, string>> = {
  'name-taken': 'Another key has this name.',
  'admin-first': "The first key must be an admin's, or nobody could make another by the API.",
  'too-many': 'There are 1,000 keys already: revoke one first.',
  'not-first': 'There is a key already.',
}

async function listKeys(redis: Redis): Promise<string> {
  const apiKeys = createApiKeys(redis)
  const [{ stored }, used] = await Promise.all([apiKeys.read(), apiKeys.lastUsed()])
  const lines = stored.map(({ id, role, createdAt, name }) => {
    const last = used[id]
    return `${id}  ${role.padEnd(8)}  ${instant(createdAt)}  ${last ? instant(Number(last)) : 'never used'.padEnd(24)}  ${name}`
  })
  return lines.length > 0 ? lines.join('\n') : 'No key was made at run time.'
}

async function revokeKey(redis: Redis, config: Config, id: string): Promise<string> {
  const apiKeys = createApiKeys(redis)
  // Who is at this machine may open it again.
  if ((await apiKeys.revoke(id, BY, false)) === 'gone') throw new ConfigError(`There is no key ${id}.`)
  const { stored } = await apiKeys.read()
  return stored.length > 0 || config.apiKeys.length > 0
    ? 'It is good no more.'
    : 'It is good no more. It was the last: whoever is on this machine may do all.'
}

try {
  const command = COMMANDS[process.argv[2] ?? '']
  if (!command) throw new ConfigError(`Say which: ${Object.keys(COMMANDS).join(' or ')}.`)
  if (process.argv[2] === 'key' && ['--help', '-h', undefined].includes(process.argv[3])) {
    process.stdout.write(`${KEY_USAGE}\n`)
    process.exit(0)
  }
  const config = loadConfig()
  const log = createLog({ level: 'error', format: config.logFormat, role: 'sluice' })
  process.stdout.write(
    `${await withRedis(config, log, redis => command(redis, config, process.argv.slice(3)))}\n`,
  )
  process.exit(0)
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
  process.exit(1)
}

/** The Redis that is set; else the embedded one: the one that runs, or one started for this moment. */
async function withRedis<T>(config: Config, log: Log, ask: (redis: Redis) => Promise<T>): Promise<T> {
  const { url, stop } =
    config.redisUrl === null
      ? await embedded(config.dataDir, log)
      : { url: config.redisUrl, stop: async () => {} }
  const redis = connectRedis(url, { name: 'sluice-operator', log })
  try {
    await waitUntilReady(redis, 10_000)
    return await ask(redis)
  } finally {
    redis.disconnect()
    await stop()
  }
}

async function embedded(dataDir: string, log: Log): Promise<{ url: string; stop: () => Promise<void> }> {
  try {
    const server = await startEmbeddedRedis({ dataDir, log })
    return { url: server.url, stop: () => server.stop() }
  } catch (error) {
    if (!(error instanceof DataDirectoryInUseError)) throw error
    return { url: await embeddedRedisUrl(dataDir), stop: async () => {} }
  }
}
