/** Formats of one line of text: a time, in one of its spellings, then whatever a logger puts before the message. */
import { LETTERS, type LogFormat } from './format.ts'
import { readTail, type Tail } from './header-tail.ts'
import { Cursor } from './scan.ts'
import {
  COMPACT,
  DAY_MONTH,
  EPOCH,
  ISO,
  LOCAL,
  LOGCAT,
  MONTH_FIRST,
  SHORT_YEAR,
  type Timestamp,
  WEEKDAY,
} from './timestamps.ts'

const cursor = new Cursor()
const tail: Tail = { level: 'unknown', messageAt: 0 }

/** PostgreSQL tells what belongs to a message in lines with a header of their own. */
const PARTS: ReadonlySet<string> = new Set(['DETAIL', 'HINT', 'CONTEXT', 'STATEMENT', 'QUERY', 'LOCATION'])
const PART = /(?:\[\d+\]|\d+)?:? *(?:\[[\d-]+\] *)?(?:\S{1,200} +)?([A-Z]{4,9}): {2}/y

/** A time at the head of the line, bare or in brackets. */
function timeFirst(timestamp: Timestamp): LogFormat {
  return {
    name: timestamp.name,
    begins: `${timestamp.begins}[`,
    ...(timestamp.yearless ? { yearless: true as const } : {}),
    read(line, clock) {
      cursor.at = line.charCodeAt(0) === 91 ? 1 : 0
      if (!timestamp.read(line, cursor, clock)) return null
      const { at, time } = cursor
      readTail(line, at, tail)
      const { level, messageAt } = tail
      const message = line.slice(messageAt)
      return level === 'unknown' && continuesStatement(line, at)
        ? { time, level, message, continued: true }
        : { time, level, message }
    },
  }
}

function continuesStatement(line: string, at: number): boolean {
  if (line.charCodeAt(at) !== 32) return false
  PART.lastIndex = at + 1
  return PARTS.has(PART.exec(line)?.[1] ?? '')
}

/** Of lines gathered from several files, as by `grep` or in OpenStack's: the file's name before the time. */
const FILE_NAME = /[\w./-]{1,255}\.log[\w.:-]{0,64}[ :]\s{0,4}(?=\d{4}-\d\d-)/y
const iso = timeFirst(ISO)

const fileFirst: LogFormat = {
  name: 'file-first',
  begins: `${LETTERS}/.`,
  read(line, clock) {
    FILE_NAME.lastIndex = 0
    return FILE_NAME.test(line) ? iso.read(line.slice(FILE_NAME.lastIndex), clock) : null
  },
}

/** The most frequent first. */
export const timeFirstFormats: readonly LogFormat[] = [
  iso,
  fileFirst,
  ...[WEEKDAY, LOGCAT, SHORT_YEAR, COMPACT, EPOCH, DAY_MONTH, LOCAL, MONTH_FIRST].map(timeFirst),
]
