/** The figures of the whole service. Nothing tells of their changes: they are asked for again and again, while somebody looks. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import type { Health, History, Stats, Workers } from '../contract.ts'
import { call, Refusal, reached } from './call.ts'

/** In ms. */
const SOON = 5_000
const LATER = 15_000

export function useStats() {
  return useQuery({
    queryKey: ['stats'],
    queryFn: ({ signal }) => call<Stats>('GET', '/api/stats', { signal }),
    refetchInterval: SOON,
  })
}

export function useWorkers() {
  return useQuery({
    queryKey: ['workers'],
    queryFn: ({ signal }) => call<Workers>('GET', '/api/workers', { signal }),
    refetchInterval: SOON,
  })
}

export function useHistory(minutes: number) {
  return useQuery({
    queryKey: ['history', minutes],
    queryFn: ({ signal }) => call<History>('GET', `/api/stats/history?minutes=${minutes}`, { signal }),
    refetchInterval: LATER,
    placeholderData: keepPreviousData,
  })
}

export function useHealth() {
  return useQuery({
    queryKey: ['health'],
    queryFn: ({ signal }) => readHealth(signal),
    refetchInterval: SOON,
  })
}

/** Not ready is an answer here, not a refusal: it says what is missing. */
async function readHealth(signal: AbortSignal): Promise<Health> {
  const response = await reached(fetch('/readyz', { signal }), signal)
  const answer = (await response.json().catch(() => null)) as Health | null
  if (!answer?.checks) throw new Refusal(response.ok ? 0 : response.status, null)
  return answer
}
