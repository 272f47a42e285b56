/** Takes the entries of all texts in, one by one, and gives out what the report is made of. */
import { type IndexedEntry, NOT_AT_END } from './entry-index.ts'
import { ExceptionCounter } from './findings/exceptions.ts'
import { FileFindings } from './findings/file-findings.ts'
import type { Found, SeenAt } from './findings/found.ts'
import { ranked, toFinding } from './findings/ranking.ts'
import { TimelineCounter } from './findings/timeline.ts'
import { createClock } from './formats/format.ts'
import { formats } from './formats/registry.ts'
import type { Analysis, IngestedText, RedactedText } from './handover.ts'
import { TemplateTable } from './mining/template-table.ts'
import { FIXED_MARK } from './redaction/marks.ts'

/** Lines of an entry that are looked at for a stack trace; deep traces repeat themselves. */
const MOST_CONTINUATION = 100

export class EntryAnalysis {
  readonly #templates = new TemplateTable()
  readonly #timeline = new TimelineCounter()
  readonly #exceptions = new ExceptionCounter()
  readonly #found: Found[] = []
  /** Times are in the index; headers are read once more only to find where the message begins. */
  readonly #clock = createClock(Date.now())
  /** Place of the text at hand, and its file's name. */
  #text = -1
  #file = ''
  /** Of each text, the redacted one's. */
  readonly #artifacts: string[] = []
  #findings: FileFindings | null = null
  #entry: IndexedEntry | null = null
  #line = 0
  #first = ''
  #message = ''
  /** Lines of the entry so far. */
  #nth = 0
  #continuation: string[] = []
  readonly #headersMayMove: boolean

  /** @param pseudonyms redaction left marks that cannot be told from other brackets at a glance. */
  constructor(pseudonyms: boolean) {
    this.#headersMayMove = pseudonyms
  }

  beginFile(text: IngestedText, redacted: RedactedText): void {
    this.#text++
    this.#file = text.name
    this.#artifacts.push(redacted.artifact)
    this.#findings = new FileFindings(this.#text, text, redacted)
    this.#line = 1
  }

  beginEntry(entry: IndexedEntry, line: string): void {
    this.#endEntry()
    this.#entry = entry
    this.#first = line
    this.#message = this.#messageOf(entry, line) || line
    this.#nth = 1
  }

  continueEntry(line: string): void {
    const nth = this.#nth++
    if (nth > MOST_CONTINUATION) return
    const format = formats[this.#entry!.format]
    // Some headers have several lines, and tell the message late.
    this.#message = format?.more?.(line, nth, this.#clock)?.message ?? this.#message
    // Some runtimes put a header before each line of a trace.
    const header = format?.begins.includes(line.charAt(0)) ? format.read(line, this.#clock) : null
    this.#continuation.push(header?.continued ? header.message : line)
  }

  endFile(): void {
    this.#endEntry()
    this.#found.push(...this.#findings!.finish(this.#templates))
  }

  finish(): Analysis {
    const { templates, idOf } = this.#templates.templates()
    const { timeline } = this.#timeline.finish()
    const found = ranked([...this.#exceptions.findings(), ...this.#found])
    return {
      templates,
      timeline,
      findings: found.map(each => toFinding(each, this.#artifacts[each.text]!, idOf)),
      findingTexts: found.map(each => each.text),
    }
  }

  /** Ingestion has seen where it begins; where redaction changed the header, that has moved, and it is read again. */
  #messageOf({ format, messageAt }: IndexedEntry, line: string): string | undefined {
    if (messageAt !== NOT_AT_END && !this.#headersMayMove) {
      const mark = line.indexOf(FIXED_MARK)
      if (mark < 0 || mark >= messageAt) return line.slice(messageAt)
    }
    return formats[format]?.read(line, this.#clock)?.message
  }

  #endEntry(): void {
    const entry = this.#entry
    if (!entry) return
    this.#entry = null
    const line = this.#first
    const message = this.#message
    const { time, level } = entry
    const template = this.#templates.add({
      message,
      line,
      file: this.#file,
      artifact: this.#artifacts[this.#text]!,
      lineNumber: this.#line,
      time,
      level,
    })
    const seen: SeenAt = { text: this.#text, file: this.#file, line: this.#line, time, level, template }
    this.#timeline.add(seen)
    this.#findings!.add(seen, message, entry.lines)
    if (this.#continuation.length > 0) {
      this.#exceptions.add(seen, message, this.#continuation)
      this.#continuation = []
    }
    this.#line += entry.lines
  }
}
