/** A job and the report that its newest run wrote; waits for it where it is still being made. */
import { useQuery } from '@tanstack/react-query'
import type { Report } from '../../contract.ts'
import { artifactPath, call } from '../../service/call.ts'
import { useFollowedJob } from '../../service/use-followed-job.ts'

export const REPORT = 'report.json'

export function useReport(id: string) {
  const job = useFollowedJob(id)
  const artifact = job.data?.artifacts.find(({ name }) => name === REPORT)
  const report = useQuery({
    // Each run writes its own.
    queryKey: ['report', id, job.data?.run],
    queryFn: ({ signal }) => call<Report.ReportJson>('GET', artifactPath(id, REPORT), { signal }),
    enabled: artifact !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  })
  return { job, report, artifact }
}
