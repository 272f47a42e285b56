import type { Job } from '../contract.ts'

/** Whether a search for this text, in lower case, finds the job, as the API would say. */
export function mentions(job: Job, text: string): boolean {
  return (
    job.id.toLowerCase().includes(text) ||
    job.files.some(file => file.name.toLowerCase().includes(text)) ||
    JSON.stringify(job.metadata).toLowerCase().includes(text)
  )
}
