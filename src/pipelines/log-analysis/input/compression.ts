/** How a run of bytes is packed. It is told by what they are, never by the file's name. */
import { isTarHeader } from './archives/tar-header.ts'

/** One text or archive, made smaller. */
export type Compression = 'gzip' | 'zstd'
/** Any number of files in one. */
export type Archive = 'zip' | 'tar'

/** Bytes that `compressionOf` and `archiveOf` want to see: a tar says what it is in its first block only as a whole. */
export const MAGIC_BYTES = 512

/** @param head the first bytes, at least `MAGIC_BYTES` where there are as many. */
export function compressionOf(head: Uint8Array): Compression | null {
  // RFC 1952, section 2.3.1; deflate is the only method there has ever been.
  if (head[0] === 0x1f && head[1] === 0x8b && head[2] === 8) return 'gzip'
  const magic = magicOf(head)
  return magic === ZSTD_MAGIC || isSkippable(magic) ? 'zstd' : null
}

/** @param head as for `compressionOf`. */
export function archiveOf(head: Uint8Array): Archive | null {
  const magic = magicOf(head)
  if (magic === ZIP_MEMBER || magic === ZIP_END) return 'zip'
  return isTarHeader(head) ? 'tar' : null
}

/** -1 where there are not as many bytes. */
function magicOf(head: Uint8Array): number {
  if (head.length < 4) return -1
  return (head[0]! | (head[1]! << 8) | (head[2]! << 16) | (head[3]! << 24)) >>> 0
}

/** RFC 8878, sections 3.1.1 and 3.1.2, little-endian. */
export const ZSTD_MAGIC = 0xfd2fb528

export function isSkippable(magic: number): boolean {
  return magic >>> 4 === 0x184d2a5
}

/** APPNOTE.TXT 6.3.10, sections 4.3.7 and 4.3.16: the header of a member, and what an archive without members is. */
const ZIP_MEMBER = 0x04034b50
const ZIP_END = 0x06054b50
