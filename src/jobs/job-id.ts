/** The ids of jobs: UUIDv7, of which one process makes those of a millisecond in their order. */
import { randomUUIDv7 } from 'node:crypto'

/** Characters of the time, which is milliseconds since 1970. */
const TIME = 'tttttttt-tttt-'.length

let newest = ''
/** Ids that have had this time before. */
let before = 0

export function newJobId(): string {
  const id = randomUUIDv7()
  const time = id.slice(0, TIME)
  before = time === newest ? before + 1 : 0
  newest = time
  // RFC 9562, section 6.2: what follows the time may count. Twelve bits are more ids than a millisecond has room for.
  const count = (before & 0xfff).toString(16).padStart(3, '0')
  return `${time}7${count}${id.slice(TIME + 4)}`
}
