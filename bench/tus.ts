/**
 * One large upload by the tus protocol, in requests of 8 MiB, against the same in one multipart request. They take turns
 * at the same API; between turns the files go and the disk comes to rest.
 */
import { execFile } from 'node:child_process'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Bay } from './bay.ts'
import { sluiceEnvironment } from './candidates/sluice.ts'
import type { Options } from './command-line.ts'
import { median } from './statistics.ts'
import { decimal, table, whole } from './tables.ts'
import { uploadLarge, uploadResumably } from './uploads.ts'
import type { Verdict } from './verdict.ts'

const GIB = 2 ** 30
const MIB = 2 ** 20
/** Before it is measured, the API has compiled what an upload runs. */
const FIRST_UPLOAD = 64 * MIB
export const LEAST_OF_MULTIPART = 0.45

const FIELDS = { pipeline: 'inspect' }
const WAYS = { multipart: uploadLarge, tus: uploadResumably } as const
type Way = keyof typeof WAYS

export async function compareTus(
  options: Options,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<Verdict> {
  await using attic = new AsyncDisposableStack()
  await using bay = new Bay(attic)
  const env = await sluiceEnvironment(bay)
  // Without a worker: whatever it did with the file would be measured, too.
  const { url } = await bay.start('api', 'src/api/main.ts', env)
  const folder = join(env.SLUICE_DATA_DIR!, 'storage/objects')

  const upload = async (way: Way, size: number): Promise<number> => {
    await promisify(execFile)('sync')
    const seconds = await WAYS[way](url, size, FIELDS)
    for (const file of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (file.isFile()) await rm(join(file.parentPath, file.name))
    }
    return size / MIB / seconds
  }
  const ways = Object.keys(WAYS) as Way[]
  for (const way of ways) await upload(way, FIRST_UPLOAD)

  const rounds: Record<Way, number>[] = []
  for (let round = 1; round <= options.rounds; round++) {
    const rates = { multipart: 0, tus: 0 }
    for (const way of round % 2 === 0 ? ways : ways.toReversed()) {
      signal.throwIfAborted()
      rates[way] = await upload(way, GIB)
      tell(`  round ${round}  ${way.padEnd(18)} ${whole(rates[way]).padStart(7)} MiB/s`)
    }
    rounds.push(rates)
  }

  const ratio = median(rounds.map(({ multipart, tus }) => tus / multipart))
  const row = (way: Way, of: string) => [way, whole(median(rounds.map(rates => rates[way]))), of]
  return {
    title: 'One upload of 1 GiB, resumable',
    tables: [
      table(['', 'MiB/s', 'of multipart'], [row('multipart', decimal(1)), row('tus', decimal(ratio))]),
    ],
    floors: [
      {
        met: ratio >= LEAST_OF_MULTIPART,
        text: `${decimal(ratio)} of the multipart path (at least ${LEAST_OF_MULTIPART})`,
      },
    ],
  }
}
