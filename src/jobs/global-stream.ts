/** Reading the global stream of events from a position on, and telling whether what stood behind it was trimmed. */
import type { Redis } from 'ioredis'
import { compareEventIds } from './events.ts'
import { keys } from './keys.ts'

/** Entries read at once; the feed keeps no more for a slow client before it is sent back to the log. */
export const BATCH = 1_000

interface StreamInfo {
  readonly firstId: string | null
  readonly lastId: string
  /** True where entries later than this id are gone. */
  trimmed(after: string): boolean
}

/** The id of the newest entry. */
export async function streamEnd(redis: Redis): Promise<string> {
  const [newest] = await redis.xrevrange(keys.events, '+', '-', 'COUNT', 1)
  return newest?.[0] ?? '0-0'
}

/** Entries later than `after`, at most `BATCH`, and in the same moment what the stream holds. */
export async function streamFrom(redis: Redis, after: string): Promise<[StreamInfo, [string, string[]][]]> {
  const replies = await redis
    .multi()
    .exists(keys.events)
    .xinfo('STREAM', keys.events)
    .xrange(keys.events, `(${after}`, '+', 'COUNT', BATCH)
    .exec()
  const exists = replies?.[0]?.[1] === 1
  if (!exists) return [{ firstId: null, lastId: '0-0', trimmed: () => false }, []]
  for (const [error] of replies!) if (error) throw error
  const flat = replies![1]![1] as unknown[]
  const info = new Map<unknown, unknown>()
  for (let index = 0; index < flat.length; index += 2) info.set(flat[index], flat[index + 1])
  const firstId = (info.get('first-entry') as [string] | null)?.[0] ?? null
  const deletedId = info.get('max-deleted-entry-id') as string | undefined
  return [
    {
      firstId,
      lastId: info.get('last-generated-id') as string,
      // Redis does not raise max-deleted-entry-id when it trims: what was added and is not there is what was trimmed.
      trimmed: id =>
        firstId !== null &&
        compareEventIds(id, firstId) < 0 &&
        (Number(info.get('entries-added')) > Number(info.get('length')) ||
          (deletedId !== undefined && deletedId !== '0-0')),
    },
    replies![2]![1] as [string, string[]][],
  ]
}
