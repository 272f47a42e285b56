/** Reads a text from its beginning to its end once, away from the page: to index its lines, or to search them. */
import { type IndexPart, LineScanner } from './line-index.ts'
import { LineSearch, type Query } from './line-search.ts'

export interface Task {
  readonly url: string
  /** Null: to index the lines. */
  readonly query: Query | null
}

export type Report =
  | { readonly kind: 'indexed'; readonly part: IndexPart }
  | {
      readonly kind: 'found'
      /** Since the last report, from 1. */
      readonly lines: readonly number[]
      /** Read so far. */
      readonly bytes: number
      readonly done: boolean
      /** It ended early: nobody goes through that many. */
      readonly isFull: boolean
    }
  | { readonly kind: 'failed'; readonly message: string }

/** Between two reports, in ms: as often as an eye wants it. */
const EVERY = 100
/** In a row, without a byte between them. */
const MOST_CUTS = 5

interface Scan {
  push(chunk: Uint8Array): void
  report(bytes: number, done: boolean): Report
  readonly isFull: boolean
}

addEventListener('message', async ({ data }: MessageEvent<Task>) => {
  try {
    await run(data.url, data.query ? searching(data.query) : indexing())
  } catch (error) {
    postMessage({ kind: 'failed', message: (error as Error).message } satisfies Report)
  }
})

async function run(url: string, scan: Scan): Promise<void> {
  let reported = 0
  let bytes = 0
  for await (const chunk of chunksOf(url)) {
    scan.push(chunk)
    bytes += chunk.length
    if (scan.isFull) break
    if (performance.now() - reported < EVERY) continue
    reported = performance.now()
    postMessage(scan.report(bytes, false))
  }
  postMessage(scan.report(bytes, true))
}

function indexing(): Scan {
  const scanner = new LineScanner()
  return {
    push: chunk => scanner.push(chunk),
    report: (_, done) => ({ kind: 'indexed', part: scanner.take(done) }),
    isFull: false,
  }
}

function searching(query: Query): Scan {
  const search = new LineSearch(query)
  return {
    push: chunk => search.push(chunk),
    report(bytes, done) {
      if (done && !search.isFull) search.end()
      return { kind: 'found', lines: search.take(), bytes, done, isFull: search.isFull }
    },
    get isFull() {
      return search.isFull
    },
  }
}

/** All bytes in order; a connection that is cut is taken up again where it was. */
async function* chunksOf(url: string): AsyncGenerator<Uint8Array> {
  let at = 0
  let etag = ''
  for (let cuts = 0; ; cuts++) {
    try {
      const resumed = etag !== ''
      const response = await fetch(url, {
        ...(resumed && { headers: { range: `bytes=${at}-`, 'if-range': etag } }),
      })
      if (!response.ok) throw new Final(await sentenceOf(response))
      if (resumed && response.status !== 206) throw new Final('The file has changed. Load the page again.')
      etag = response.headers.get('etag') ?? ''
      for (const reader = response.body!.getReader(); ; ) {
        const { done, value } = await reader.read()
        if (done) return
        at += value.length
        cuts = 0
        yield value
      }
    } catch (error) {
      if (error instanceof Final || cuts >= MOST_CUTS) throw error
      await new Promise(resolve => setTimeout(resolve, 250 * 2 ** cuts))
    }
  }
}

/** What another try cannot cure. */
class Final extends Error {}

async function sentenceOf(response: Response): Promise<string> {
  const problem = await response.json().catch(() => null)
  return problem?.detail ?? `The service answered with status ${response.status}.`
}
