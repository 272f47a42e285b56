/**
 * What the janitor has removed since ever, for `/metrics`: it lives in a worker, and only the API is asked for figures.
 * A hash: `removed:<what>`, a running total each, and `sweptAt`, when a pass last ended (ms, by Redis's clock).
 *
 * A command that is sent again after its reply was lost counts a pass twice: a figure for a chart, nothing rests on it.
 */
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'

const REMOVED = 'removed:'

export interface SweepTotals {
  /** By what it was. */
  readonly removed: Readonly<Record<string, number>>
  /** Null before the first pass. */
  readonly sweptAt: number | null
}

/** @param swept what one pass removed, by what it was; also where that is nothing, so that each total is there. */
export async function addSweep(
  redis: Redis,
  swept: Readonly<Record<string, number>>,
  sweptAt: number,
): Promise<void> {
  const adding = redis.multi()
  for (const [what, count] of Object.entries(swept)) adding.hincrby(keys.sweeps, `${REMOVED}${what}`, count)
  await adding.hset(keys.sweeps, 'sweptAt', sweptAt).exec()
}

export async function readSweeps(redis: Redis): Promise<SweepTotals> {
  const { sweptAt, ...totals } = await redis.hgetall(keys.sweeps)
  return {
    removed: Object.fromEntries(
      Object.entries(totals).map(([field, total]) => [field.slice(REMOVED.length), Number(total)]),
    ),
    sweptAt: sweptAt === undefined ? null : Number(sweptAt),
  }
}
