/** What can be said about an upload before its first byte is read. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Storage } from '../../storage/storage.ts'
import { refuseEncoded } from '../body.ts'
import { Problem } from '../problems.ts'

/** Bytes of a multipart body that are not the files': boundaries, headers, fields. */
const OVERHEAD = 2 ** 20
/** Bytes; the free space is not asked for below it: the storage's own check is enough. */
const SMALL = 2 ** 20

export interface Room {
  readonly storage: Storage
  readonly reserve: number
}

/** Whether a body is, or could be, more than a moment's work. */
export function isLarge(headers: IncomingHttpHeaders): boolean {
  return headers['content-length'] === undefined || Number(headers['content-length']) > SMALL
}

/** @throws Problem where the body cannot be taken. */
export function requireMultipart(headers: IncomingHttpHeaders): void {
  refuseEncoded(headers['content-encoding'])
  if (!/;\s*boundary=/i.test(headers['content-type'] ?? '')) {
    throw new Problem('malformed-multipart', 'The Content-Type names no boundary.')
  }
}

/** @throws Problem where the storage has no room for it. */
export async function requireRoom(headers: IncomingHttpHeaders, room: Room): Promise<void> {
  const length = Number(headers['content-length'] ?? 0)
  if (length <= SMALL) return
  const free = await room.storage.freeBytes()
  if (free !== null && free - room.reserve < length - OVERHEAD) {
    throw new Problem('storage-full', 'There is no room for an upload of this size. Try again later.')
  }
}
