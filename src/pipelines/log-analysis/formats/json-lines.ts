/** One JSON object a line, under the keys that the common loggers use. */
import { firstLine, levelOfStatus, levelOfValue, timeOfValue } from './field-values.ts'
import type { LogFormat } from './format.ts'

type Role = 'time' | 'level' | 'message'

/** In the order in which they are believed where a record has several. */
const KEYS: Readonly<Record<Role, string>> = {
  time: 'time timestamp @timestamp ts datetime @t t date eventTime __REALTIME_TIMESTAMP requestReceivedTimestamp time_iso8601 time_local asctime created_at',
  level: 'level severity lvl log.level logLevel levelname @l PRIORITY severityText s priority log',
  message: 'message msg MESSAGE short_message event @m @mt text body log description',
}

const ROLES: ReadonlyMap<string, readonly { role: Role; rank: number }[]> = (() => {
  const roles = new Map<string, { role: Role; rank: number }[]>()
  for (const role of Object.keys(KEYS) as Role[]) {
    for (const [rank, key] of KEYS[role].split(' ').entries()) {
      for (const spelling of new Set([key, key.toLowerCase(), `${key[0]!.toUpperCase()}${key.slice(1)}`])) {
        roles.set(spelling, [...(roles.get(spelling) ?? []), { role, rank }])
      }
    }
  }
  return roles
})()

export const jsonLines: LogFormat = {
  name: 'json-lines',
  fields: true,
  begins: '{',
  read(line, clock) {
    if (line.charCodeAt(line.length - 1) !== 125) return null
    const record = parse(line)
    if (!record) return null
    const { time, level, message } = fields(record)
    return {
      time: timeOfValue(time, clock),
      level: levelOf(level, record),
      message: typeof message === 'string' && message !== '' ? firstLine(message) : line,
    }
  },
}

export function parse(line: string): Record<string, unknown> | null {
  try {
    return JSON.parse(line)
  } catch {
    // Not JSON after all: the line is read as text.
    return null
  }
}

function fields(record: Record<string, unknown>): Record<Role, unknown> {
  const values: Record<Role, unknown> = { time: undefined, level: undefined, message: undefined }
  const ranks: Record<Role, number> = { time: 99, level: 99, message: 99 }
  for (const key in record) {
    for (const { role, rank } of ROLES.get(key) ?? []) {
      if (rank >= ranks[role]) continue
      const value = record[key]
      // ECS and docker both have a `log`: one holds the level, the other is the message.
      if (role === 'level' && key === 'log' && typeof value !== 'object') continue
      ranks[role] = rank
      values[role] = value
    }
  }
  return values
}

/** Serilog leaves its usual level out; an access log in JSON has a status instead. */
function levelOf(level: unknown, record: Record<string, unknown>) {
  if (level === undefined && '@t' in record) return 'info'
  if (level === undefined && 'status' in record) return levelOfStatus(Number(record.status))
  // MongoDB has letters.
  if (typeof level === 'string' && level.length <= 2 && 'ctx' in record) return levelOfMongo(level)
  return levelOfValue(level)
}

function levelOfMongo(letter: string) {
  return ({ F: 'fatal', E: 'error', W: 'warn', I: 'info' } as const)[letter] ?? 'debug'
}
