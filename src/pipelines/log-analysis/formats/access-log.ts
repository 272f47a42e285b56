/** The Common and Combined Log Formats of Apache and nginx, with or without the virtual host in front. */
import { levelOfStatus } from './field-values.ts'
import { CAPITALS, DIGITS, type LogFormat } from './format.ts'
import { Cursor } from './scan.ts'
import { DAY_MONTH } from './timestamps.ts'

const CLIENT = /(?:\S{1,255} )?\S{1,255} \S{1,64} (?:\S{1,255}|"[^"]{0,255}") \[/y
/** The request may hold quotes, which both servers escape. */
const STATUS = /" (\d{3}) (?:\d+|-)/

const cursor = new Cursor()

export const accessLog: LogFormat = {
  name: 'access-log',
  begins: `${DIGITS}${CAPITALS}${CAPITALS.toLowerCase()}[:-_`,
  read(line, clock) {
    // A time in brackets stands near the front; most lines of other formats end here.
    const bracket = line.indexOf(' [')
    if (bracket < 0 || bracket > 800) return null
    CLIENT.lastIndex = 0
    if (!CLIENT.test(line)) return null
    cursor.at = CLIENT.lastIndex
    if (!DAY_MONTH.read(line, cursor, clock) || line.charCodeAt(cursor.at) !== 93) return null
    const message = line.slice(cursor.at + 2)
    return { time: cursor.time, level: levelOfStatus(Number(STATUS.exec(message)?.[1])), message }
  },
}
