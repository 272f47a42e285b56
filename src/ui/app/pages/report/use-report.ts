/** A job and the report that its newest run wrote; waits for it where it is still being made. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { FINAL, type Job, type Report } from '../../contract.ts'
import { artifactPath, call, jobPath } from '../../service/call.ts'
import { follow } from '../../service/follow.ts'
import { afterEvent } from '../../service/jobs.ts'

export const REPORT = 'report.json'

export function useReport(id: string) {
  const queries = useQueryClient()
  const jobKey = ['job', id]
  const job = useQuery({
    queryKey: jobKey,
    queryFn: ({ signal }) => call<Job>('GET', jobPath(id), { signal }),
  })
  const artifact = job.data?.artifacts.find(({ name }) => name === REPORT)
  const report = useQuery({
    // Each run writes its own.
    queryKey: ['report', id, job.data?.run],
    queryFn: ({ signal }) => call<Report.ReportJson>('GET', artifactPath(id, REPORT), { signal }),
    enabled: artifact !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  })

  const isOpen = job.data !== undefined && !FINAL.has(job.data.status)
  useEffect(() => {
    if (!isOpen) return
    const key = ['job', id]
    return follow(`${jobPath(id)}/events`, {
      onEvent(event) {
        const old = queries.getQueryData<Job>(key)
        const next = old && afterEvent(old, event)
        // What an event does not tell, the report among it, is read with the job.
        if (next && !FINAL.has(next.status)) queries.setQueryData(key, next)
        else queries.invalidateQueries({ queryKey: key })
      },
      ended: async () => FINAL.has((await call<Job>('GET', jobPath(id))).status),
    })
  }, [isOpen, id, queries])

  return { job, report, artifact }
}
