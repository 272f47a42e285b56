/** Pages over indexes (sorted sets of ids by creation time), newest first. */
import type { Redis } from 'ioredis'

/** An entry of an index, and, as the last of a page, where the next page goes on. */
export interface Cursor {
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly id: string
}

export interface PageQuery<T> {
  readonly indexes: readonly string[]
  readonly limit: number
  readonly cursor: Cursor | null
  /** Milliseconds; both exclusive. */
  readonly createdAfter?: number | undefined
  readonly createdBefore?: number | undefined
  /** Reads what the index names, in its order; null for what is gone. */
  readonly read: (ids: readonly string[]) => Promise<(T | null)[]>
  readonly fits: (item: T) => boolean
}

/**
 * How many entries one page may look at, and for how long, in ms: a filter that fits little gives short pages, not slow
 * ones.
 */
const LOOKED_AT = 1_000
const LOOKING = 25

export interface Page<T> {
  readonly items: T[]
  /** Where the next page goes on, and how far this one looked; a page may be short though there is a next. */
  readonly next: Cursor | null
}

/** @returns at most `limit` items. */
export async function readPage<T>(redis: Redis, query: PageQuery<T>): Promise<Page<T>> {
  const items: T[] = []
  let cursor = query.cursor
  const begun = performance.now()
  for (let looked = 0; looked < LOOKED_AT && (looked === 0 || performance.now() - begun < LOOKING); ) {
    const entries = await newest(redis, query, cursor, query.limit + 1)
    const found = await query.read(entries.map(entry => entry.id))
    for (const [index, entry] of entries.entries()) {
      if (items.length === query.limit) return { items, next: cursor }
      cursor = entry
      const item = found[index]
      if (item && query.fits(item)) items.push(item)
    }
    if (entries.length <= query.limit) return { items, next: null }
    looked += entries.length
  }
  return { items, next: cursor }
}

/** The next `count` entries of several indexes, as if they were one: by creation, then id, both falling. */
async function newest<T>(
  redis: Redis,
  query: PageQuery<T>,
  after: Cursor | null,
  count: number,
): Promise<Cursor[]> {
  const highest = Math.min(after?.createdAt ?? Infinity, (query.createdBefore ?? Infinity) - 1)
  const max = highest === Infinity ? '+inf' : highest
  const min = query.createdAfter === undefined ? '-inf' : `(${query.createdAfter}`
  // By id, since an item may move from one index to another between two reads.
  const found = new Map<string, Cursor>()
  await Promise.all(
    query.indexes.map(async index => {
      // Many items may share the cursor's millisecond: go on until enough lie beyond it.
      for (let offset = 0, beyond = 0; beyond < count; offset += count) {
        const flat = await redis.zrange(
          index,
          max,
          min,
          'BYSCORE',
          'REV',
          'LIMIT',
          offset,
          count,
          'WITHSCORES',
        )
        for (let at = 0; at < flat.length; at += 2) {
          const entry = { id: flat[at]!, createdAt: Number(flat[at + 1]) }
          if (after !== null && !isOlder(entry, after)) continue
          found.set(entry.id, entry)
          beyond++
        }
        if (flat.length < count * 2) break
      }
    }),
  )
  return [...found.values()].sort((one, other) => (isOlder(one, other) ? 1 : -1)).slice(0, count)
}

function isOlder(one: Cursor, other: Cursor): boolean {
  return one.createdAt < other.createdAt || (one.createdAt === other.createdAt && one.id < other.id)
}
