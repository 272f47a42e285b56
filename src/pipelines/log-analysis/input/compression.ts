/** Which compression a run of bytes is in. It is told by how they begin, never by the file's name. */

export type Compression = 'gzip' | 'zstd'

/** Bytes that `compressionOf` wants to see. */
export const MAGIC_BYTES = 4

/** @param head the first bytes, at least `MAGIC_BYTES` where there are as many. */
export function compressionOf(head: Uint8Array): Compression | null {
  // RFC 1952, section 2.3.1; deflate is the only method there has ever been.
  if (head[0] === 0x1f && head[1] === 0x8b && head[2] === 8) return 'gzip'
  if (head.length < 4) return null
  const magic = (head[0]! | (head[1]! << 8) | (head[2]! << 16) | (head[3]! << 24)) >>> 0
  return magic === ZSTD_MAGIC || isSkippable(magic) ? 'zstd' : null
}

/** RFC 8878, sections 3.1.1 and 3.1.2, little-endian. */
export const ZSTD_MAGIC = 0xfd2fb528

export function isSkippable(magic: number): boolean {
  return magic >>> 4 === 0x184d2a5
}
