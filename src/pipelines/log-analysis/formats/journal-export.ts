/**
 * systemd's Journal Export Format: a field a line, an entry from its cursor to an empty line
 * (https://systemd.io/JOURNAL_EXPORT_FORMATS).
 */
import { levelOfNumber } from '../levels.ts'
import { timeOfValue } from './field-values.ts'
import type { HeaderPart, LogFormat } from './format.ts'

const FIELD = /^([A-Z0-9_]{1,64})=(.*)$/s

export const journalExport: LogFormat = {
  name: 'journal-export',
  fields: true,
  begins: '_',
  read: line => (line.startsWith('__CURSOR=') ? { time: Number.NaN, level: 'unknown', message: '' } : null),
  more(line, _nth, clock): HeaderPart | null {
    if (line.startsWith('__CURSOR=')) return null
    const [, name, value = ''] = FIELD.exec(line) ?? []
    switch (name) {
      case undefined:
        return null
      case '__REALTIME_TIMESTAMP':
        return { time: timeOfValue(value, clock) }
      case 'PRIORITY':
        return { level: levelOfNumber(Number(value)) }
      case 'MESSAGE':
        return { message: value }
      default:
        return {}
    }
  },
}
