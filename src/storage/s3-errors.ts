/** What the failures of an S3 mean, said without anything of the request: that carries keys and signatures. */
import { StorageError, type StorageErrorCode } from './storage.ts'

/** Names that servers have for "no room". */
const FULL = new Set([
  'QuotaExceeded',
  'InsufficientStorage',
  'InsufficientCapacity',
  'StorageFull',
  'XMinioStorageFull',
  'XMinioAdminBucketQuotaExceeded',
  // Nothing that we send is as large as S3 allows, so it is a quota that is exceeded: Swift says it so.
  'EntityTooLarge',
])

/** The server's name for what went wrong, or Node's or the SDK's. */
export function failureName(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // The connection's own errors are all named "Error".
  return error.name === 'Error' && 'code' in error ? String(error.code) : error.name
}

export function httpStatus(error: unknown): number | undefined {
  if (!(error instanceof Error && '$metadata' in error)) return undefined
  return (error.$metadata as { httpStatusCode?: number } | undefined)?.httpStatusCode
}

/**
 * Translates whatever a request of the SDK has failed with. The SDK's error is not kept as the cause: causes are
 * logged, and it may hold the access key and what was signed.
 *
 * @param doing what was tried, as it goes into "The storage could not …".
 */
export function asStorageError(error: unknown, doing: string): StorageError {
  if (error instanceof StorageError) return error
  const name = failureName(error)
  const status = httpStatus(error)
  const message = error instanceof Error ? error.message.replace(/\s+/g, ' ').trim() : ''
  const what = [name, message].filter((part, at, all) => part !== '' && all.indexOf(part) === at).join(', ')
  return new StorageError(
    codeOf(name, status),
    `The storage could not ${doing}: ${what}${status === undefined ? '' : ` (HTTP ${status})`}.`,
  )
}

function codeOf(name: string, status: number | undefined): StorageErrorCode {
  if (name === 'NoSuchKey') return 'not-found'
  return FULL.has(name) || status === 507 ? 'full' : 'unavailable'
}

/** Awaits a request and translates its failure. */
export async function asking<T>(doing: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request()
  } catch (error) {
    throw asStorageError(error, doing)
  }
}
