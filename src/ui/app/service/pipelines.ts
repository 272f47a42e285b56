/** The pipelines that there are; they change with the service only. */
import { useQuery } from '@tanstack/react-query'
import type { Pipeline } from '../contract.ts'
import { call } from './call.ts'

export function usePipelines() {
  return useQuery({
    queryKey: ['pipelines'],
    queryFn: async ({ signal }) =>
      (await call<{ items: readonly Pipeline[] }>('GET', '/api/pipelines', { signal })).items,
    staleTime: Number.POSITIVE_INFINITY,
  })
}
