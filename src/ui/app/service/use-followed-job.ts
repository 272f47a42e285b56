/** A job as the pages of its results need it: its record, kept up to date for as long as it is under way. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { FINAL, type Job } from '../contract.ts'
import { afterEvent } from './after-event.ts'
import { call, jobPath, Refusal } from './call.ts'
import { follow } from './follow.ts'

export function useFollowedJob(id: string) {
  const queries = useQueryClient()
  const job = useQuery({
    queryKey: ['job', id],
    queryFn: ({ signal }) => call<Job>('GET', jobPath(id), { signal }),
  })

  const isOpen = job.data !== undefined && !FINAL.has(job.data.status) && !isMissing(job.error)
  useEffect(() => {
    if (!isOpen) return
    const key = ['job', id]
    const read = () => queries.invalidateQueries({ queryKey: key })
    return follow(`${jobPath(id)}/events`, {
      onEvent(event) {
        const old = queries.getQueryData<Job>(key)
        const next = old && afterEvent(old, event)
        // What an event does not tell, the artifacts among it, is read with the job.
        const wrote = event.type === 'stage.completed' && (event.data.artifacts?.length ?? 0) > 0
        if (next && !FINAL.has(next.status) && !wrote) queries.setQueryData(key, next)
        else read()
      },
      async ended() {
        try {
          return FINAL.has((await call<Job>('GET', jobPath(id))).status)
        } catch (error) {
          if (!isMissing(error)) throw error
          // It was deleted: the query finds out, and says so.
          read()
          return true
        }
      },
    })
  }, [isOpen, id, queries])

  return job
}

/** Whether what was asked for is not there: any more, or for whoever asks. */
export function isMissing(error: unknown): boolean {
  return error instanceof Refusal && error.status === 404
}
