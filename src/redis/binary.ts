/**
 * Finds a `redis-server` (or `valkey-server`) that runs here: on the PATH, in the cache folder, or, on Debian and
 * Ubuntu, unpacked into it from the system's own packages, without root.
 */
import { execFile } from 'node:child_process'
import { access, constants, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Log } from '../log.ts'

const run = promisify(execFile)

export interface RedisBinary {
  /** Program and leading arguments; the server's own arguments follow. */
  readonly command: readonly [string, ...string[]]
  readonly version: string
}

/** There is no Redis here, and none can be had. Its message is one sentence that says what to install. */
export class RedisMissingError extends Error {
  override readonly name = 'RedisMissingError'
}

/** Sluice uses commands of Redis 6.2, and so does BullMQ. */
const LEAST_VERSION = [6, 2] as const
/** Beside the libraries of every Debian system, what its build of the server is linked to. */
const DEBIAN_PACKAGES = ['redis-server', 'redis-tools', 'libjemalloc2', 'liblzf1', 'libatomic1']

/** How the folders begin in which one is unpacked. */
const WORK = 'unpack-'
/** Milliseconds after which nobody is at work in one any more. */
const ABANDONED = 86_400_000

export interface FindOptions {
  readonly log: Log
  /** Where an unpacked server is kept. Default: `.cache` of the project; where that cannot be written, of the user. */
  readonly cacheDir?: string
  /** Tried in this order before the cache. */
  readonly programs?: readonly string[]
}

/** @throws RedisMissingError */
export async function findRedis(options: FindOptions): Promise<RedisBinary> {
  for (const program of options.programs ?? ['redis-server', 'valkey-server']) {
    const binary = await probe([program])
    if (binary) return binary
  }
  const cacheDir = options.cacheDir ?? (await writableCache())
  const unpacked = join(cacheDir, 'redis')
  await removeAbandoned(cacheDir, options.log)
  const cached = await probe(inside(unpacked))
  if (cached) return cached
  return unpack(cacheDir, unpacked, options.log)
}

function inside(root: string): [string, ...string[]] {
  // Debian's multiarch folders; those of other architectures are not there, and do no harm.
  const libraries = ['x86_64', 'aarch64']
    .map(machine => join(root, 'usr/lib', `${machine}-linux-gnu`))
    .join(':')
  return ['env', `LD_LIBRARY_PATH=${libraries}`, join(root, 'usr/bin/redis-server')]
}

/** Null: it is not there, does not run, or is too old. */
async function probe(command: readonly [string, ...string[]]): Promise<RedisBinary | null> {
  const [program, ...rest] = command
  const output = await run(program, [...rest, '--version']).catch(() => null)
  const [, version, major, minor] = /v=((\d+)\.(\d+)\S*)/.exec(output?.stdout ?? '') ?? []
  if (!version) return null
  const [leastMajor, leastMinor] = LEAST_VERSION
  const recent = Number(major) > leastMajor || (Number(major) === leastMajor && Number(minor) >= leastMinor)
  return recent ? { command, version } : null
}

/** Everything happens in a folder of its own that is renamed when it works: a crash leaves no half of a server. */
async function unpack(cacheDir: string, target: string, log: Log): Promise<RedisBinary> {
  for (const tool of ['apt-get', 'dpkg']) {
    if (!(await run(tool, ['--version']).catch(() => null))) throw missing()
  }
  const started = Date.now()
  log.info(`No redis-server on the PATH: unpacking one from the system's packages into ${target} …`)
  await mkdir(cacheDir, { recursive: true })
  const work = await mkdtemp(join(cacheDir, WORK))
  try {
    const root = join(work, 'root')
    for (const dir of ['lists/partial', 'archives/partial', 'debs', 'root']) {
      await mkdir(join(work, dir), { recursive: true })
    }
    const apt = ['-o', `Dir::State::Lists=${work}/lists`, '-o', `Dir::Cache=${work}`, '-q']
    await run('apt-get', [...apt, 'update'])
    await run('apt-get', [...apt, 'download', ...DEBIAN_PACKAGES], { cwd: join(work, 'debs') })
    for (const file of await readdir(join(work, 'debs')))
      await run('dpkg', ['-x', join(work, 'debs', file), root])
    if (!(await probe(inside(root)))) throw new Error('what was unpacked does not run')
    // Another process may have been faster, and run what it unpacked by now.
    if (!(await probe(inside(target)))) {
      await rm(target, { recursive: true, force: true })
      await rename(root, target)
    }
  } catch (cause) {
    const other = await probe(inside(target))
    if (other) return other
    log.debug({ err: cause }, 'unpacking redis-server failed')
    throw missing({ cause })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  const binary = await probe(inside(target))
  if (!binary) throw missing()
  log.info(`Unpacked Redis ${binary.version} in ${((Date.now() - started) / 1000).toFixed(1)} s`)
  return binary
}

/** What processes left that were stopped while they unpacked. */
async function removeAbandoned(cacheDir: string, log: Log): Promise<void> {
  const names = await readdir(cacheDir).catch(() => [])
  for (const name of names.filter(each => each.startsWith(WORK))) {
    const folder = join(cacheDir, name)
    const stats = await stat(folder).catch(() => null)
    if (!stats || Date.now() - stats.mtimeMs <= ABANDONED) continue
    await rm(folder, { recursive: true, force: true }).catch((error: unknown) => {
      log.debug({ err: error }, `${folder} could not be removed`)
    })
  }
}

function missing(options?: ErrorOptions): RedisMissingError {
  const how = {
    darwin: '"brew install redis"',
    linux: '"apt-get install redis-server" or your system\'s like',
  }
  const install = how[process.platform as keyof typeof how] ?? 'Redis 6.2 or later'
  return new RedisMissingError(
    `Sluice needs a redis-server on the PATH, and found none: install one (${install}), or set REDIS_URL to one that runs elsewhere.`,
    options,
  )
}

async function writableCache(): Promise<string> {
  const project = join(import.meta.dirname, '../../.cache')
  try {
    await mkdir(project, { recursive: true })
    await access(project, constants.W_OK)
    return project
  } catch {
    // An installation that only root may write to.
    return join(homedir(), '.cache/sluice')
  }
}
