/** Jobs of a version that knew no labels are given theirs, so that they are found as others are. */
import type { Redis } from 'ioredis'
import type { JsonObject } from '../pipelines/pipeline.ts'
import { keys } from './keys.ts'
import { labelsOf } from './labels.ts'
import { isRefused, type Transitions } from './transitions.ts'

/** Jobs that are looked at in one round trip. */
const AT_ONCE = 1_000

/**
 * Looks at every job, so that it also finds what an API of the earlier version made while this one ran already.
 *
 * @returns how many were given labels. May be ended and begun again at any point. @throws where Redis can't be reached.
 */
export async function labelEarlierJobs(redis: Redis, transitions: Transitions): Promise<number> {
  let labelled = 0
  let cursor = '0'
  do {
    const [next, entries] = await redis.zscan(keys.jobs, cursor, 'COUNT', AT_ONCE)
    cursor = next
    const ids = entries.filter((_, index) => index % 2 === 0)
    const answers = await Promise.all(
      (await withoutLabels(redis, ids)).map(({ id, metadata, owner }) =>
        transitions.label(id, labelsOf(metadata, owner)),
      ),
    )
    labelled += answers.filter(answer => !isRefused(answer)).length
  } while (cursor !== '0')
  return labelled
}

async function withoutLabels(
  redis: Redis,
  ids: readonly string[],
): Promise<{ id: string; metadata: JsonObject; owner: string }[]> {
  if (ids.length === 0) return []
  const pipeline = redis.pipeline()
  for (const id of ids) pipeline.hexists(keys.job(id), 'labels')
  const labelled = ((await pipeline.exec()) ?? []).map(([error, reply]) => {
    if (error) throw error
    return reply === 1
  })
  const found = await Promise.all(
    ids
      .filter((_, index) => !labelled[index])
      .map(async id => ({ id, values: await redis.hmget(keys.job(id), 'metadata', 'owner') })),
  )
  return found.flatMap(({ id, values: [metadata, owner] }) =>
    metadata == null || owner == null ? [] : [{ id, metadata: JSON.parse(metadata) as JsonObject, owner }],
  )
}
