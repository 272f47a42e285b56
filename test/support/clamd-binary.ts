/**
 * Finds a clamd (ClamAV's daemon) for the tests of the virus scan: on the PATH, in the cache folder, or, on Debian and
 * Ubuntu, unpacked into it from the system's own packages, without root, with the libraries that the system lacks.
 *
 * Where none can be had, the tests that need it are left out, and say so; under `CI` that is an error, for a check
 * that nobody runs is none.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const CACHE = join(import.meta.dirname, '../../.cache')

export type Command = readonly [string, ...string[]]

/**
 * @returns program and leading arguments; null where there is none and none can be had, which has been said loudly.
 * @throws under `CI`, instead of null.
 */
export async function findClamd(): Promise<Command | null> {
  const target = join(CACHE, 'clamav')
  for (const command of [['clamd'], ['/usr/sbin/clamd'], inside(target)] as const)
    if (await works(command)) return command
  try {
    return await unpack(target)
  } catch (cause) {
    const sentence =
      'No clamd was found: the tests of the virus scan need one (Debian: apt-get install clamav-daemon).'
    if (process.env.CI && process.env.CI !== 'false') throw new Error(sentence, { cause })
    console.warn(`\n${'!'.repeat(100)}\n  LEFT OUT: ${sentence}\n  ${cause}\n${'!'.repeat(100)}\n`)
    return null
  }
}

function inside(root: string): Command {
  // Debian's multiarch folders; those of other architectures are not there, and do no harm.
  const libraries = ['x86_64', 'aarch64']
    .map(machine => join(root, 'usr/lib', `${machine}-linux-gnu`))
    .join(':')
  return ['env', `LD_LIBRARY_PATH=${libraries}`, join(root, 'usr/sbin/clamd')]
}

/** It has no question that needs no settings but this one. */
async function works([program, ...rest]: Command): Promise<boolean> {
  const output = await run(program, [...rest, '--help']).catch(() => null)
  return /Clam AntiVirus: Daemon/.test(output?.stdout ?? '')
}

/** Everything happens in a folder of its own that is renamed when it works: a crash leaves no half of a scanner. */
async function unpack(target: string): Promise<Command> {
  console.log(`No clamd was found: unpacking one from the system's packages into ${target} …`)
  await mkdir(CACHE, { recursive: true })
  const work = await mkdtemp(join(CACHE, 'unpack-'))
  try {
    const root = join(work, 'root')
    const debs = join(work, 'debs')
    for (const dir of ['lists/partial', 'archives/partial', 'debs', 'root'])
      await mkdir(join(work, dir), { recursive: true })
    const apt = ['-o', `Dir::State::Lists=${work}/lists`, '-o', `Dir::Cache=${work}`, '-q']
    await run('apt-get', [...apt, 'update'])
    const { stdout } = await run(
      'apt-get',
      [...apt, '--simulate', '--no-install-recommends', 'install', 'clamav-daemon'],
      { env: { ...process.env, LC_ALL: 'C' } },
    )
    const lacking = [...stdout.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name!)
    const wanted = lacking.filter(name => name === 'clamav-daemon' || name.startsWith('lib'))
    await run('apt-get', [...apt, 'download', ...wanted], { cwd: debs })
    for (const file of await readdir(debs)) await run('dpkg', ['-x', join(debs, file), root])
    if (!(await works(inside(root)))) throw new Error('what was unpacked does not run')
    // Another test file may have been faster.
    await rename(root, target).catch(async error => {
      if (!(await works(inside(target)))) throw error
    })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  return inside(target)
}
