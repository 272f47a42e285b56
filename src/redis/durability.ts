/** Whether a Redis keeps what it acknowledged. The embedded one does; a foreign one is asked. */
import type { Redis } from 'ioredis'

export interface Durability {
  /** Null: could not be found out. */
  readonly appendonly: string | null
  readonly appendfsync: string | null
  readonly maxmemoryPolicy: string | null
  /** One sentence for each way in which it is weaker than Sluice promises; none means that it is as it should be. */
  readonly warnings: readonly string[]
}

/** @throws what the client throws when Redis is away. */
export async function checkDurability(client: Redis): Promise<Durability> {
  const settings = await byConfig(client)
  const { appendonly, appendfsync, maxmemoryPolicy } = settings ?? (await byInfo(client))
  const warnings: string[] = []
  if (appendonly === 'no') {
    warnings.push(
      'Redis runs with "appendonly no": jobs that were acknowledged are lost when it stops. Set "appendonly yes" and "appendfsync always".',
    )
  } else if (appendfsync !== null && appendfsync !== 'always') {
    warnings.push(
      `Redis runs with "appendfsync ${appendfsync}": jobs acknowledged shortly before it is killed can be lost. Set "appendfsync always".`,
    )
  }
  if (maxmemoryPolicy !== null && maxmemoryPolicy !== 'noeviction') {
    warnings.push(
      `Redis runs with "maxmemory-policy ${maxmemoryPolicy}": when its memory is full it drops jobs. Set "maxmemory-policy noeviction".`,
    )
  }
  if (!settings) {
    warnings.push(
      'Redis does not show its settings (CONFIG GET is refused), so it could not be checked that it syncs each write ("appendfsync always") before it answers.',
    )
  }
  return { appendonly, appendfsync, maxmemoryPolicy, warnings }
}

type Settings = Omit<Durability, 'warnings'>

/** Null where a managed Redis refuses or hides the command. */
async function byConfig(client: Redis): Promise<Settings | null> {
  const get = async (name: string) => ((await client.config('GET', name)) as string[])[1] ?? null
  try {
    return {
      appendonly: await get('appendonly'),
      appendfsync: await get('appendfsync'),
      maxmemoryPolicy: await get('maxmemory-policy'),
    }
  } catch (error) {
    // An answer of the server's own; anything else means that it did not answer.
    if (error instanceof Error && error.name === 'ReplyError') return null
    throw error
  }
}

async function byInfo(client: Redis): Promise<Settings> {
  const info = await client.info()
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? null
  const aof = field('aof_enabled')
  return {
    appendonly: aof === null ? null : aof === '1' ? 'yes' : 'no',
    appendfsync: null,
    maxmemoryPolicy: field('maxmemory_policy'),
  }
}
