/**
 * For what sends no signal: asks until the answer satisfies. The limit only ends a test that would never end; no promise
 * depends on it.
 */
export async function eventually<T>(
  ask: () => Promise<T> | T,
  satisfied: (answer: T) => boolean,
  limitMs = 120_000,
): Promise<T> {
  const end = Date.now() + limitMs
  for (;;) {
    const answer = await ask()
    if (satisfied(answer)) return answer
    if (Date.now() > end)
      throw new Error(`still not so after ${limitMs / 1_000} s: ${JSON.stringify(answer)}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}
