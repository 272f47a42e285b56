/** `npm run bench`: what Sluice does a second, beside what others do; see docs/benchmarks.md. */
import { HELP, type Options, parseCommandLine } from './command-line.ts'
import { compareDeliveries } from './deliveries.ts'
import { compareIdempotency } from './idempotency.ts'
import { measureIdle } from './idle.ts'
import { compareJobs } from './jobs.ts'
import { measureList } from './list.ts'
import { describeMachine } from './machine.ts'
import { measurePipeline } from './pipeline.ts'
import { measureS3 } from './s3.ts'
import { compareTus } from './tus.ts'
import { compareUpload } from './upload.ts'
import type { Verdict } from './verdict.ts'

const tell = (line: string) => void process.stdout.write(`${line}\n`)
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // What is under way ends with an error, and everything it had started ends with it.
  process.once(signal, () => interrupted.abort(new Error(`ended by ${signal}`)))
}

function show({ title, tables, floors }: Verdict): void {
  tell(`\n${title}\n`)
  for (const each of tables) tell(`${each}\n`)
  for (const { met, text } of floors) tell(`${met ? 'met' : 'NOT MET'}: ${text}`)
}

async function measure(options: Options): Promise<boolean> {
  tell(await describeMachine())
  const verdicts: Verdict[] = []
  const wanted = (part: Options['only']) => options.only === null || options.only === part
  if (wanted('jobs')) {
    tell(
      `\nJobs: ${options.rounds} rounds of ${options.seconds} s after ${options.warmup} s of warm-up, in turns`,
    )
    verdicts.push(await compareJobs(options, tell, interrupted.signal))
  }
  if (wanted('list')) {
    tell('\nList: 100,000 jobs, a page after the other')
    verdicts.push(await measureList(tell, interrupted.signal))
  }
  if (wanted('idempotency')) {
    tell(
      `\nIdempotency: ${options.rounds} rounds of ${options.seconds} s after ${options.warmup} s, in turns`,
    )
    verdicts.push(await compareIdempotency(options, tell, interrupted.signal))
  }
  if (wanted('deliveries')) {
    tell(`\nDeliveries: ${options.rounds} rounds of ${options.seconds} s after ${options.warmup} s, in turns`)
    verdicts.push(await compareDeliveries(options, tell, interrupted.signal))
  }
  if (wanted('upload')) {
    tell(`\nUpload: ${options.rounds} rounds of 1 GiB, in turns`)
    verdicts.push(await compareUpload(options, tell, interrupted.signal))
  }
  if (wanted('tus')) {
    tell(`\nResumable upload: ${options.rounds} rounds of 1 GiB, in turns`)
    verdicts.push(await compareTus(options, tell, interrupted.signal))
  }
  if (wanted('idle')) {
    tell('\nIdle: a thousand uploads at once')
    verdicts.push(await measureIdle(tell, interrupted.signal))
  }
  if (wanted('s3')) {
    tell(`\nS3: ${options.rounds} rounds of 1 GiB`)
    verdicts.push(await measureS3(options, tell, interrupted.signal))
  }
  if (wanted('pipeline')) {
    tell(`\nPipeline: ${options.rounds} rounds of speed, then the files made to take much memory`)
    verdicts.push(...(await measurePipeline(options, tell, interrupted.signal)))
  }
  for (const verdict of verdicts) show(verdict)
  return verdicts.every(({ floors }) => floors.every(({ met }) => met))
}

try {
  const options = parseCommandLine(process.argv.slice(2))
  if (options === null) tell(HELP)
  else if (!(await measure(options))) process.exitCode = 1
} catch (error) {
  const reason = interrupted.signal.aborted ? interrupted.signal.reason : error
  process.stderr.write(`bench: ${(reason as Error).message}\n`)
  process.exitCode = 2
}
