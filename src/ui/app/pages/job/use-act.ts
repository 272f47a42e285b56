/** Doing something with the job: one thing at a time, and a refusal is told. */
import { useState } from 'react'
import { useNotices } from '../../parts/notices.tsx'
import type { FollowedJob } from './use-job.ts'

export function useAct({ reload }: Pick<FollowedJob, 'reload'>) {
  const [busy, setBusy] = useState(false)
  const notices = useNotices()
  const act = async (what: () => Promise<unknown>) => {
    setBusy(true)
    try {
      await what()
    } catch (error) {
      notices.failed(error)
      // Most refusals say that the job is not what it was thought to be.
      reload()
    } finally {
      setBusy(false)
    }
  }
  return { busy, act, notices }
}
