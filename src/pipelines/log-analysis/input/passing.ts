/** Watches what streams by. */

/** @param onBytes called with the length of each chunk before it is handed on. */
export async function* passing(
  source: AsyncIterable<Uint8Array>,
  onBytes: (count: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    onBytes(chunk.length)
    yield chunk
  }
}
