/** Formats whose level comes before the time, or whose entries tell no time of day, or none at all. */
import { type Level, levelOfLetter, levelOfWord } from '../levels.ts'
import { CAPITALS, DIGITS, type HeaderPart, LETTERS, type LogFormat } from './format.ts'
import { readTail, type Tail } from './header-tail.ts'
import { Cursor, skip, skipSpaces } from './scan.ts'
import { COMPACT, DAY_MONTH, ISO, MONTH_FIRST, type Timestamp } from './timestamps.ts'

const cursor = new Cursor()
const tail: Tail = { level: 'unknown', messageAt: 0 }

/** `INFO  [main] 2024-03-07 10:00:01,250 Server.java:12 - `, `[INFO] 2024-…`, `INFO 2024-…`. */
const LEVEL_THEN = /[[(]?([A-Za-z]{3,13})[\])]?:?\s+(?:\[[^\]]{0,200}\]\s+)?\[?(?=\d)/y
const SOURCE = /[\w$]+\.\w{1,5}:\d+ - /y
const DATED: readonly Timestamp[] = [ISO, DAY_MONTH]

const levelThenTime: LogFormat = {
  name: 'level-first',
  begins: `${LETTERS}[(`,
  read(line, clock) {
    LEVEL_THEN.lastIndex = 0
    const match = LEVEL_THEN.exec(line)
    const level = match && levelOfWord(match[1]!)
    if (!match || !level) return null
    cursor.at = LEVEL_THEN.lastIndex
    if (!DATED.some(stamp => stamp.read(line, cursor, clock))) return null
    let at = cursor.at
    while (line.charCodeAt(at) === 93 || line.charCodeAt(at) === 32) at++
    return { time: cursor.time, level, message: line.slice(skip(SOURCE, line, at)) }
  },
}

/** Ruby: `E, [2024-03-07T10:00:01.250000 #4711] ERROR -- checkout: `. */
const RUBY = /([DIWEFA]), \[(?=\d)/y
const RUBY_TAIL = / #\d+\]\s+\w+ -- [^:]{0,80}: ?/y

const ruby: LogFormat = {
  name: 'ruby',
  begins: 'DIWEFA',
  read(line, clock) {
    RUBY.lastIndex = 0
    const letter = RUBY.exec(line)?.[1]
    if (!letter) return null
    cursor.at = 4
    if (!ISO.read(line, cursor, clock)) return null
    const level = letter === 'A' ? 'unknown' : levelOfLetter(letter)!
    return { time: cursor.time, level, message: line.slice(skip(RUBY_TAIL, line, cursor.at)) }
  },
}

/** glog, klog, absl: `E0307 10:00:01.250000    4711 server.go:12] `; newer ones have the year. */
const GLOG = /([IWEFD])(\d{8}|\d{4}) (\d\d:\d\d:\d\d\.\d{1,9})\s+\d+ \S{1,200}:\d+\] /y

const glog: LogFormat = {
  name: 'glog',
  begins: 'IWEFD',
  yearless: true,
  read(line, clock) {
    GLOG.lastIndex = 0
    const match = GLOG.exec(line)
    if (!match) return null
    const [, letter, date, time] = match
    const end = GLOG.lastIndex
    cursor.at = 0
    const year =
      date!.length === 8 ? '' : String(clock.yearOf(Number(date!.slice(0, 2)), Number(date!.slice(2))))
    if (!COMPACT.read(`${year}${date} ${time}`, cursor, clock)) return null
    return { time: cursor.time, level: levelOfLetter(letter!)!, message: line.slice(end) }
  },
}

/** Redis: `4711:M 07 Mar 2024 10:00:01.250 * `; the sign is the level. */
const REDIS = /\d{1,10}:[MSCX] /y
const REDIS_LEVELS: Readonly<Record<string, Level>> = { '.': 'debug', '-': 'debug', '*': 'info', '#': 'warn' }

const redis: LogFormat = {
  name: 'redis',
  begins: DIGITS,
  read(line, clock) {
    const start = skip(REDIS, line, 0)
    if (start === 0) return null
    cursor.at = start
    if (!DAY_MONTH.read(line, cursor, clock)) return null
    const { at, time } = cursor
    const level = REDIS_LEVELS[line[at + 1]!]
    return level ? { time, level, message: line.slice(at + 3) } : null
  },
}

/** java.util.logging has two lines: `Mar 07, 2024 10:00:01 AM com.example.Store open`, then `INFO: …`. */
const CLASS_AND_METHOD = / [\w$]+(?:\.[\w$]+)+ (?:[\w$]+|<\w+>)$/y
const LEVEL_AND_MESSAGE = /^([A-Z]{3,7}): (.*)$/s

const javaLogging: LogFormat = {
  name: 'java-util-logging',
  begins: 'JFMASOND',
  read(line, clock) {
    cursor.at = 0
    if (!MONTH_FIRST.read(line, cursor, clock)) return null
    const { at, time } = cursor
    if (skip(CLASS_AND_METHOD, line, at) === at) return null
    return { time, level: 'unknown', message: line.slice(at + 1) }
  },
  more(line, nth): HeaderPart | null {
    const match = nth === 1 ? LEVEL_AND_MESSAGE.exec(line) : null
    const level = match && levelOfWord(match[1]!)
    return level ? { level, message: match![2]! } : null
  },
}

/** Microsoft's console logger: `fail: Shop.Checkout[12]`, the message indented on the next line. */
const CONSOLE = /(trce|dbug|info|warn|fail|crit): [\w.`+<>-]+\[-?\d+\]$/y

const microsoftConsole: LogFormat = {
  name: 'microsoft-console',
  begins: 'tdiwfc',
  timeless: true,
  read(line) {
    CONSOLE.lastIndex = 0
    const word = CONSOLE.exec(line)?.[1]
    return word ? { time: Number.NaN, level: levelOfWord(word)!, message: line } : null
  },
  more: (line, nth) => (nth === 1 && line.startsWith('      ') ? { message: line.trim() } : null),
}

/** A time without a day: `10:00:01.250 [main] WARN  c.e.Store - `, `[10:00:01 WRN] `, `10:00AM WRN `. */
const TIME_OF_DAY = /\[?\d{1,2}:\d\d(?:[AP]M|:\d\d(?:[.,]\d{1,9})?)(?=[\s\]])/y

const timeOnly: LogFormat = {
  name: 'time-of-day',
  begins: `[${DIGITS}`,
  timeless: true,
  read(line) {
    const at = skip(TIME_OF_DAY, line, 0)
    if (at === 0) return null
    readTail(line, at, tail)
    return { time: Number.NaN, level: tail.level, message: line.slice(tail.messageAt) }
  },
}

/** Seconds since a start: Linux' dmesg, `[    1.250000] usb 1-1: …`; log4j's `250 [main] INFO  c.e.Store - `. */
const UPTIME = /\[ {0,8}\d{1,8}\.\d{6}\] /y
const ELAPSED = /\d{1,9} +(?=\[[^\]]{1,200}\] [A-Z]{4,5} )/y

const uptime: LogFormat = {
  name: 'uptime',
  begins: `[${DIGITS}`,
  timeless: true,
  read(line) {
    const at = skip(UPTIME, line, 0) || skip(ELAPSED, line, 0)
    if (at === 0) return null
    readTail(line, at, tail)
    return { time: Number.NaN, level: tail.level, message: line.slice(tail.messageAt) }
  },
}

/** `WARNING:shop.checkout:…` (Python), `WARN[0012] …` (logrus on a terminal), `[INFO] …`, `error: …`. */
const WORD_FIRST =
  /(?:\[\s{0,4}([A-Za-z]{3,13})\s{0,4}\]|([A-Za-z]{3,13})(?=[:[|]|\s{2}|\s[-|]))(?:\[\d{4,}\])?:?/y
const CAPITAL_FIRST = /([A-Z]{4,8}) (?=\S)/y
const PYTHON_LOGGER = /[\w.]{1,100}:/y

const levelOnly: LogFormat = {
  name: 'level-only',
  begins: `[${CAPITALS}${CAPITALS.toLowerCase()}`,
  timeless: true,
  read(line) {
    WORD_FIRST.lastIndex = 0
    CAPITAL_FIRST.lastIndex = 0
    const match = WORD_FIRST.exec(line)
    const capital = match ? null : CAPITAL_FIRST.exec(line)
    const level = levelOfWord(match?.[1] ?? match?.[2] ?? capital?.[1] ?? '')
    if (!level) return null
    let at = match ? WORD_FIRST.lastIndex : CAPITAL_FIRST.lastIndex
    if (line.charCodeAt(at - 1) === 58) at = skip(PYTHON_LOGGER, line, at)
    while (line.charCodeAt(at) === 124 || line.charCodeAt(at) === 45) at++
    return { time: Number.NaN, level, message: line.slice(skipSpaces(line, at)) }
  },
}

export const levelFirstFormats: readonly LogFormat[] = [levelThenTime, ruby, glog, redis, javaLogging]
export const timelessFormats: readonly LogFormat[] = [timeOnly, uptime, microsoftConsole, levelOnly]
