/** The lines around each finding, as the redacted text has them: the report shows what it speaks of. */
import type { Finding } from '../report-json.ts'

export interface Excerpt {
  /** Of the first of the lines; counts from 1. */
  readonly firstLine: number
  readonly lines: readonly string[]
}

const BEFORE = 2
const AFTER = 2
/** An exception is told by its trace. */
const AFTER_EXCEPTION = 7
/** Bytes read and characters shown of a line. */
const MOST_BYTES = 4_096
const MOST_CHARACTERS = 400
const NEWLINE = 10

/**
 * Reads each text that has findings once, no further than its last finding.
 *
 * @param textOf the place of each finding's text, in the order of the findings.
 * @returns in the order of the findings.
 */
export async function readExcerpts(
  findings: readonly Finding[],
  textOf: readonly number[],
  open: (text: number) => Promise<AsyncIterable<Uint8Array>>,
): Promise<Excerpt[]> {
  const excerpts: Excerpt[] = []
  for (const [text, places] of Map.groupBy(findings.keys(), place => textOf[place]!)) {
    const wanted = new Set(places.flatMap(place => range(findings[place]!)))
    const lines = await readLines(await open(text), wanted)
    for (const place of places) {
      const numbers = range(findings[place]!).filter(number => lines.has(number))
      excerpts[place] = { firstLine: numbers[0] ?? 1, lines: numbers.map(number => lines.get(number)!) }
    }
  }
  return excerpts
}

function range({ line, kind }: Finding): number[] {
  const first = Math.max(1, line - BEFORE)
  const last = line + (kind === 'exception' ? AFTER_EXCEPTION : AFTER)
  return Array.from({ length: last - first + 1 }, (_, nth) => first + nth)
}

/** Counts line ends in the bytes and decodes only the lines that are wanted. */
async function readLines(
  source: AsyncIterable<Uint8Array>,
  wanted: ReadonlySet<number>,
): Promise<ReadonlyMap<number, string>> {
  const lines = new Map<number, string>()
  const last = Math.max(...wanted)
  let number = 1
  let parts: Uint8Array[] = []
  let size = 0
  const keep = (chunk: Uint8Array, from: number, to: number) => {
    if (!wanted.has(number) || size >= MOST_BYTES) return
    // A copy: the chunk's memory is the stream's.
    parts.push(Uint8Array.from(chunk.subarray(from, Math.min(to, from + MOST_BYTES - size))))
    size += parts.at(-1)!.length
  }
  const end = () => {
    if (wanted.has(number)) lines.set(number, shown(Buffer.concat(parts).toString()))
    parts = []
    size = 0
    number++
  }
  for await (const chunk of source) {
    let at = 0
    for (let newline = chunk.indexOf(NEWLINE); newline >= 0; newline = chunk.indexOf(NEWLINE, at)) {
      keep(chunk, at, newline)
      end()
      at = newline + 1
      if (number > last) return lines
    }
    keep(chunk, at, chunk.length)
  }
  if (size > 0) end()
  return lines
}

function shown(line: string): string {
  const text = line.replace(/\r+$/, '')
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS).toWellFormed()} …` : text
}
