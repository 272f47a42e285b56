/** What is known of each template beside its wording: how often, how grave, where first and last. */
import { detached } from '../input/lines.ts'
import { LEVELS, type Level } from '../levels.ts'
import type { Template } from '../report-json.ts'
import { current } from './columns.ts'
import { Drain } from './drain.ts'

/** Characters of an example; one that is longer says so. */
const LONGEST_EXAMPLE = 500

interface Row {
  /** Of the first entry; the row's place is that of its template in `Drain`. */
  readonly place: number
  count: number
  level: Level
  readonly firstFile: string
  readonly firstArtifact: string
  readonly firstLine: number
  lastFile: string
  lastArtifact: string
  lastLine: number
  /** Counts the entries of all files. */
  lastSeen: number
  firstTime: number
  lastTime: number
  readonly example: string
}

export interface SeenEntry {
  readonly message: string
  /** The whole first line. */
  readonly line: string
  readonly file: string
  /** The redacted text's. */
  readonly artifact: string
  readonly lineNumber: number
  readonly time: number
  readonly level: Level
}

export class TemplateTable {
  readonly #drain = new Drain()
  readonly #rows: Row[] = []
  #seen = 0

  /** @returns the place of the entry's template; `idOf` makes it the id that the report tells. */
  add(entry: SeenEntry): number {
    const { place } = this.#drain.add(entry.message)
    const row = this.#rows[place]
    this.#seen++
    if (row) count(row, entry, this.#seen)
    else this.#rows[place] = begin(place, entry, this.#seen)
    return place
  }

  /** As it stands now. */
  wordingOf(place: number): string {
    return this.#drain.wordingOf(this.#drain.templates[place]!)
  }

  /** The place of the template that this one is part of now. */
  current(place: number): number {
    return current(this.#drain.templates[place]!).place
  }

  /**
   * The most frequent first. Templates that were told apart by a token which later became a wildcard may end with the
   * same wording: they are one, under the id of the first.
   */
  templates(): { templates: Template[]; idOf: (place: number) => string } {
    const byWording = new Map<string, Row>()
    const ids = new Map<number, string>()
    for (const row of this.#rows) {
      const wording = this.wordingOf(row.place)
      const first = byWording.get(wording)
      if (first) merge(first, row)
      else byWording.set(wording, row)
      ids.set(row.place, idAt((first ?? row).place))
    }
    const templates = [...byWording]
      .map(([template, row]) => toTemplate(template, row))
      .sort((a, b) => b.count - a.count)
    return { templates, idOf: place => ids.get(place)! }
  }
}

function begin(place: number, entry: SeenEntry, seen: number): Row {
  const { line, file, artifact, lineNumber, time, level } = entry
  const example = line.length > LONGEST_EXAMPLE ? `${line.slice(0, LONGEST_EXAMPLE).toWellFormed()} …` : line
  return {
    place,
    count: 1,
    level,
    firstFile: file,
    firstArtifact: artifact,
    firstLine: lineNumber,
    lastFile: file,
    lastArtifact: artifact,
    lastLine: lineNumber,
    lastSeen: seen,
    firstTime: time,
    lastTime: time,
    example: detached(example),
  }
}

function count(row: Row, entry: SeenEntry, seen: number): void {
  row.count++
  row.lastSeen = seen
  row.lastFile = entry.file
  row.lastArtifact = entry.artifact
  row.lastLine = entry.lineNumber
  if (row.level !== entry.level) row.level = graver(row.level, entry.level)
  row.firstTime = earlier(row.firstTime, entry.time)
  row.lastTime = later(row.lastTime, entry.time)
}

function merge(into: Row, from: Row): void {
  into.count += from.count
  if (from.lastSeen > into.lastSeen) {
    into.lastSeen = from.lastSeen
    into.lastFile = from.lastFile
    into.lastArtifact = from.lastArtifact
    into.lastLine = from.lastLine
  }
  into.level = graver(into.level, from.level)
  into.firstTime = earlier(into.firstTime, from.firstTime)
  into.lastTime = later(into.lastTime, from.lastTime)
}

function toTemplate(template: string, row: Row): Template {
  return {
    id: idAt(row.place),
    template,
    count: row.count,
    level: row.level,
    firstFile: row.firstFile,
    firstArtifact: row.firstArtifact,
    firstLine: row.firstLine,
    lastFile: row.lastFile,
    lastArtifact: row.lastArtifact,
    lastLine: row.lastLine,
    firstTimestamp: isoOrNull(row.firstTime),
    lastTimestamp: isoOrNull(row.lastTime),
    example: row.example,
  }
}

const idAt = (place: number): string => `t${place + 1}`

function graver(a: Level, b: Level): Level {
  return LEVELS.indexOf(a) <= LEVELS.indexOf(b) ? a : b
}

/** NaN, for an entry without a time, loses against any time. */
function earlier(a: number, b: number): number {
  return Number.isNaN(a) || b < a ? b : a
}

function later(a: number, b: number): number {
  return Number.isNaN(a) || b > a ? b : a
}

/** @param time ms, NaN or null. */
export function isoOrNull(time: number | null): string | null {
  return time === null || Number.isNaN(time) ? null : new Date(time).toISOString()
}
