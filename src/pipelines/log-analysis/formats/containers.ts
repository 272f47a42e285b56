/**
 * What a container printed, line by line, as its runtime kept it: CRI (containerd, CRI-O) and docker's JSON. Each line
 * has a time of the runtime's; the program's own header, and its stack traces, are within.
 */
import { levelOfWord } from '../levels.ts'
import { continuesEntry } from './continuation.ts'
import { timeOfValue } from './field-values.ts'
import type { Clock, Header, LogFormat } from './format.ts'
import { parse } from './json-lines.ts'
import { Cursor, withoutColours } from './scan.ts'
import { ISO } from './timestamps.ts'

const CRI = / (?:stdout|stderr) ([FP]) /y

const cursor = new Cursor()

/** @param readInner tries every other format. */
export function containerFormats(
  readInner: (line: string, clock: Clock) => Header | null,
): readonly LogFormat[] {
  function within(time: number, line: string, clock: Clock): Header {
    const text = line.includes('\u001b') ? withoutColours(line) : line
    if (continuesEntry(text)) return { time, level: 'unknown', message: text, continued: true }
    const { level, message } = readInner(text, clock) ?? { level: spoken(text), message: text }
    return { time, level, message }
  }

  const cri: LogFormat = {
    name: 'cri',
    wraps: true,
    fields: true,
    begins: '12',
    read(line, clock) {
      // Before anything is calculated: where it stands in every such line, and hardly in another.
      if (line.charCodeAt(10) !== 84) return null
      cursor.at = 0
      if (!ISO.read(line, cursor, clock)) return null
      const { at, time } = cursor
      CRI.lastIndex = at
      const tag = CRI.exec(line)?.[1]
      if (!tag) return null
      const header = within(time, line.slice(CRI.lastIndex), clock)
      return tag === 'P' ? { ...header, unfinished: true } : header
    },
  }

  const docker: LogFormat = {
    name: 'docker',
    wraps: true,
    fields: true,
    begins: '{',
    read(line, clock) {
      if (!line.startsWith('{"log":"')) return null
      const record = parse(line)
      if (typeof record?.log !== 'string' || typeof record.stream !== 'string') return null
      const { log } = record
      const ended = log.endsWith('\n')
      const header = within(timeOfValue(record.time, clock), ended ? log.slice(0, -1) : log, clock)
      return ended ? header : { ...header, unfinished: true }
    },
  }

  return [cri, docker]
}

const SPOKEN = /^\W?(fatal|error|warning|warn|panic)\W/i

function spoken(text: string) {
  return levelOfWord(SPOKEN.exec(text)?.[1] ?? '') ?? 'unknown'
}
