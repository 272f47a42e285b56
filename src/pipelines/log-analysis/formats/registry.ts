/** Every format, in the order in which a line is tried against them. An entry's format is kept by its place here. */
import { accessLog } from './access-log.ts'
import { containerFormats } from './containers.ts'
import type { Clock, Header, LogFormat } from './format.ts'
import { journalExport } from './journal-export.ts'
import { jsonLines } from './json-lines.ts'
import { levelFirstFormats, timelessFormats } from './level-first.ts'
import { logfmt } from './logfmt.ts'
import { withoutColours } from './scan.ts'
import { syslogFormats } from './syslog.ts'
import { timeFirstFormats } from './time-first.ts'

/** Formats of a program's own lines. Those that ask for more stand before those that would take the same line with less. */
const programs: readonly LogFormat[] = [
  ...syslogFormats,
  ...levelFirstFormats,
  accessLog,
  ...timeFirstFormats,
  jsonLines,
  logfmt,
  journalExport,
]

/** At most 255: the entry index keeps the place in a byte. */
export const formats: readonly LogFormat[] = [
  ...containerFormats(readProgram),
  ...programs,
  ...timelessFormats,
].map(readingColours)

/** The place of a line that no format reads. */
export const NO_FORMAT = 255

/** What a colour begins with. */
const ESCAPE = 27

/** A terminal's colours stand before, after and within a header; the line is then read as it would be without them. */
function readingColours(format: LogFormat): LogFormat {
  const read = (line: string, clock: Clock): Header | null =>
    format.read(line.charCodeAt(0) === ESCAPE ? withoutColours(line) : line, clock)
  return { ...format, read }
}

/**
 * Where the message begins that was read from `line` by the format at `place`; null where it is not the line's rest.
 * A comparison would say the same, and take as long as reading the header did.
 */
export function messageAt(message: string, line: string, place: number): number | null {
  const retold = formats[place]?.fields === true || line.charCodeAt(0) === ESCAPE
  return retold ? null : line.length - message.length
}

/** For each first character, the places of the formats that may begin with it, in order. */
const byFirst: readonly (readonly number[])[] = Array.from({ length: 128 }, (_, code) =>
  formats.flatMap(({ begins }, place) =>
    code === ESCAPE || begins.includes(String.fromCharCode(code)) ? [place] : [],
  ),
)
const NONE: readonly number[] = []

function readProgram(line: string, clock: Clock): Header | null {
  for (const place of byFirst[line.charCodeAt(0)] ?? NONE) {
    const format = formats[place]!
    const header = format.wraps ? null : format.read(line, clock)
    if (header) return header
  }
  return null
}

/** What is lost when a line is held against a format of the wrong country: nothing, so few lines need to say. */
const NUMBERS_FIRST = /^\[?(\d{1,2})\/(\d{1,2})\/\d{4}\b/

/**
 * Finds the format of line after line. What read the last header is tried first, then the rest in the order in which a
 * file's first lines speak for them: a file that changes its format is still read.
 */
export class FormatFinder {
  #last = 0
  #candidates = byFirst
  /** Timeless formats that read most of the first lines. */
  #usual: ReadonlySet<number> = new Set()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The place of the format that read the last header. */
  get place(): number {
    return this.#last
  }

  /**
   * Whether a line without a header goes with the last header's entry. Where times are told it does; where a few lines
   * only begin with a word such as "Error:", the others stand for themselves.
   */
  get gathers(): boolean {
    return !formats[this.#last]!.timeless || this.#usual.has(this.#last)
  }

  /** The evidence: how many of these lines each format reads. */
  weigh(lines: readonly string[]): void {
    const clock = { ...this.#clock, yearOf: () => 2000, latest: Number.POSITIVE_INFINITY }
    const read = formats.map(
      ({ begins, read }) => lines.filter(line => mayBegin(begins, line) && read(line, clock) !== null).length,
    )
    const timed = Math.max(0, ...read.filter((_, place) => !formats[place]!.timeless))
    const order = (a: number, b: number) => read[b]! - read[a]! || a - b
    // A sentence that begins with "Error:" is no header in a log that has better ones.
    const admitted = (place: number) => !formats[place]!.timeless || read[place]! > timed
    this.#candidates = byFirst.map(places => places.filter(admitted).sort(order))
    this.#usual = new Set(formats.keys().filter(place => read[place]! * 2 >= lines.length))
    this.#clock.dayFirst = lines.some(line => Number(NUMBERS_FIRST.exec(line)?.[1]) > 12)
  }

  find(line: string): Header | null {
    const last = formats[this.#last]!
    const places = this.#candidates[line.charCodeAt(0)]
    if (!places) return null
    if (places.includes(this.#last)) {
      const header = last.read(line, this.#clock)
      if (header) return header
    }
    for (const place of places) {
      if (place === this.#last) continue
      const header = formats[place]!.read(line, this.#clock)
      if (!header) continue
      this.#last = place
      return header
    }
    return null
  }
}

function mayBegin(begins: string, line: string): boolean {
  return line.charCodeAt(0) === ESCAPE || begins.includes(line.charAt(0))
}
