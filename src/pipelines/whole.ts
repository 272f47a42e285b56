/** A text that is at hand, as the source that `writeArtifact` and `writeIntermediate` read from: one chunk, one write. */
export async function* whole(text: string): AsyncGenerator<string> {
  yield text
}
