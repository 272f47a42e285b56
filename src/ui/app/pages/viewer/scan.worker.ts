/** Reads a text from its beginning to its end once, away from the page: to index its lines, or to search them. */
import { type IndexPart, LineScanner } from './line-index.ts'
import { LineSearch, type Query } from './line-search.ts'
import { chunksOf, Final } from './whole-stream.ts'

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
  | {
      readonly kind: 'failed'
      readonly message: string
      /** Nobody is signed in any more. A worker cannot lead to where one signs in. */
      readonly signedOut: boolean
    }

/** Between two reports, in ms: as often as an eye wants it. */
const EVERY = 100

interface Scan {
  push(chunk: Uint8Array): void
  report(bytes: number, done: boolean): Report
  readonly isFull: boolean
}

addEventListener('message', async ({ data }: MessageEvent<Task>) => {
  try {
    await run(data.url, data.query ? searching(data.query) : indexing())
  } catch (error) {
    const signedOut = error instanceof Final && error.status === 401
    postMessage({ kind: 'failed', message: (error as Error).message, signedOut } satisfies Report)
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
