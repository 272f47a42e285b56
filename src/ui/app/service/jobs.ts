/** Jobs, as the pages ask for them. */
import type { Job, JobPage } from '../contract.ts'
import { call } from './call.ts'

/** @param query as `GET /api/jobs` has it, without `cursor` */
export function readJobs(
  query: URLSearchParams,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<JobPage> {
  const all = new URLSearchParams(query)
  if (cursor) all.set('cursor', cursor)
  return call('GET', `/api/jobs?${all}`, signal ? { signal } : {})
}

/** The newest jobs with this text in their id, their files' names or their metadata. */
export async function searchJobs(text: string, limit: number, signal: AbortSignal): Promise<readonly Job[]> {
  const query = new URLSearchParams({ limit: String(limit), ...(text && { q: text }) })
  return (await readJobs(query, null, signal)).items
}
