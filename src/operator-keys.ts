/** `npm run key`: API keys by the command line. */
import type { Redis } from 'ioredis'
import { type Config, ConfigError, RESERVED_NAMES, type Role } from './config.ts'
import { type CreateRefusal, createApiKeys, KEY_NAME } from './jobs/api-keys.ts'
import { instant } from './jobs/record.ts'

const BY = { actor: 'operator' }
const ROLES: readonly string[] = ['admin', 'uploader', 'viewer'] satisfies Role[]
export const KEY_USAGE = `API keys made at run time; those of SLUICE_API_KEYS are set there.

  npm run key -- create <name> <role>   makes one and prints it, this once; the role is admin, uploader or viewer
  npm run key -- list                   id, role, when made, when used last, name
  npm run key -- revoke <id>            it, its sessions and its streams end within a second

The first key must be an admin's. With it everything is shut to who has none; when the last is revoked the service is
open again to everybody on this machine.`

/** @returns what is printed. @throws ConfigError with a sentence where it cannot be done. */
export async function manageKeys(
  redis: Redis,
  config: Config,
  [verb, ...words]: readonly string[],
): Promise<string> {
  if (verb === 'create' && words.length === 2) return createKey(redis, config, words[0]!, words[1]!)
  if (verb === 'list' && words.length === 0) return listKeys(redis)
  if (verb === 'revoke' && words.length === 1) return revokeKey(redis, config, words[0]!)
  throw new ConfigError(KEY_USAGE)
}

async function createKey(redis: Redis, config: Config, name: string, role: string): Promise<string> {
  if (!KEY_NAME.test(name)) throw new ConfigError('A name of up to 64 letters, digits and ._@- is wanted.')
  if (RESERVED_NAMES.includes(name)) throw new ConfigError(`The name "${name}" is kept for who has no key.`)
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
