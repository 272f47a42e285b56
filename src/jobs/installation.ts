/**
 * The guard against an empty or an older Redis. Bytes are removed because no record names them; a Redis that lost its
 * records would make rubbish of everything. So an id and a counter that is raised each minute are kept in Redis and in
 * storage: where they differ, or Redis is behind, nothing is removed until somebody has looked (`npm run adopt`).
 */
import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { Storage } from '../storage/storage.ts'
import { keys } from './keys.ts'

const MARK = 'installation'

export type Belonging =
  | { readonly belongs: true; readonly stamp: Stamp }
  | { readonly belongs: false; readonly why: string }

export interface Stamp {
  readonly id: string
  readonly counter: number
}

/** Whether this Redis and this storage belong together. Where neither knows of the other, they do from now on. */
export async function checkInstallation(redis: Redis, storage: Storage): Promise<Belonging> {
  const [inRedis, inStorage] = await readStamps(redis, storage)
  if (inRedis === null && inStorage === null) {
    const stamp = { id: randomUUID(), counter: 1 }
    await adopt(redis, storage, stamp)
    return { belongs: true, stamp }
  }
  const differ = (why: string): Belonging => ({
    belongs: false,
    why: `${why}, so nothing is removed from storage. If that is as it should be, run: npm run adopt`,
  })
  if (inRedis === null) return differ('Redis is empty but storage is not')
  if (inStorage === null) return differ('storage is empty but Redis is not')
  if (inRedis.id !== inStorage.id) return differ('Redis and storage belong to different installations')
  if (inRedis.counter < inStorage.counter)
    return differ('Redis is older than storage (restored from a backup?)')
  return { belongs: true, stamp: inStorage }
}

/** Raises the counter in both; Redis first, which may be ahead but never behind. */
export async function raiseCounter(redis: Redis, storage: Storage): Promise<void> {
  const counter = await redis.hincrby(keys.installation, 'counter', 1)
  const id = await redis.hget(keys.installation, 'id')
  await storage.writeMark(MARK, JSON.stringify({ id, counter }))
}

/** Says that this Redis and this storage belong together from now on. */
export async function adoptInstallation(redis: Redis, storage: Storage): Promise<void> {
  const [inRedis, inStorage] = await readStamps(redis, storage)
  await adopt(redis, storage, {
    id: randomUUID(),
    counter: Math.max(inRedis?.counter ?? 0, inStorage?.counter ?? 0) + 1,
  })
}

async function adopt(redis: Redis, storage: Storage, stamp: Stamp): Promise<void> {
  await redis.hset(keys.installation, { id: stamp.id, counter: stamp.counter })
  await storage.writeMark(MARK, JSON.stringify(stamp))
}

async function readStamps(redis: Redis, storage: Storage): Promise<[Stamp | null, Stamp | null]> {
  const [hash, text] = await Promise.all([redis.hgetall(keys.installation), storage.readMark(MARK)])
  return [
    hash.id === undefined ? null : { id: hash.id, counter: Number(hash.counter) },
    text === null ? null : (JSON.parse(text) as Stamp),
  ]
}
