/** What uploads cost that are under way and bring nothing: memory of the API, for a thousand of them at once. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { keys } from '../src/jobs/keys.ts'
import { Bay } from './bay.ts'
import { sluiceEnvironment } from './candidates/sluice.ts'
import { residentBytes } from './processes.ts'
import { SMALL_FILE } from './small-file.ts'
import { decimal, table, whole } from './tables.ts'
import { createUploader } from './uploads.ts'
import type { Verdict } from './verdict.ts'

const KIB = 2 ** 10
const MIB = 2 ** 20
const UPLOADS = 1_000
export const MOST_MEMORY = 100 * MIB
/** Bytes of its file that each has brought. The floor is for the first: they have only begun. */
const BROUGHT = [4 * KIB, 256 * KIB]
/** Before its memory is called idle, a process has compiled what uploads run. */
const FIRST_UPLOADS = 2_000
/** Milliseconds for which the most is looked for; a silent upload is ended after 30 s. */
const LOOK_MS = 5_000

export async function measureIdle(tell: (line: string) => void, signal: AbortSignal): Promise<Verdict> {
  await using attic = new AsyncDisposableStack()
  const rows: { brought: number; grown: number }[] = []
  for (const brought of BROUGHT) {
    signal.throwIfAborted()
    const grown = await memoryOf(attic, brought)
    tell(`  ${UPLOADS} uploads of ${brought / KIB} KiB  ${decimal(grown / MIB).padStart(7)} MiB`)
    rows.push({ brought, grown })
  }
  return {
    title: `${whole(UPLOADS)} uploads that have begun and bring nothing more`,
    tables: [
      table(
        ['each has brought, KiB', 'memory above idle, MiB', 'each, KiB'],
        rows.map(({ brought, grown }) => [
          whole(brought / KIB),
          decimal(grown / MIB),
          whole(grown / KIB / UPLOADS),
        ]),
      ),
    ],
    floors: rows
      .slice(0, 1)
      .filter(({ grown }) => !Number.isNaN(grown))
      .map(({ brought, grown }) => ({
        met: grown < MOST_MEMORY,
        text: `${decimal(grown / MIB)} MiB above idle at ${brought / KIB} KiB each (less than ${MOST_MEMORY / MIB})`,
      })),
  }
}

async function memoryOf(attic: AsyncDisposableStack, brought: number): Promise<number> {
  await using bay = new Bay(attic)
  const env = await sluiceEnvironment(bay)
  const { url, pid } = await bay.start('api', 'src/api/main.ts', env)
  const uploader = bay.use(createUploader(url, { connections: 50, content: SMALL_FILE }))
  for (let done = 0; done < FIRST_UPLOADS; done += 50) {
    await Promise.all(Array.from({ length: 50 }, () => uploader.upload({ pipeline: 'inspect' })))
  }
  const idle = residentBytes(pid)

  const sockets: Socket[] = []
  const redis = new Redis(env.REDIS_URL!)
  try {
    for (let opened = 0; opened < UPLOADS; opened++) sockets.push(await begin(url, brought))
    // A lease each says that the API has taken it up.
    while ((await redis.keys(keys.leases('*'))).length < UPLOADS) await delay(50)
    let most = 0
    for (const end = performance.now() + LOOK_MS; performance.now() < end; await delay(100)) {
      most = Math.max(most, residentBytes(pid))
    }
    return most - idle
  } finally {
    redis.disconnect()
    for (const each of sockets) each.destroy()
  }
}

async function begin(url: string, brought: number): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  socket.write(
    [
      'POST /api/jobs HTTP/1.1',
      'Host: localhost',
      'Content-Type: multipart/form-data; boundary=b',
      `Content-Length: ${MIB}`,
      '',
      '--b',
      'Content-Disposition: form-data; name="files"; filename="idle.log"',
      '',
      '',
    ].join('\r\n'),
  )
  socket.write(Buffer.alloc(brought, 'x'))
  return socket
}
