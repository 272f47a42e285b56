/** The blocks that stand before each file of a tar (POSIX.1-2024, pax, "ustar Interchange Format"). */
import { Header } from 'tar/header'

export const BLOCK = 512

/** @param block the first 512 bytes, where there are as many. */
export function isTarHeader(block: Uint8Array): boolean {
  // Text has no NUL, and a header has no text without one: its name, its numbers or its rest are filled up with them.
  if (block.length < BLOCK || !block.subarray(0, BLOCK).includes(0)) return false
  return hasMagic(block) || readHeader(block)?.cksumValid === true
}

/** `ustar`, as POSIX and as GNU have it; tars from before that have none, and are told by their check sum. */
function hasMagic(block: Uint8Array): boolean {
  return (
    Buffer.from(block.buffer, block.byteOffset, block.byteLength).toString('latin1', 257, 262) === 'ustar'
  )
}

/**
 * @param path what a header before this one says that it is. It may be told a folder by a slash at the end of its name,
 * and a long name is cut anywhere.
 * @returns null for what cannot be one, such as numbers beyond all measure.
 */
export function readHeader(block: Uint8Array, path?: string): Header | null {
  try {
    return new Header(
      Buffer.from(block.buffer, block.byteOffset, BLOCK),
      0,
      path === undefined ? path : { path },
    )
  } catch {
    return null
  }
}
