/** `Prefer: wait=N` (RFC 7240): holds an answer until the job is final, or N seconds have passed. */

import { isFinal, isFinalEvent } from '../jobs/job.ts'
import type { JobRecord } from '../jobs/record.ts'
import { readRecord } from '../jobs/record.ts'
import type { Services } from './services.ts'

const LONGEST_S = 60

/** As the document says it of the endpoints that answer with `accepted`. */
export const PREFER = {
  Prefer: '`wait=N` holds the answer until the job is final, or N seconds (60 at most).',
}

/** Seconds; null where the client does not ask. */
export function preferredWait(header: string | undefined): number | null {
  const match = header && /(?:^|,)\s*wait\s*=\s*"?(\d+)"?\s*(?:[;,]|$)/i.exec(header)
  return match ? Math.min(Number(match[1]), LONGEST_S) : null
}

/** @param gone aborted when the client hangs up. @returns the job as it is then. */
export async function waitUntilFinal(
  services: Services,
  record: JobRecord,
  seconds: number,
  gone: AbortSignal,
): Promise<JobRecord> {
  if (isFinal(record.status) || seconds === 0) return record
  const enough = AbortSignal.any([AbortSignal.timeout(seconds * 1_000), gone, services.closing])
  try {
    for await (const event of services.feed.follow(record.id, null, enough)) {
      if (isFinalEvent(event.type) && event.run === record.run) break
    }
    return (await readRecord(services.redis, record.id)) ?? record
  } catch (error) {
    // The job is accepted, whatever becomes of the wait.
    services.log.debug({ err: error }, `waiting for job ${record.id}`)
    return record
  }
}
