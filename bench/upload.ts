/**
 * One large upload: by Sluice's API, which parses, hashes, counts, writes and syncs it, against a server that only pipes
 * the request into a file. They take turns; between turns the files go and the disk comes to rest.
 */
import { execFile } from 'node:child_process'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Bay, type Part } from './bay.ts'
import { sluiceEnvironment } from './candidates/sluice.ts'
import type { Options } from './command-line.ts'
import { peakBytes, resetPeak, residentBytes } from './processes.ts'
import { median } from './statistics.ts'
import { decimal, table, whole } from './tables.ts'
import { uploadLarge } from './uploads.ts'
import type { Verdict } from './verdict.ts'

const GIB = 2 ** 30
const MIB = 2 ** 20
/** Before its memory is called idle, a process has compiled what an upload runs. */
const FIRST_UPLOAD = 64 * MIB
export const LEAST_OF_RAW = 0.8
export const MOST_MEMORY = 64 * MIB

interface Receiver {
  readonly name: string
  readonly part: Part
  readonly fields: Readonly<Record<string, string>>
  /** Where its files are. */
  readonly folder: string
}

interface Uploaded {
  /** MiB a second. */
  readonly rate: number
  /** Bytes of memory at the peak, above those just before. */
  readonly grown: number
}

export async function compareUpload(
  options: Options,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<Verdict> {
  await using attic = new AsyncDisposableStack()
  await using bay = new Bay(attic)
  const receivers = [await startSluice(bay), await startRaw(bay)] as const
  for (const receiver of receivers) await uploadOnce(receiver, FIRST_UPLOAD)

  const rounds: Map<Receiver, Uploaded>[] = []
  for (let round = 1; round <= options.rounds; round++) {
    const uploaded = new Map<Receiver, Uploaded>()
    for (const receiver of round % 2 === 0 ? receivers : receivers.toReversed()) {
      signal.throwIfAborted()
      const result = await uploadOnce(receiver, GIB)
      tell(`  round ${round}  ${receiver.name.padEnd(18)} ${whole(result.rate).padStart(7)} MiB/s`)
      uploaded.set(receiver, result)
    }
    rounds.push(uploaded)
  }
  return judge(receivers, rounds)
}

/** Without a worker: whatever it did with the file would be measured, too. */
async function startSluice(bay: Bay): Promise<Receiver> {
  const env = await sluiceEnvironment(bay)
  const part = await bay.start('api', 'src/api/main.ts', env)
  const folder = join(env.SLUICE_DATA_DIR!, 'storage/objects')
  return { name: 'Sluice', part, fields: { pipeline: 'inspect' }, folder }
}

async function startRaw(bay: Bay): Promise<Receiver> {
  const folder = await bay.folder()
  const part = await bay.start('raw', 'bench/peers/raw-http.ts', { UPLOAD_DIR: folder })
  return { name: 'raw http → file', part, fields: {}, folder }
}

async function uploadOnce({ part, fields, folder }: Receiver, size: number): Promise<Uploaded> {
  await promisify(execFile)('sync')
  const idle = residentBytes(part.pid)
  resetPeak(part.pid)
  const seconds = await uploadLarge(part.url, size, fields)
  const grown = peakBytes(part.pid) - idle
  for (const name of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (name.isFile()) await rm(join(name.parentPath, name.name))
  }
  return { rate: size / MIB / seconds, grown }
}

function judge(
  [ours, raw]: readonly [Receiver, Receiver],
  rounds: readonly ReadonlyMap<Receiver, Uploaded>[],
): Verdict {
  const over = (receiver: Receiver, pick: (uploaded: Uploaded) => number) =>
    rounds.map(round => pick(round.get(receiver)!))
  const ratio = median(rounds.map(round => round.get(ours)!.rate / round.get(raw)!.rate))
  const grown = Math.max(...over(ours, each => each.grown))
  const row = (receiver: Receiver, of: string) => [
    receiver.name,
    whole(median(over(receiver, each => each.rate))),
    of,
    decimal(Math.max(...over(receiver, each => each.grown)) / MIB),
  ]
  const floors = [
    { met: ratio >= LEAST_OF_RAW, text: `${decimal(ratio)} of raw http → file (at least ${LEAST_OF_RAW})` },
  ]
  if (!Number.isNaN(grown)) {
    const text = `${decimal(grown / MIB)} MiB of memory above idle at the most (less than ${MOST_MEMORY / MIB})`
    floors.push({ met: grown < MOST_MEMORY, text })
  }
  return {
    title: 'One upload of 1 GiB',
    tables: [
      table(
        ['', 'MiB/s', 'of raw', 'most memory above idle, MiB'],
        [row(ours, decimal(ratio)), row(raw, decimal(1))],
      ),
    ],
    floors,
  }
}
