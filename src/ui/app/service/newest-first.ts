/** Lists that the API gives in pages, the newest first, and of whose changes no event tells. */
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { call } from './call.ts'

interface Page<Item> {
  readonly items: readonly Item[]
  readonly nextCursor: string | null
}

/** Items a page. */
const PAGE = 50

/**
 * @param key begins the query's key, so that a change made here can ask for the list again
 * @param query as the list has it, without `limit` and `cursor`
 * @param every ms between two looks at the first page, by what is on it
 */
export function useNewestFirst<Item>(
  key: readonly string[],
  path: string,
  query: URLSearchParams,
  every: (items: readonly Item[]) => number,
) {
  const pages = useInfiniteQuery({
    queryKey: [...key, query.toString()],
    queryFn: ({ pageParam, signal }) => {
      const all = new URLSearchParams(query)
      all.set('limit', String(PAGE))
      if (pageParam) all.set('cursor', pageParam)
      return call<Page<Item>>('GET', `${path}?${all}`, { signal })
    },
    initialPageParam: null as string | null,
    getNextPageParam: page => page.nextCursor,
    placeholderData: keepPreviousData,
    // Whoever has gone further back reads; asking for all of it again would move what they read. And where there is
    // nothing yet, it would take a refusal off the page, and what to do with it.
    refetchInterval({ state: { data } }) {
      const [first, ...older] = data?.pages ?? []
      return first && older.length === 0 ? every(first.items) : false
    },
  })
  return { ...pages, items: pages.data?.pages.flatMap(page => page.items) ?? [] }
}
