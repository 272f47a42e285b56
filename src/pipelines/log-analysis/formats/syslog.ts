/** syslog as daemons write it to files and send it: RFC 3164, RFC 5424, and what supercomputers made of it. */
import { levelOfPriority, levelOfWord } from '../levels.ts'
import { type Header, LETTERS, type LogFormat } from './format.ts'
import { spokenTail, type Tail } from './header-tail.ts'
import { Cursor, skip, skipDigits } from './scan.ts'
import { EPOCH, ISO, SYSLOG, timeOfNumber } from './timestamps.ts'

/**
 * Host and process. A process may have a space in its name where its id follows; launchd adds for whom it speaks. In
 * place of the id there may be a version: `syslogd 1.4.1: `.
 */
const HOST_AND_PROCESS =
  / \S{1,255} (?:(?:[^\s:[]{1,64}|[\w.() -]{1,64}(?=\[\d))(?:\[[^\]]{0,64}\]| [\d.]{1,16})?(?: \([^)]{0,128}\))?:\s?|-- [\w.]{1,64}\[\d{1,10}\]: |: )?/y
const PRIORITY = /<(\d{1,3})>(?:\d{1,10}: )?/y
/** Linux' kernel tells the seconds since its start, too. */
const UPTIME = /\[ {0,6}\d{1,10}\.\d{6}\] /y

const cursor = new Cursor()
const tail: Tail = { level: 'unknown', messageAt: 0 }

/** RFC 3164, with or without the priority. */
const rfc3164: LogFormat = {
  name: 'syslog',
  begins: '<JFMASOND',
  yearless: true,
  read(line, clock) {
    let start = 0
    let priority = -1
    if (line.charCodeAt(0) === 60) {
      PRIORITY.lastIndex = 0
      const match = PRIORITY.exec(line)
      if (!match) return null
      priority = Number(match[1])
      start = PRIORITY.lastIndex
    }
    cursor.at = start
    if (!SYSLOG.read(line, cursor, clock) && !(start > 0 && ISO.read(line, cursor, clock))) return null
    return behindTime(line, priority)
  },
}

/** rsyslog's and journalctl's form with an ISO 8601 time: `2024-03-07T10:00:01+01:00 host process[1]: …`. */
const ISO_PROCESS = /[\w-][\w.-]{0,254} [^\s:[\]]{1,64}\[\d{1,10}\]: /y
const isoSyslog: LogFormat = {
  name: 'syslog-iso',
  begins: '12',
  read(line, clock) {
    cursor.at = 0
    if (!ISO.read(line, cursor, clock) || line.charCodeAt(cursor.at) !== 32) return null
    return skip(ISO_PROCESS, line, cursor.at + 1) === cursor.at + 1 ? null : behindTime(line, -1)
  },
}

function behindTime(line: string, priority: number): Header {
  const { at, time } = cursor
  const messageAt = skip(UPTIME, line, skip(HOST_AND_PROCESS, line, at))
  spokenTail(line, messageAt, tail)
  const level = priority < 0 ? tail.level : levelOfPriority(priority)
  return { time, level, message: line.slice(messageAt) }
}

const RFC_5424 =
  /<(\d{1,3})>1 (\S{1,40}) \S{1,255} \S{1,48} \S{1,128} \S{1,32} (?:-|(?:\[[^\]]{0,2000}\])+) ?(?:\ufeff)?/y

const rfc5424: LogFormat = {
  name: 'syslog-5424',
  begins: '<',
  read(line, clock) {
    RFC_5424.lastIndex = 0
    const match = RFC_5424.exec(line)
    if (!match) return null
    cursor.at = match[1]!.length + 4
    const time = ISO.read(line, cursor, clock) ? cursor.time : Number.NaN
    return { time, level: levelOfPriority(Number(match[1])), message: line.slice(RFC_5424.lastIndex) }
  },
}

/** Thunderbird: an alert or `-`, the epoch, a date, a node, then syslog. */
const thunderbird: LogFormat = {
  name: 'thunderbird',
  begins: `-${LETTERS}`,
  read(line, clock) {
    const prefix =
      /^[\w-]{1,40} (\d{10}) \d{4}\.\d\d\.\d\d \S{1,255} (?=[JFMASOND][a-z]{2} [ \d]?\d \d\d:)/.exec(line)
    if (!prefix) return null
    cursor.at = prefix[0].length
    if (!SYSLOG.read(line, cursor, clock)) return null
    cursor.time = timeOfNumber(Number(prefix[1]))
    return behindTime(line, -1)
  },
}

/** Blue Gene/L: an alert or `-`, the epoch, a date, a node, a time, the node, type, component, level. */
const BLUE_GENE =
  /^[\w-]{1,40} \d{10} \d{4}\.\d\d\.\d\d \S{1,255} (\d{4}-\d\d-\d\d)-(\d\d)\.(\d\d)\.(\d\d)\.(\d{1,6}) \S{1,255} \w{1,20} \w{1,20} ([A-Z]{4,9}) /

const blueGene: LogFormat = {
  name: 'blue-gene',
  begins: `-${LETTERS}`,
  read(line, clock) {
    const match = BLUE_GENE.exec(line)
    if (!match) return null
    const [header, date, hour, minute, second, fraction, level] = match
    cursor.at = 0
    const known = ISO.read(`${date} ${hour}:${minute}:${second}.${fraction}`, cursor, clock)
    return {
      time: known ? cursor.time : Number.NaN,
      level: levelOfWord(level!) ?? 'unknown',
      message: line.slice(header.length),
    }
  },
}

/** The HPC cluster of Los Alamos: a number, a node, a component, a state, the epoch, a flag. */
const CLUSTER = /^\d{1,12} [\w-]{1,64} [\w.-]{1,64} [\w.-]{1,64} (?=\d{10} \d )/

const cluster: LogFormat = {
  name: 'cluster',
  begins: '0123456789',
  read(line, clock) {
    const prefix = CLUSTER.exec(line)?.[0].length
    if (prefix === undefined) return null
    cursor.at = prefix
    if (!EPOCH.read(line, cursor, clock)) return null
    const { time } = cursor
    const messageAt = skipDigits(line, cursor.at + 1) + 1
    spokenTail(line, messageAt, tail)
    return { time, level: tail.level, message: line.slice(messageAt) }
  },
}

export const syslogFormats: readonly LogFormat[] = [
  rfc3164,
  rfc5424,
  isoSyslog,
  thunderbird,
  blueGene,
  cluster,
]
