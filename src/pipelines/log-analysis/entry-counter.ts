/** Follows one text through ingestion: which lines make an entry, and what the entries sum up to. */
import { type EntryIndexWriter, NOT_AT_END } from './entry-index.ts'
import { EntryJoiner, type EntrySink } from './formats/entries.ts'
import { createClock, type Header, type HeaderPart } from './formats/format.ts'
import { messageAt } from './formats/registry.ts'
import { earlier, isYearless, Span, yearsBack } from './formats/years.ts'
import type { IngestedText } from './handover.ts'
import { type Level, noLevels } from './levels.ts'

type Summary = Pick<
  IngestedText,
  'lines' | 'entries' | 'untimed' | 'firstTime' | 'lastTime' | 'levels' | 'yearsBack'
>

/** Lines that are looked at before the first is read, and characters that they may have together. */
const FIRST_LINES = 200
const FIRST_CHARACTERS = 1024 * 1024

export class EntryCounter implements EntrySink {
  readonly #records: EntryIndexWriter
  readonly #joiner: EntryJoiner
  readonly #levels = noLevels()
  /** Null once they have spoken. */
  #firstLines: string[] | null = []
  #firstCharacters = 0
  #lines = 0
  #entries = 0
  #untimed = 0
  readonly #now: number
  readonly #dated = new Span()
  readonly #yearless = new Span()
  #time = Number.NaN
  #level: Level = 'unknown'
  #format = 0
  #messageAt = NOT_AT_END
  #openLines = 0

  constructor(records: EntryIndexWriter, now = Date.now()) {
    this.#records = records
    this.#now = now
    this.#joiner = new EntryJoiner(createClock(now), this)
  }

  line(line: string): void {
    this.#lines++
    if (!this.#firstLines) {
      this.#joiner.line(line)
      return
    }
    this.#firstLines.push(line)
    this.#firstCharacters += line.length
    if (this.#firstLines.length === FIRST_LINES || this.#firstCharacters > FIRST_CHARACTERS) this.#weigh()
  }

  end(): void {
    this.#weigh()
    this.#close()
  }

  begin(header: Header, format: number, line: string): void {
    this.#close()
    this.#time = header.time
    this.#level = header.level
    this.#format = format
    this.#messageAt = messageAt(header.message, line, format) ?? NOT_AT_END
    this.#openLines = 1
  }

  more(part: HeaderPart | null): void {
    this.#openLines++
    if (part?.time !== undefined) this.#time = part.time
    if (part?.level !== undefined) this.#level = part.level
  }

  /** The earliest and the latest time, not the first's and the last's: entries may come out of order. */
  summary(): Summary {
    const years = yearsBack(this.#yearless.last, this.#now)
    const span = new Span()
    for (const time of [this.#dated.first, this.#dated.last]) if (!this.#dated.empty) span.add(time)
    for (const time of [this.#yearless.first, this.#yearless.last])
      if (!this.#yearless.empty) span.add(earlier(time, years))
    return {
      lines: this.#lines,
      entries: this.#entries,
      untimed: this.#untimed,
      firstTime: span.empty ? null : span.first,
      lastTime: span.empty ? null : span.last,
      yearsBack: years,
      levels: this.#levels,
    }
  }

  #weigh(): void {
    const lines = this.#firstLines
    if (!lines) return
    this.#firstLines = null
    this.#joiner.weigh(lines)
    for (const line of lines) this.#joiner.line(line)
  }

  #close(): void {
    if (this.#openLines === 0) return
    this.#entries++
    if (Number.isNaN(this.#time)) this.#untimed++
    this.#levels[this.#level]++
    const span = isYearless(this.#format) ? this.#yearless : this.#dated
    span.add(this.#time)
    this.#records.add(this.#time, this.#openLines, this.#level, this.#format, this.#messageAt)
    this.#openLines = 0
  }
}
