/**
 * Writes logs of a shop's order service: the same for the same seed. A quiet one has a steady trickle of entries, a few
 * warnings and errors among them; incidents can be planted in it, each told with the line where it begins.
 */
export type Incident = 'exception' | 'error-burst' | 'first-seen' | 'gap' | 'restart' | 'secret-exposed'

export interface Plan {
  readonly entries?: number
  /** Mean distance of two entries, seconds. */
  readonly every?: number
  /** The share of entries that are errors at any time. */
  readonly errorRate?: number
  readonly incidents?: readonly Incident[]
}

export interface GeneratedLog {
  readonly text: string
  /** Where each of the incidents begins; lines count from 1. */
  readonly planted: ReadonlyMap<Incident, number>
}

type Random = () => number
type Words = (random: Random) => string

const START = Date.UTC(2024, 2, 7, 9, 0, 0)
const WARMING_UP_SECONDS = 400

const ROUTINE: readonly (readonly [weight: number, level: string, words: Words])[] = [
  [
    40,
    'INFO',
    random => `OrderService : Order ${whole(random, 9e4)} placed, total ${(random() * 300).toFixed(2)} EUR`,
  ],
  [
    30,
    'INFO',
    random => `AccessLog : GET /api/products/${whole(random, 900)} 200 in ${whole(random, 200)} ms`,
  ],
  [12, 'DEBUG', random => `PriceCache : Refreshed ${whole(random, 500)} prices in ${whole(random, 50)} ms`],
  [8, 'INFO', random => `PoolMetrics : pool=orders active=${whole(random, 12)} idle=${whole(random, 12)}`],
  [4, 'WARN', random => `Mailer : Queue is ${whole(random, 100)} messages long`],
  [3, 'INFO', random => `Scheduler : Job ${pick(random, ['invoices', 'stock', 'mails'])} finished`],
  [
    1,
    'WARN',
    random => `PriceCache : ${pick(random, ['Slow', 'Late'])} answer of supplier ${whole(random, 20)}`,
  ],
]
const ROUTINE_ERRORS: readonly Words[] = [
  random => `CardGateway : Payment ${whole(random, 9e4)} declined by the bank`,
  random => `Mailer : Address of customer ${whole(random, 900)} bounced`,
]

export function generateLog(seed: number, plan: Plan = {}): GeneratedLog {
  const { entries = 4_000, every = 2, errorRate = 0.004, incidents = [] } = plan
  const random = createRandom(seed)
  const lines: string[] = []
  const planted = new Map<Incident, number>()
  let time = START
  const write = (level: string, words: string) =>
    lines.push(`${new Date(time).toISOString().replace('T', ' ').slice(0, 23)} ${level.padEnd(5)} ${words}`)
  const pass = (seconds: number) => {
    time += Math.ceil(-Math.log(1 - random()) * seconds * 1e3)
  }
  const startUp = () => {
    write('INFO', `Main : Started OrderService in ${(3 + random() * 3).toFixed(3)} seconds`)
    write('INFO', 'Main : Waiting for orders')
  }
  const incident: Record<Incident, () => void> = {
    exception() {
      write('ERROR', `OrderService : Order ${whole(random, 9e4)} could not be stored`)
      lines.push(
        'com.shop.StorageException: no row was written',
        '\tat com.shop.OrderStore.insert(OrderStore.java:88)',
        '\tat com.shop.OrderService.place(OrderService.java:41)',
        'Caused by: java.sql.SQLTimeoutException: canceled',
        '\tat com.shop.Pool.take(Pool.java:19)',
        '\t... 12 more',
      )
    },
    'error-burst'() {
      for (let n = 0; n < 60; n++) {
        write('ERROR', `OrderStore : Connection ${whole(random, 99)} refused after ${whole(random, 900)} ms`)
        pass(1)
      }
    },
    'first-seen'() {
      for (let n = 0; n < entries / 100; n++) {
        write('ERROR', `StockSync : Checksum of page ${whole(random, 500)} differs`)
        for (let other = 0; other < 30; other++) {
          pass(every)
          writeRoutine(random, 0, write)
        }
      }
    },
    gap() {
      time += every * 1e3 * 400
      writeRoutine(random, 0, write)
    },
    restart: startUp,
    'secret-exposed'() {
      write(
        'DEBUG',
        `HttpClient : request to https://bank.example/pay with Authorization: Bearer ${token(random)}`,
      )
    },
  }

  startUp()
  time += WARMING_UP_SECONDS
  for (let n = 0; n < entries; n++) {
    pass(every)
    // Spread over the second half, in the order given.
    const due = incidents.findIndex(
      (_, place) => n === Math.floor(entries * (0.5 + (0.4 * (place + 1)) / (incidents.length + 1))),
    )
    if (due >= 0) {
      planted.set(incidents[due]!, lines.length + 1)
      incident[incidents[due]!]()
    }
    writeRoutine(random, errorRate, write)
  }
  return { text: `${lines.join('\n')}\n`, planted }
}

function writeRoutine(
  random: Random,
  errorRate: number,
  write: (level: string, words: string) => void,
): void {
  if (random() < errorRate) return void write('ERROR', pick(random, ROUTINE_ERRORS)(random))
  let at = random() * ROUTINE.reduce((sum, [weight]) => sum + weight, 0)
  for (const [weight, level, words] of ROUTINE) {
    at -= weight
    if (at < 0) return void write(level, words(random))
  }
}

/** Mulberry32: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function whole(random: Random, below: number): number {
  return 1 + Math.floor(random() * below)
}

function pick<T>(random: Random, among: readonly T[]): T {
  return among[Math.floor(random() * among.length)]!
}

function token(random: Random): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
  return Array.from({ length: 40 }, () => letters[Math.floor(random() * letters.length)]).join('')
}
