/** Reads a whole artifact as a stream. */

/** In a row, without a byte between them. */
const MOST_CUTS = 5
const AWAY = 'The service cannot be reached. Check that it runs and that you are connected, then try again.'

/**
 * All bytes in order. A connection that is cut is taken up again where it was: of a gigabyte, nobody wants to begin anew.
 *
 * @throws {Final} where another try cannot cure it; another Error where it did not. Both have a sentence for people.
 */
export async function* chunksOf(url: string): AsyncGenerator<Uint8Array> {
  let at = 0
  let etag = ''
  for (let cuts = 0; ; cuts++) {
    try {
      const resumed = etag !== ''
      const response = await fetch(url, {
        ...(resumed && { headers: { range: `bytes=${at}-`, 'if-range': etag } }),
      })
      if (!response.ok) throw new Final(await sentenceOf(response), response.status)
      if (resumed && response.status !== 206)
        throw new Final('The file has changed. Load the page again.', response.status)
      etag = response.headers.get('etag') ?? ''
      for (const reader = response.body!.getReader(); ; ) {
        const { done, value } = await reader.read()
        if (done) return
        at += value.length
        cuts = 0
        yield value
      }
    } catch (error) {
      if (error instanceof Final) throw error
      if (cuts >= MOST_CUTS) throw new Error(AWAY, { cause: error })
      await new Promise(resolve => setTimeout(resolve, 250 * 2 ** cuts))
    }
  }
}

/** What another try cannot cure. */
export class Final extends Error {
  readonly status: number

  constructor(message: string, status: number) {
    super(message)
    this.status = status
  }
}

async function sentenceOf(response: Response): Promise<string> {
  const problem = (await response.json().catch(() => null)) as { detail?: string } | null
  return problem?.detail ?? `The service answered with status ${response.status}.`
}
