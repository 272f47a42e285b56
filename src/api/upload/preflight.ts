/** What can be said about an upload before its first byte is read. */
import type { IncomingHttpHeaders } from 'node:http'
import { refuseEncoded } from '../body.ts'
import { Problem } from '../problems.ts'
import type { Services } from '../services.ts'
import { fileTooLarge, tooManyFiles } from './multipart-errors.ts'

/** Bytes of a multipart body that are not the files': boundaries, headers, fields. */
const OVERHEAD = 2 ** 20
/** Bytes of the headers of a part, at the most. */
const PART_OVERHEAD = 16 * 2 ** 10
/** Bytes of a file; up to it the parser finds soon enough which one is too large, and can name it. */
const SOON_FOUND = 16 * 2 ** 20
/** Bytes; below it nobody is asked for room: the storage's own check and the record script's are enough. */
const SMALL = 2 ** 20

/** Whether a body is, or could be, more than a moment's work. */
export function isLarge(headers: IncomingHttpHeaders): boolean {
  return headers['content-length'] === undefined || Number(headers['content-length']) > SMALL
}

/** @param maxFiles that the request may bring. @throws Problem where the body cannot be taken. */
export function requireMultipart(
  headers: IncomingHttpHeaders,
  { config }: Pick<Services, 'config'>,
  maxFiles: number,
): void {
  refuseEncoded(headers['content-encoding'])
  if (!/;\s*boundary=/i.test(headers['content-type'] ?? '')) {
    throw new Problem('malformed-multipart', 'The Content-Type names no boundary.')
  }
  refuseTooLarge(Number(headers['content-length'] ?? 0), config.maxFileSize, maxFiles)
}

type Room = Pick<Services, 'storage' | 'stored' | 'config'>

/** @throws Problem where the storage has no room for it. */
export async function requireRoom(headers: IncomingHttpHeaders, room: Room): Promise<void> {
  // One that does not tell its length brings something.
  if (isLarge(headers))
    await requireBytes(Math.max(1, Number(headers['content-length'] ?? 0) - OVERHEAD), room)
}

/** @param least bytes that are to come. @throws Problem `storage-full` */
export async function requireBytes(least: number, { storage, stored, config }: Room): Promise<void> {
  const { storageQuota: quota, storageReserve: reserve } = config
  if (quota !== null && (await stored.bytes()) + least > quota) throw noRoom('SLUICE_STORAGE_QUOTA')
  const free = await storage.freeBytes()
  if (free !== null && free - reserve < least) throw noRoom('SLUICE_STORAGE_RESERVE')
}

/** Nobody has to send gigabytes to hear that they are more than all files of a job may have. */
function refuseTooLarge(length: number, maxFileSize: number, maxFiles: number): void {
  if (maxFileSize <= SOON_FOUND) return
  if (length <= maxFiles * (maxFileSize + PART_OVERHEAD) + OVERHEAD) return
  if (maxFiles === 0) throw tooManyFiles(maxFiles)
  if (maxFiles === 1) throw fileTooLarge(undefined, maxFileSize)
  throw new Problem(
    'request-too-large',
    `${length} bytes are more than the ${maxFiles} files of ${maxFileSize} bytes that this may bring at the most.`,
  )
}

/** @param setting that leaves none. */
export function noRoom(setting: 'SLUICE_STORAGE_QUOTA' | 'SLUICE_STORAGE_RESERVE'): Problem {
  return new Problem(
    'storage-full',
    `There is no room for an upload of this size (${setting}). Try again later.`,
  )
}
