/**
 * Jobs a second, end to end: submitted, completed, called back. The candidates take turns, so that what the machine does
 * meanwhile happens to all of them.
 */
import { Bay } from './bay.ts'
import { bareFlow } from './candidates/bare-flow.ts'
import type { Candidate } from './candidates/candidate.ts'
import { sluice } from './candidates/sluice.ts'
import { usual } from './candidates/usual.ts'
import type { Options } from './command-line.ts'
import { Load, type Measured } from './load.ts'
import { median } from './statistics.ts'
import { decimal, table, whole } from './tables.ts'
import type { Verdict } from './verdict.ts'

const CONNECTIONS = 50
/** Of the usual stack's rate, although that syncs nothing and keeps no record, events or deliveries. */
export const LEAST_OF_USUAL = 0.45

export async function compareJobs(
  options: Options,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<Verdict> {
  await using attic = new AsyncDisposableStack()
  const candidates = [sluice, usual, bareFlow]
  const rounds: Map<Candidate, Measured>[] = []
  for (let round = 1; round <= options.rounds; round++) {
    const measured = new Map<Candidate, Measured>()
    // Another one begins each time.
    for (const candidate of [...candidates, ...candidates].slice(round % 3, (round % 3) + 3)) {
      const result = await turn(candidate, options, attic, signal)
      tell(`  round ${round}  ${candidate.name.padEnd(18)} ${whole(result.finished).padStart(7)} jobs/s`)
      measured.set(candidate, result)
    }
    rounds.push(measured)
  }
  return judge(candidates, rounds)
}

async function turn(
  candidate: Candidate,
  options: Options,
  attic: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<Measured> {
  await using bay = new Bay(attic)
  const load = new Load({
    connections: CONNECTIONS,
    warmupSeconds: options.warmup,
    seconds: options.seconds,
    signal,
  })
  const submit = await candidate.start(bay, load, CONNECTIONS)
  return await load.drive(submit, bay.pids)
}

function judge(
  candidates: readonly Candidate[],
  rounds: readonly ReadonlyMap<Candidate, Measured>[],
): Verdict {
  const over = (candidate: Candidate, pick: (measured: Measured) => number) =>
    median(rounds.map(round => pick(round.get(candidate)!)))
  // Each round's pair is compared by itself, since the machine is not the same in every round.
  const ratioTo = (other: Candidate, candidate: Candidate) =>
    median(rounds.map(round => round.get(candidate)!.finished / round.get(other)!.finished))
  const cpu = (candidate: Candidate, name: string) =>
    decimal(over(candidate, measured => measured.cpu.get(name) ?? Number.NaN))

  const ratio = ratioTo(usual, sluice)
  return {
    title: `Jobs a second, end to end: a 4 KiB file, ${CONNECTIONS} connections`,
    tables: [
      table(
        ['', 'finished/s', 'answered/s', 'p50 ms', 'p99 ms', 'of usual', 'of bare'],
        candidates.map(candidate => [
          candidate.name,
          whole(over(candidate, each => each.finished)),
          whole(over(candidate, each => each.answered)),
          whole(over(candidate, each => each.p50)),
          whole(over(candidate, each => each.p99)),
          decimal(ratioTo(usual, candidate)),
          decimal(ratioTo(bareFlow, candidate)),
        ]),
      ),
      table(
        ['processor time a job, ms', 'api', 'worker', 'redis'],
        candidates.map(candidate => [
          candidate.name,
          ...['api', 'worker', 'redis'].map(name => cpu(candidate, name)),
        ]),
      ),
    ],
    floors: [
      {
        met: ratio >= LEAST_OF_USUAL,
        text: `${decimal(ratio)} of the usual stack's rate (at least ${LEAST_OF_USUAL})`,
      },
    ],
  }
}
