/**
 * The pipeline `log-analysis`: (c) how much each stage reads in a second, beside what `wc`, `gzip` and ripgrep do with
 * the same file in the same run, and (d) the most memory that a worker has for files made to take much of it. All of it
 * through the product: its API, its worker process, its storage.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openAsBlob } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Bay, type Part } from './bay.ts'
import { sluiceEnvironment } from './candidates/sluice.ts'
import { type Input, input, MIB, memoryInputs, ordinary, writeInput, writeLogsOf } from './pipeline-inputs.ts'
import { cpuSeconds, peakBytes, resetPeak } from './processes.ts'
import { median } from './statistics.ts'
import { decimal, table, whole } from './tables.ts'
import type { Verdict } from './verdict.ts'

export interface PipelineOptions {
  /** Of the speed's measurement; the median counts. */
  readonly rounds: number
  /** Also the files of 2 GiB. */
  readonly large: boolean
  /** A folder of logs to measure the speed with; null: a log of our own making. */
  readonly data: string | null
}

/** MB, of text, that all four stages have to get through in a second of one core. */
const LEAST_RATE = 30
/** Bytes that a worker process may have resident. */
const MOST_MEMORY = 400 * MIB
const SPEED_INPUT = 128 * MIB
const STAGES = ['ingestion', 'redaction', 'analysis', 'report'] as const

type Tell = (line: string) => void

export async function measurePipeline(
  options: PipelineOptions,
  tell: Tell,
  signal: AbortSignal,
): Promise<Verdict[]> {
  await using attic = new AsyncDisposableStack()
  return [await measureSpeed(options, attic, tell, signal), await measureMemory(options, attic, tell, signal)]
}

interface Analysed {
  /** Seconds by stage. */
  readonly seconds: ReadonlyMap<string, number>
  readonly cpuSeconds: number
  readonly peak: number
}

async function measureSpeed(
  options: PipelineOptions,
  attic: AsyncDisposableStack,
  tell: Tell,
  signal: AbortSignal,
): Promise<Verdict> {
  await using bay = new Bay(attic)
  const path = join(await bay.folder(), 'speed.log')
  if (options.data) await writeLogsOf(options.data, SPEED_INPUT, path)
  else await writeInput(input('speed', SPEED_INPUT, ordinary), path)
  await succeeds('gzip', ['-1', '-k', path])
  const { size } = await stat(path)
  const rate = (seconds: number) => size / 1e6 / seconds

  const service = await startService(bay)
  await analyse(service, path)
  const rounds: Analysed[] = []
  const others = new Map<string, number[]>()
  for (let round = 1; round <= options.rounds; round++) {
    signal.throwIfAborted()
    for (const [name, command, args] of commands(path)) {
      const seconds = await timed(command, args)
      if (seconds !== null) others.set(name, [...(others.get(name) ?? []), rate(seconds)])
    }
    const analysed = await analyse(service, path)
    rounds.push(analysed)
    tell(`  round ${round}  ${whole(rate(analysed.cpuSeconds))} MB a second of one core`)
  }

  const of = (seconds: (analysed: Analysed) => number) => median(rounds.map(each => rate(seconds(each))))
  const total = (analysed: Analysed) => STAGES.reduce((sum, stage) => sum + analysed.seconds.get(stage)!, 0)
  const perCore = of(each => each.cpuSeconds)
  return {
    title: `(c) A log of ${whole(size / 1e6)} MB${options.data ? ` from ${options.data}` : ''}`,
    tables: [
      table(
        ['', 'MB/s'],
        [
          ...STAGES.map(stage => [stage, decimal(of(each => each.seconds.get(stage)!))]),
          ['all four', decimal(of(total))],
          ['all four, a second of processor time', decimal(perCore)],
          ...[...others].map(([name, rates]) => [name, decimal(median(rates))]),
        ],
      ),
    ],
    floors: [
      {
        met: !(perCore < LEAST_RATE),
        text: `${decimal(perCore)} MB a second of one core through all four stages (at least ${LEAST_RATE})`,
      },
    ],
  }
}

/** With the same file, to the end, and nothing kept. */
function commands(path: string): readonly (readonly [name: string, command: string, args: string[]])[] {
  return [
    ['wc -l', 'wc', ['-l', path]],
    ['gzip -dc', 'gzip', ['-dc', `${path}.gz`]],
    ['ripgrep, addresses', 'rg', ['--count', '--no-config', String.raw`\b\d{1,3}(?:\.\d{1,3}){3}\b`, path]],
  ]
}

