/** `time=… level=info msg="…"`, as logrus, slog, Heroku and Grafana's programs write; and Linux' audit log. */
import { levelOfStatus, levelOfValue, timeOfValue } from './field-values.ts'
import { LETTERS, type LogFormat } from './format.ts'

const TIME_KEYS: ReadonlySet<string> = new Set([
  'time',
  'ts',
  't',
  'timestamp',
  'at_time',
  '@timestamp',
  'date',
])
const LEVEL_KEYS: ReadonlySet<string> = new Set(['level', 'lvl', 'severity', 'loglevel'])
const MESSAGE_KEYS: ReadonlySet<string> = new Set(['msg', 'message'])

const PAIR = /([A-Za-z_@][\w.@-]{0,63})=(?:"((?:[^"\\]|\\.){0,65536})"|([^\s"]{0,4096}))(?: +|$)/y
const AUDIT = /\bmsg=audit\((\d{10}\.\d{3}):\d+\): ?/
/** What decides stands in front; the rest of a line is data. */
const MOST_PAIRS = 64

export const logfmt: LogFormat = {
  name: 'logfmt',
  fields: true,
  begins: `${LETTERS}_@`,
  read(line, clock) {
    PAIR.lastIndex = 0
    let match = PAIR.exec(line)
    if (!match) return null
    const audit = match[1] === 'type' ? AUDIT.exec(line) : null
    if (audit) {
      const message = line.slice(audit.index + audit[0].length)
      return { time: timeOfValue(Number(audit[1]), clock), level: 'unknown', message }
    }
    let time: string | undefined
    let level: string | undefined
    let message: string | undefined
    let status: string | undefined
    for (let pair = 0; match && pair < MOST_PAIRS; pair++) {
      const [, key = '', quoted, bare] = match
      const value = quoted ?? bare
      if (TIME_KEYS.has(key)) time ??= value
      else if (LEVEL_KEYS.has(key)) level ??= value
      else if (MESSAGE_KEYS.has(key)) message ??= value
      else if (key === 'status') status ??= value
      match = PAIR.exec(line)
    }
    // Words with an equals sign among them are no header.
    if (level === undefined && (time === undefined || message === undefined)) return null
    const known = levelOfValue(level)
    return {
      time: timeOfValue(time, clock),
      level: known === 'unknown' && status !== undefined ? levelOfStatus(Number(status)) : known,
      message: message === undefined || message === '' ? line : message.replaceAll('\\"', '"'),
    }
  },
}
