/** Looks at how a stream begins without taking anything from it. */

/**
 * @returns at least the first `count` bytes, where there are as many, and the whole stream. Whoever does not read it to
 * its end calls its `return`, so that the source is closed.
 */
export async function peek(
  source: AsyncGenerator<Uint8Array>,
  count: number,
): Promise<{ head: Uint8Array; all: AsyncGenerator<Uint8Array> }> {
  const chunks: Uint8Array[] = []
  let length = 0
  while (length < count) {
    const { done, value } = await source.next()
    if (done) break
    chunks.push(value)
    length += value.length
  }
  const head = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
  const all = startingWith(head, source)
  // A generator that was never begun would not close its source: its first step is taken here.
  await all.next()
  return { head, all }
}

async function* startingWith(head: Uint8Array, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield head.subarray(0, 0)
    if (head.length > 0) yield head
    yield* rest
  } finally {
    await rest.return(undefined)
  }
}
