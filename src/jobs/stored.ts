/**
 * How many bytes storage holds, for the quota. The truth is what is there: the janitor measures it in each pass. Until
 * the next one the scripts that name uploaded bytes, and give them up, keep the figure up, where there is a quota; what
 * stages write counts from the next measurement on. Bytes of uploads under way count once a record names them.
 *
 * A hash: `measured`, by the last pass that ended; `addedBefore`, what `added` was when it began; `added`, the bytes that
 * records have ever named under a quota; `removed`, since the last measurement.
 *
 *   stored = measured + added − addedBefore − removed
 *
 * What a pass does not know of is at worst counted twice until the next one, and never not at all: what is named
 * meanwhile may have been listed or not, and what is removed meanwhile may have been listed.
 */
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'

export type Stored = ReturnType<typeof createStored>

export function createStored(redis: Redis) {
  const read = async (...fields: readonly string[]) =>
    (await redis.hmget(keys.stored, ...fields)).map(text => Number(text ?? 0))

  return {
    async bytes(): Promise<number> {
      const [measured, added, addedBefore, removed] = await read(
        'measured',
        'added',
        'addedBefore',
        'removed',
      )
      return measured! + added! - addedBefore! - removed!
    },

    /** Before storage is listed: gives what takes the sum of what was found there. */
    async measure(): Promise<(bytes: number) => Promise<void>> {
      const [addedBefore] = await read('added')
      return async bytes => {
        await redis.hset(keys.stored, { measured: bytes, addedBefore: addedBefore!, removed: 0 })
      }
    },
  }
}
