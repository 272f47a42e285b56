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
/** Entries that are read at first besides those that are wanted, since some may lie before the cursor. */
const SAME_MILLISECOND = 8

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
  // Many items may share the cursor's millisecond: more is read until enough lie beyond it.
  for (let most = after === null ? count : count + SAME_MILLISECOND; ; most *= 2) {
    // In one transaction, and all of it anew where it was not enough: what moves from one index to another between two
    // reads, or moves up in one, would be in neither.
    const reading = redis.multi()
    for (const index of query.indexes)
      reading.zrange(index, max, min, 'BYSCORE', 'REV', 'LIMIT', 0, most, 'WITHSCORES')
    const found = ((await reading.exec()) ?? []).map(([error, flat]) => {
      if (error) throw error
      return entriesOf(flat as string[])
    })
    const beyond = found.map(entries => entries.filter(entry => after === null || isOlder(entry, after)))
    if (found.every((entries, index) => entries.length < most || beyond[index]!.length >= count)) {
      return beyond
        .flat()
        .sort((one, other) => (isOlder(one, other) ? 1 : -1))
        .slice(0, count)
    }
  }
}

/** @param flat ids, each with its score behind it. */
function entriesOf(flat: readonly string[]): Cursor[] {
  return Array.from({ length: flat.length / 2 }, (_, at) => ({
    id: flat[at * 2]!,
    createdAt: Number(flat[at * 2 + 1]),
  }))
}

function isOlder(one: Cursor, other: Cursor): boolean {
  return one.createdAt < other.createdAt || (one.createdAt === other.createdAt && one.id < other.id)
}
