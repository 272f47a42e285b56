/** Tells lines that begin an entry from those that continue one: stack traces, wrapped messages, dumps. */
import { continuesEntry, TraceFollower } from './continuation.ts'
import type { Clock, Header, HeaderPart } from './format.ts'
import { FormatFinder, formats, NO_FORMAT } from './registry.ts'

/**
 * In a file whose entries tell their time, a line without one continues the entry before, however it looks, but only
 * this many lines long: then the file has likely changed to a format that we cannot read, and looks decide again.
 */
const LONGEST_DUMP = 500

/** Called with each entry and what later lines add to it, in the file's order. */
export interface EntrySink {
  /** @param format place in the registry of formats, or `NO_FORMAT`. @param line the entry's first, with its header. */
  begin(header: Header, format: number, line: string): void
  /** A line more; `part` is what it adds to the header. */
  more(part: HeaderPart | null): void
}

export class EntryJoiner {
  readonly #finder: FormatFinder
  readonly #clock: Clock
  readonly #sink: EntrySink
  readonly #trace = new TraceFollower()
  #hasHeaders = false
  #unfinished = false
  #format = NO_FORMAT
  /** Lines of the entry at hand, behind its first; -1 before there is one. */
  #continued = -1

  constructor(clock: Clock, sink: EntrySink) {
    this.#finder = new FormatFinder(clock)
    this.#clock = clock
    this.#sink = sink
  }

  /** Lets the file's first lines speak for a format before any is read; see `FormatFinder`. */
  weigh(lines: readonly string[]): void {
    this.#finder.weigh(lines)
  }

  line(line: string): void {
    const part = this.#part(line)
    const looksContinued = this.#continued >= 0 && (part !== null || continuesEntry(line))
    const header = looksContinued ? null : this.#finder.find(line)
    if (header) {
      this.#header(header, line)
      return
    }
    const follows = this.#trace.follows(line)
    if (looksContinued || (this.#continued >= 0 && (follows || this.#mayBeDump()))) {
      this.#continue(part)
    } else {
      this.#hasHeaders = false
      this.#begin({ time: Number.NaN, level: 'unknown', message: line }, NO_FORMAT, line)
    }
  }

  #part(line: string): HeaderPart | null {
    const format = formats[this.#format]
    return format?.more ? format.more(line, this.#continued + 1, this.#clock) : null
  }

  #mayBeDump(): boolean {
    return this.#hasHeaders && this.#continued < LONGEST_DUMP
  }

  #header(header: Header, line: string): void {
    const { place } = this.#finder
    const continued = (header.continued === true || this.#unfinished) && place === this.#format
    this.#unfinished = header.unfinished === true
    this.#hasHeaders = this.#finder.gathers
    if (continued) this.#continue(null)
    else this.#begin(header, place, line)
  }

  #begin(header: Header, format: number, line: string): void {
    this.#continued = 0
    this.#format = format
    this.#sink.begin(header, format, line)
  }

  #continue(part: HeaderPart | null): void {
    this.#continued++
    this.#sink.more(part)
  }
}
