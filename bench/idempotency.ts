/**
 * What an idempotency key costs a small upload: how many are answered a second with a key each, and without, in turns on
 * the same API. No worker runs: what the jobs cost later would only hide the difference.
 */
import { randomUUID } from 'node:crypto'
import { Bay } from './bay.ts'
import { sluiceEnvironment } from './candidates/sluice.ts'
import type { Options } from './command-line.ts'
import { Load } from './load.ts'
import { SMALL_FILE } from './small-file.ts'
import { median } from './statistics.ts'
import { decimal, table, whole } from './tables.ts'
import { createUploader } from './uploads.ts'
import type { Verdict } from './verdict.ts'

const CONNECTIONS = 50
/** Of the rate without keys. */
const LEAST_OF_PLAIN = 0.85
const KINDS = ['without a key', 'with a key'] as const

export async function compareIdempotency(
  options: Options,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<Verdict> {
  await using attic = new AsyncDisposableStack()
  await using bay = new Bay(attic)
  const { url } = await bay.start('api', 'src/api/main.ts', await sluiceEnvironment(bay))
  const uploader = bay.use(createUploader(url, { connections: CONNECTIONS, content: SMALL_FILE }))
  const turn = async (kind: (typeof KINDS)[number]) => {
    const load = new Load({
      connections: CONNECTIONS,
      warmupSeconds: options.warmup,
      seconds: options.seconds,
      signal,
    })
    const headers = () => (kind === 'with a key' ? { 'idempotency-key': randomUUID() } : {})
    const { answered } = await load.drive(() => uploader.upload({ pipeline: 'inspect' }, headers()), bay.pids)
    return answered
  }

  const rounds: number[][] = []
  for (let round = 1; round <= options.rounds; round++) {
    const rates: [number, number] = [0, 0]
    for (const at of round % 2 ? [0, 1] : [1, 0]) {
      rates[at] = await turn(KINDS[at]!)
      tell(`  round ${round}  ${KINDS[at]!.padEnd(18)} ${whole(rates[at]).padStart(7)} answered/s`)
    }
    rounds.push(rates)
  }
  const ratio = median(rounds.map(([plain, keyed]) => keyed! / plain!))
  return {
    title: `A key with each upload of 4 KiB, ${CONNECTIONS} connections`,
    tables: [
      table(
        ['', 'answered/s', 'of that without'],
        KINDS.map((kind, at) => [
          kind,
          whole(median(rounds.map(rates => rates[at]!))),
          decimal(at === 0 ? 1 : ratio),
        ]),
      ),
    ],
    floors: [
      {
        met: ratio >= LEAST_OF_PLAIN,
        text: `${decimal(ratio)} of the rate without keys (at least ${LEAST_OF_PLAIN})`,
      },
    ],
  }
}
