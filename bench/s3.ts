/** One large upload that goes on to an S3: what it takes of the API's memory, and how fast it is there. */
import { makeBucket, s3Environment, s3Storage } from '../test/support/s3-server.ts'
import { findSwift, startSwift } from '../test/support/swift.ts'
import { Bay } from './bay.ts'
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
const FIRST_UPLOAD = 12 * MIB
export const MOST_S3_MEMORY = 128 * MIB

/** @throws where no Swift can be had here. */
export async function measureS3(
  options: Options,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<Verdict> {
  const swift = await findSwift()
  if (swift === null) throw new Error('there is no S3 to measure with')
  await using attic = new AsyncDisposableStack()
  const server = attic.adopt(await startSwift(swift), each => each.stop())
  await using bay = new Bay(attic)
  const place = await makeBucket(server)
  const storage = attic.adopt(s3Storage(place), each => each.close())
  // Without a worker: whatever it did with the file would be measured, too.
  const { pid, url } = await bay.start('api', 'src/api/main.ts', {
    ...(await sluiceEnvironment(bay)),
    ...s3Environment(place),
  })

  const upload = async (size: number) => {
    const idle = residentBytes(pid)
    resetPeak(pid)
    const seconds = await uploadLarge(url, size, { pipeline: 'inspect' })
    const grown = peakBytes(pid) - idle
    for await (const { objects } of storage.listByJob())
      await storage.removeAll(objects.map(({ key }) => key))
    return { rate: size / MIB / seconds, grown }
  }

  await upload(FIRST_UPLOAD)
  const rounds: { rate: number; grown: number }[] = []
  for (let round = 1; round <= options.rounds; round++) {
    signal.throwIfAborted()
    const result = await upload(GIB)
    tell(
      `  round ${round}  ${whole(result.rate).padStart(7)} MiB/s  ${decimal(result.grown / MIB).padStart(7)} MiB of memory`,
    )
    rounds.push(result)
  }

  const rate = whole(median(rounds.map(each => each.rate)))
  const grown = Math.max(...rounds.map(each => each.grown))
  const text = `${decimal(grown / MIB)} MiB of memory above idle at the most (less than ${MOST_S3_MEMORY / MIB})`
  return {
    title: 'One upload of 1 GiB to S3 (OpenStack Swift on the same machine)',
    tables: [table(['', 'MiB/s', 'most memory above idle, MiB'], [['Sluice', rate, decimal(grown / MIB)]])],
    floors: Number.isNaN(grown) ? [] : [{ met: grown < MOST_S3_MEMORY, text }],
  }
}
