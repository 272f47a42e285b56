/** Connections to an S3, and how long we wait on them: one that hangs must not hang us. */
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import type { S3Place } from '../config.ts'

/** Milliseconds until a connection is there. */
const CONNECT_MS = 5_000
/** Milliseconds without a byte, in either direction, after which a request has failed. */
const IDLE_MS = 30_000
/** Milliseconds that one request may take although bytes move: a part over a slow line, the joining of 10,000 parts. */
const REQUEST_MS = 600_000
/** Attempts a request, with the SDK's back-off between them. */
const ATTEMPTS = 3
/** Connections that are kept for later. */
const KEPT = 64

export interface S3Clients {
  /** For every request whose answer is read at once. */
  readonly client: S3Client
  /**
   * For objects that somebody reads at his own pace. A reader that pauses is not a server that hangs, which the
   * socket cannot tell apart: `readGuarded` does.
   */
  readonly reader: S3Client
  close(): void
}

export interface S3Timeouts {
  readonly connectMs: number
  readonly idleMs: number
}

export const S3_TIMEOUTS: S3Timeouts = { connectMs: CONNECT_MS, idleMs: IDLE_MS }

export function createS3Clients(place: S3Place, timeouts: S3Timeouts = S3_TIMEOUTS): S3Clients {
  const connectionTimeout = timeouts.connectMs
  const client = new S3Client({
    ...s3ClientConfig(place),
    requestHandler: {
      connectionTimeout,
      socketTimeout: timeouts.idleMs,
      requestTimeout: REQUEST_MS,
      throwOnRequestTimeout: true,
      ...AGENTS,
    },
  })
  const reader = new S3Client({
    ...s3ClientConfig(place),
    requestHandler: {
      connectionTimeout,
      socketTimeout: 0,
      // Until the answer's headers are there.
      requestTimeout: timeouts.idleMs,
      throwOnRequestTimeout: true,
      ...AGENTS,
    },
  })
  return {
    client,
    reader,
    close() {
      client.destroy()
      reader.destroy()
    },
  }
}

/**
 * As many connections as there are requests: uploads are limited where they come in, and a request that waits for
 * one of a few connections would be counted as one that cannot connect.
 */
const AGENTS = {
  httpAgent: { keepAlive: true, maxSockets: Infinity, maxFreeSockets: KEPT },
  httpsAgent: { keepAlive: true, maxSockets: Infinity, maxFreeSockets: KEPT },
} as const

/** What every client of this place needs, but its connections. */
export function s3ClientConfig(place: S3Place): S3ClientConfig {
  const { endpoint, credentials } = place
  // Servers other than AWS's take any region, but the signature needs one.
  const region = place.region ?? (endpoint === null ? undefined : 'us-east-1')
  return {
    maxAttempts: ATTEMPTS,
    // Swift, Ceph and others do not understand the trailing checksums that the SDK sends by default; each request
    // carries the SHA-256 of its body in its signature all the same, and servers check that.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // A connection of its own for each request that waits for "100 Continue".
    expectContinueHeader: false,
    ...(endpoint !== null && { endpoint, forcePathStyle: true }),
    ...(region !== undefined && { region }),
    // A copy: the SDK notes in it where it is from, and settings are frozen.
    ...(credentials !== null && { credentials: { ...credentials } }),
  }
}
