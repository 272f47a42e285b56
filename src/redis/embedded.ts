/**
 * The Redis that Sluice brings along: a real server of its own, its data in `<data directory>/redis`, listening on a
 * Unix socket there. It is started again when it dies, and found again, with all it held, on the next start.
 */
import { createHash } from 'node:crypto'
import { mkdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import type { Log } from '../log.ts'
import { createRestartPause } from '../restart-pause.ts'
import { findRedis } from './binary.ts'
import { connectRedis } from './connection.ts'
import { DirectoryLockedError, lockDirectory } from './directory-lock.ts'
import { askOnce, explainExit, launchRedisServer, type RedisServer } from './server.ts'

export interface EmbeddedRedis {
  /** `unix:///…`, the same for as long as it lives. */
  readonly url: string
  /** Of the running server; another one after it died. */
  readonly pid: number
  /** Ends it in order, by force after `ms`, and gives the data directory back. */
  stop(ms?: number): Promise<void>
}

/** Another Sluice runs on this data directory. Its message is one sentence. */
export class DataDirectoryInUseError extends Error {
  override readonly name = 'DataDirectoryInUseError'

  constructor(dataDir: string, pid: string | number, options?: ErrorOptions) {
    super(
      `The data directory ${dataDir} is in use by another Sluice (process ${pid}): stop it, or set SLUICE_DATA_DIR to another one.`,
      options,
    )
  }
}

/** It cannot be made, or not be written. Its message is one sentence. */
export class DataDirectoryUnusableError extends Error {
  override readonly name = 'DataDirectoryUnusableError'

  constructor(dataDir: string, cause: Error) {
    const why = cause.message.replace(/^\w+: /, '').replace(/, \w+( '.*)?$/, '')
    super(`SLUICE_DATA_DIR is "${dataDir}", which cannot be used as a folder: ${why}.`, { cause })
  }
}

/** The name of a connection that each Sluice holds to its Redis: who finds it there meets a living one. */
const OWNER = 'sluice-owner-'
/** `sun_path` holds 104 bytes on macOS and 108 on Linux. */
const LONGEST_SOCKET_PATH = 100

/**
 * Returns once it has loaded its data.
 *
 * @throws DataDirectoryInUseError, DataDirectoryUnusableError, RedisMissingError, RedisStartError
 */
export async function startEmbeddedRedis({
  dataDir,
  log,
}: {
  dataDir: string
  log: Log
}): Promise<EmbeddedRedis> {
  const dir = join(dataDir, 'redis')
  await mkdir(dir, { recursive: true, mode: 0o700 }).catch(cause => {
    throw new DataDirectoryUnusableError(dataDir, cause as Error)
  })
  const unlock = await lockDirectory(dir).catch(cause => {
    if (cause instanceof DirectoryLockedError)
      throw new DataDirectoryInUseError(dataDir, cause.pid, { cause })
    throw 'syscall' in cause ? new DataDirectoryUnusableError(dataDir, cause) : cause
  })
  try {
    const path = await socketPath(dir)
    const binary = await findRedis({ log })
    await endOrphan(path, dataDir, log)
    const launch = () =>
      launchRedisServer({ binary, dir, listen: { path }, log: log.child({ name: 'redis' }) })
    return await keepRunning(launch, toUrl(path), log, unlock)
  } catch (error) {
    await unlock()
    throw error
  }
}

/** Where the embedded Redis of a data directory listens, or would. */
export async function embeddedRedisUrl(dataDir: string): Promise<string> {
  return toUrl(await socketPath(join(dataDir, 'redis')))
}

function toUrl(path: string): string {
  return `unix://${pathToFileURL(path).pathname}`
}

async function keepRunning(
  launch: () => RedisServer,
  url: string,
  log: Log,
  unlock: () => Promise<void>,
): Promise<EmbeddedRedis> {
  const stopping = new AbortController()
  let server = launch()
  await server.ready
  const owner = connectRedis(url, { name: `${OWNER}${process.pid}`, log: log.child({}, { level: 'silent' }) })

  const watch = async () => {
    const pause = createRestartPause()
    for (let started = Date.now(); ; started = Date.now()) {
      const exit = await server.exited
      if (stopping.signal.aborted) return
      const wait = pause(Date.now() - started)
      const words = exit.signal ? '' : ` (${exit.output.at(-1)})`
      log.error(`redis-server ${server.pid} ${explainExit(exit)}${words}; starting it again`)
      // Cut short where it is stopped meanwhile.
      await delay(wait, undefined, { signal: stopping.signal }).catch(() => {})
      if (stopping.signal.aborted) return
      server = launch()
      server.ready.then(
        () => log.info(`redis-server ${server.pid} is back with its data`),
        // It ended before: the next turn tells how.
        () => {},
      )
    }
  }
  const watched = watch()
  return {
    url,
    get pid() {
      return server.pid
    },
    async stop(ms) {
      stopping.abort()
      owner.disconnect()
      await server.stop(ms)
      await watched
      await unlock()
    },
  }
}

/**
 * A server that still answers although nobody holds the lock has lost its owner a moment ago, and is about to be ended
 * by its guard; or its owner lives where its process id means nothing to us, in another container.
 */
async function endOrphan(path: string, dataDir: string, log: Log): Promise<void> {
  // Null: nobody answers.
  const found = await askOnce({ path }, async client => String(await client.client('LIST'))).catch(() => null)
  if (found === null) return
  const owner = new RegExp(`name=${OWNER}(\\d+)`).exec(found)
  if (owner) throw new DataDirectoryInUseError(dataDir, owner[1]!)
  log.warn('a redis-server of an earlier Sluice still runs: ending it')
  // The connection ends with the server, so this never succeeds.
  await askOnce({ path }, client => client.shutdown('NOSAVE')).catch(() => {})
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
    if (await askOnce({ path }, async () => false).catch(() => true)) return
    await delay(50)
  }
  throw new Error(`A redis-server of an earlier Sluice holds ${path} and does not end: stop it.`)
}

/** Beside the data; where that path is too long for a socket, in a private folder derived from it. */
async function socketPath(dir: string): Promise<string> {
  const beside = join(dir, 'redis.sock')
  // ioredis reads what follows a question mark as options.
  if (Buffer.byteLength(beside) <= LONGEST_SOCKET_PATH && !beside.includes('?')) return beside
  const uid = process.getuid?.() ?? 0
  const folder = join(
    tmpdir(),
    `sluice-${uid}-${createHash('sha256').update(dir).digest('hex').slice(0, 16)}`,
  )
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { uid: owner, mode } = await stat(folder)
  if (owner !== uid || (mode & 0o077) !== 0)
    throw new Error(`${folder} is not a private folder of ours: remove it.`)
  return join(folder, 'redis.sock')
}
