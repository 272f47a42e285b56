/** Attempts at deliveries that nobody has made: as whoever made one would tell of it. */
import type { DeliveryAttempt } from '../../src/jobs/job.ts'

/** @param statusCode of the receiver's answer. */
export function attemptAnswered(statusCode: number, more: Partial<DeliveryAttempt> = {}): DeliveryAttempt {
  return {
    at: new Date().toISOString(),
    durationMs: 1,
    dnsMs: 0,
    connectMs: 1,
    statusCode,
    error: null,
    response: '',
    ...more,
  }
}
