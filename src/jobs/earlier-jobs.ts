/** Jobs of a version that knew no labels are given theirs, so that they are found as others are. */
import type { Redis } from 'ioredis'
import type { JsonObject } from '../pipelines/pipeline.ts'
import { keys } from './keys.ts'
import { labelsOf } from './labels.ts'
import { defineScript } from './script.ts'

/** Jobs that are looked at in one round trip, and changed by one script: about 10 ms of Redis's time. */
const AT_ONCE = 500

/**
 * Looks at every job, so that it also finds what an API of the earlier version made while this one ran already.
 *
 * @returns how many were given labels. May be ended and begun again at any point. @throws where Redis can't be reached.
 */
export async function labelEarlierJobs(redis: Redis): Promise<number> {
  const label = defineScript(redis, 'label')
  let labelled = 0
  let cursor = '0'
  do {
    const [next, entries] = await redis.zscan(keys.jobs, cursor, 'COUNT', AT_ONCE)
    cursor = next
    const jobs = await readUnlabelled(
      redis,
      entries.filter((_, index) => index % 2 === 0),
    )
    if (jobs.length > 0) labelled += (await label([keys.jobs], [JSON.stringify(jobs)])) as number
  } while (cursor !== '0')
  return labelled
}

async function readUnlabelled(
  redis: Redis,
  ids: readonly string[],
): Promise<{ id: string; labels: string[] }[]> {
  if (ids.length === 0) return []
  const pipeline = redis.pipeline()
  for (const id of ids) pipeline.hmget(keys.job(id), 'labels', 'metadata', 'owner')
  const replies = (await pipeline.exec()) ?? []
  return replies.flatMap(([error, values], index) => {
    if (error) throw error
    const [labels, metadata, owner] = values as (string | null)[]
    if (labels != null || metadata == null || owner == null) return []
    return [{ id: ids[index]!, labels: labelsOf(JSON.parse(metadata) as JsonObject, owner) }]
  })
}
