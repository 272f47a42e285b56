/**
 * What an operator asks of an installation by hand, whether it runs or not:
 *
 *   npm run webhook-secret   prints the secret that signs callbacks
 *   npm run adopt            says that this Redis and this storage belong together from now on (jobs/installation.ts)
 *   npm run key -- …         makes, lists and revokes API keys (jobs/api-keys.ts)
 */
import type { Redis } from 'ioredis'
import { type Config, ConfigError, loadConfig } from './config.ts'
import { createAudit } from './jobs/audit.ts'
import { adoptInstallation, checkInstallation } from './jobs/installation.ts'
import { webhookSecret } from './jobs/webhook-secret.ts'
import { createLog, type Log } from './log.ts'
import { KEY_USAGE, manageKeys } from './operator-keys.ts'
import { connectRedis, waitUntilReady } from './redis/connection.ts'
import { DataDirectoryInUseError, embeddedRedisUrl, startEmbeddedRedis } from './redis/embedded.ts'
import { createStorage } from './storage/create-storage.ts'

/** Answers what is printed; `words` are those behind the command. */
type Command = (redis: Redis, config: Config, words: readonly string[]) => Promise<string>

const BY = { actor: 'operator' }

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
  key: manageKeys,
}

const USAGE: Readonly<Record<string, string>> = {
  'webhook-secret': 'npm run webhook-secret   prints the secret that signs callbacks',
  adopt:
    'npm run adopt   makes this Redis and this storage belong together: what no record in Redis names is removed from storage',
  key: KEY_USAGE,
}

try {
  const [name = '', ...words] = process.argv.slice(2)
  const command = COMMANDS[name]
  if (!command) throw new ConfigError(`Say which: ${Object.keys(COMMANDS).join(' or ')}.`)
  if (words.includes('--help') || words.includes('-h') || (name === 'key' && words.length === 0)) {
    process.stdout.write(`${USAGE[name]}\n`)
    process.exit(0)
  }
  // Nobody who has something else in mind should be shown a secret, or have files removed.
  if (name !== 'key' && words.length > 0) throw new ConfigError(USAGE[name]!)
  const config = loadConfig()
  const log = createLog({ level: 'error', format: config.logFormat, role: 'sluice' })
  process.stdout.write(`${await withRedis(config, log, redis => command(redis, config, words))}\n`)
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
