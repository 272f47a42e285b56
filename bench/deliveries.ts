/**
 * What receivers that hang cost the others: 45 receivers, each told of the same number of jobs a second, alone and beside
 * 5 that take every message and never answer, in turns. Told is the time from the end of a job to its message's arrival.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Bay } from './bay.ts'
import { sluiceEnvironment } from './candidates/sluice.ts'
import type { Options } from './command-line.ts'
import { SMALL_FILE } from './small-file.ts'
import { median, percentile } from './statistics.ts'
import { decimal, table, whole } from './tables.ts'
import { createUploader } from './uploads.ts'
import type { Verdict } from './verdict.ts'

const HEALTHY = 45
const HANGING = 5
/** Jobs a second for each receiver: in 4 s one that hangs has filled every slot that it can have in a worker. */
const RATE = 2
/** Ends what would never end, ms: a message that an attempt was lost of comes within this. */
const LONGEST = 60_000
/** Of the p99 without those that hang. What the machine does meanwhile moves a p99 of a few milliseconds by as much. */
const MOST_OF_ALONE = 3
const KINDS = [0, HANGING] as const

interface Measured {
  readonly p50: number
  readonly p99: number
  /** Messages to healthy receivers, of jobs that were submitted within the measured time. All have arrived. */
  readonly arrived: number
}

export async function compareDeliveries(
  options: Options,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<Verdict> {
  await using attic = new AsyncDisposableStack()
  const rounds: Measured[][] = []
  for (let round = 1; round <= options.rounds; round++) {
    const measured: Measured[] = []
    for (const at of round % 2 ? [0, 1] : [1, 0]) {
      const result = await turn(KINDS[at]!, options, attic, signal)
      tell(`  round ${round}  ${nameOf(KINDS[at]!).padEnd(28)} p99 ${whole(result.p99).padStart(5)} ms`)
      measured[at] = result
    }
    rounds.push(measured)
  }
  const over = (at: number, pick: (measured: Measured) => number) =>
    median(rounds.map(measured => pick(measured[at]!)))
  const ratio = median(rounds.map(([alone, beside]) => beside!.p99 / alone!.p99))
  return {
    title: `From the end of a job to the arrival of its callback: ${HEALTHY} receivers, ${RATE} jobs/s each`,
    tables: [
      table(
        ['', 'p50 ms', 'p99 ms', 'p99 of alone', 'callbacks'],
        KINDS.map((hanging, at) => [
          nameOf(hanging),
          whole(over(at, each => each.p50)),
          whole(over(at, each => each.p99)),
          decimal(at === 0 ? 1 : ratio),
          whole(over(at, each => each.arrived)),
        ]),
      ),
    ],
    floors: [
      {
        met: ratio <= MOST_OF_ALONE,
        text: `p99 beside ${HANGING} that hang is ${decimal(ratio)} of that alone (at most ${MOST_OF_ALONE})`,
      },
    ],
  }
}

const nameOf = (hanging: number) => (hanging === 0 ? 'alone' : `beside ${hanging} that hang`)

async function turn(
  hanging: number,
  options: Options,
  attic: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<Measured> {
  await using bay = new Bay(attic)
  // Attempts that time out are what this is about.
  const env = { ...(await sluiceEnvironment(bay)), SLUICE_LOG_LEVEL: 'error' }
  const { url } = await bay.start('api', 'src/api/main.ts', env)
  await bay.start('worker', 'src/workers/main.ts', env)
  const uploader = bay.use(createUploader(url, { connections: 50, content: SMALL_FILE }))

  const latencies: number[] = []
  let ended = false
  /** Paths of messages that are measured and have not arrived. */
  const awaited = new Set<string>()
  const all = Promise.withResolvers<void>()
  const arrived = (path: string, body: string) => {
    if (!awaited.delete(path)) return
    const { data } = JSON.parse(body) as { data: { job: { finishedAt: string } } }
    latencies.push(Date.now() - Date.parse(data.job.finishedAt))
    if (ended && awaited.size === 0) all.resolve()
  }
  const receivers = await Promise.all([
    ...Array.from({ length: HEALTHY }, () => receive(bay, arrived)),
    ...Array.from({ length: hanging }, () => receive(bay, null)),
  ])
  const failure = Promise.withResolvers<never>()
  failure.promise.catch(() => {})
  let submitted = 0
  /** Whatever the answers take, so that a delay anywhere is seen. */
  const submitFor = async (seconds: number, measured: boolean) => {
    const end = performance.now() + seconds * 1_000
    for (let at = performance.now(); at < end; at += 1_000 / (RATE * receivers.length)) {
      const early = at - performance.now()
      if (early > 0) await Promise.race([delay(early, undefined, { signal }), failure.promise])
      const to = submitted % receivers.length
      const path = `/${submitted++}`
      if (measured && to < HEALTHY) awaited.add(path)
      uploader.upload({ pipeline: 'inspect', callbackUrl: receivers[to]! + path }).catch(failure.reject)
    }
  }
  await submitFor(Math.max(options.warmup, 5), false)
  await submitFor(options.seconds, true)
  ended = true
  if (awaited.size === 0) all.resolve()
  const late = delay(LONGEST, true, { ref: false, signal })
  if (await Promise.race([all.promise, late, failure.promise]))
    throw new Error(`${awaited.size} callbacks have not arrived`)
  return { p50: percentile(latencies, 50), p99: percentile(latencies, 99), arrived: latencies.length }
}

/** @param arrived of what is answered at once; null: of one that never answers. @returns its origin. */
async function receive(bay: Bay, arrived: ((path: string, body: string) => void) | null): Promise<string> {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    if (arrived === null) return
    response.writeHead(204).end()
    arrived(request.url!, body)
  })
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  bay.use({
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      if (server.listening) await once(server, 'close')
    },
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