async function measureMemory(
  options: PipelineOptions,
  attic: AsyncDisposableStack,
  tell: Tell,
  signal: AbortSignal,
): Promise<Verdict> {
  const rows: string[][] = []
  const floors: Verdict['floors'][number][] = []
  for (const each of memoryInputs) {
    if (each.large && !options.large) continue
    signal.throwIfAborted()
    const { peak, seconds } = await analyseAlone(each, attic)
    const took = [...seconds.values()].reduce((sum, one) => sum + one, 0)
    tell(`  ${each.name}: ${whole(peak / MIB)} MiB`)
    rows.push([each.name, whole(peak / MIB), whole(took)])
    if (!Number.isNaN(peak)) {
      const text = `${each.name}: ${whole(peak / MIB)} MiB at the most (less than ${MOST_MEMORY / MIB})`
      floors.push({ met: peak < MOST_MEMORY, text })
    }
  }
  return {
    title: '(d) The most memory of a worker process',
    tables: [table(['', 'MiB resident', 'seconds'], rows)],
    floors,
  }
}

/** In a worker of its own, so that nothing is left of the file before. */
async function analyseAlone(each: Input, attic: AsyncDisposableStack): Promise<Analysed> {
  await using bay = new Bay(attic)
  const path = join(await bay.folder(), each.gzip ? 'input.log.gz' : 'input.log')
  await writeInput(each, path)
  const analysed = await analyse(await startService(bay), path)
  await rm(path)
  return analysed
}

interface Service {
  readonly api: Part
  readonly worker: Part
}

async function startService(bay: Bay): Promise<Service> {
  const env = { ...(await sluiceEnvironment(bay)), SLUICE_STORAGE_RESERVE: '0' }
  return {
    api: await bay.start('api', 'src/api/main.ts', env),
    worker: await bay.start('worker', 'src/workers/main.ts', env),
  }
}

interface Job {
  readonly id: string
  readonly status: string
  readonly error: unknown
}

interface Told {
  readonly type: string
  readonly data: { readonly stage?: string; readonly durationMs?: number }
}

/** Uploads the file, waits for the job's end, reads the stages' times from its events, and deletes it. */
async function analyse({ api, worker }: Service, path: string): Promise<Analysed> {
  resetPeak(worker.pid)
  const began = cpuSeconds(worker.pid)
  const form = new FormData()
  form.set('files', await openAsBlob(path), path.endsWith('.gz') ? 'input.log.gz' : 'input.log')
  let job = await answered<Job>(await fetch(`${api.url}/api/jobs`, { method: 'POST', body: form }))
  while (!['completed', 'failed', 'cancelled'].includes(job.status)) {
    await new Promise(resolve => setTimeout(resolve, 250))
    job = await answered<Job>(await fetch(`${api.url}/api/jobs/${job.id}`))
  }
  if (job.status !== 'completed') throw new Error(`the analysis ended so: ${JSON.stringify(job.error)}`)
  const used = cpuSeconds(worker.pid) - began
  const peak = peakBytes(worker.pid)
  const events = await answered<{ items: Told[] }>(await fetch(`${api.url}/api/jobs/${job.id}/events`))
  const seconds = new Map(
    events.items
      .filter(event => event.type === 'stage.completed')
      .map(event => [event.data.stage!, event.data.durationMs! / 1_000] as const),
  )
  await fetch(`${api.url}/api/jobs/${job.id}`, { method: 'DELETE' })
  return { seconds, cpuSeconds: used, peak }
}

async function answered<T>(response: Response): Promise<T> {
  if (!response.ok) throw new Error(`the service answered ${response.status}: ${await response.text()}`)
  return (await response.json()) as T
}

/** @returns seconds; null where there is no such program. */
async function timed(command: string, args: readonly string[]): Promise<number | null> {
  const began = performance.now()
  const child = spawn(command, args, { stdio: 'ignore' })
  try {
    const [code] = await once(child, 'exit')
    if (code !== 0) throw new Error(`${command} ended with ${code}`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  return (performance.now() - began) / 1_000
}

async function succeeds(command: string, args: readonly string[]): Promise<void> {
  if ((await timed(command, args)) === null) throw new Error(`${command} is not installed`)
}
