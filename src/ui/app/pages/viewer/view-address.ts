/** What of the viewer stands in the address. */
import type { Query } from './line-search.ts'

export interface View {
  /** The line that is marked, from 1; 0: none. */
  readonly line: number
  readonly wrap: boolean
  readonly query: Query
}

export function readView(search: string): View {
  const params = new URLSearchParams(search)
  const line = Number(params.get('line'))
  return {
    line: Number.isSafeInteger(line) && line > 0 ? line : 0,
    wrap: params.has('wrap'),
    query: {
      text: params.get('q') ?? '',
      isExpression: params.has('regex'),
      matchCase: params.has('case'),
    },
  }
}

/** @returns with its question mark, or nothing where there is nothing to say */
export function writeView({ line, wrap, query }: View): string {
  const params = new URLSearchParams()
  if (line > 0) params.set('line', String(line))
  if (query.text) params.set('q', query.text)
  if (query.isExpression) params.set('regex', '')
  if (query.matchCase) params.set('case', '')
  if (wrap) params.set('wrap', '')
  return params.size > 0 ? `?${params}` : ''
}
