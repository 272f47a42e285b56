/** What is left of `chunks` after its first `count` bytes. */
export function after(chunks: Uint8Array[], count: number): Uint8Array[] {
  let skipped = 0
  for (const [index, chunk] of chunks.entries()) {
    if (skipped + chunk.byteLength > count) {
      return [chunk.subarray(count - skipped), ...chunks.slice(index + 1)]
    }
    skipped += chunk.byteLength
  }
  return []
}
