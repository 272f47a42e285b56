/**
 * Servers that tests run against, unpacked from the packages of the system's own archive (Debian, Ubuntu) into a cache
 * folder: without root, and without installing anything.
 *
 * Where they cannot be had, the tests that need them are left out, and say so; under `CI` that is an error, for a check
 * that nobody runs is none.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const CACHE = join(import.meta.dirname, '../../.cache')
/** Ends what would never end, ms: a hundred megabytes over a slow line. */
const LONGEST = 600_000

export interface Wanted {
  /** Of the folder in the cache. */
  readonly name: string
  /** For whom it is looked after: "Nothing was found for …". */
  readonly purpose: string
  readonly packages: readonly string[]
  /** Whether what was unpacked into `root` runs here. */
  readonly works: (root: string) => Promise<boolean>
}

/**
 * @returns the folder that the packages, and what they depend on and the system has not, were unpacked into; null where
 * they cannot be had, which has been said loudly.
 * @throws under `CI`, instead of null.
 */
export async function unpacked(wanted: Wanted): Promise<string | null> {
  const root = join(CACHE, wanted.name)
  if (existsSync(root) && (await wanted.works(root))) return root
  try {
    await unpack(wanted, root)
    return root
  } catch (cause) {
    const sentence = `${wanted.purpose} need Debian's packages ${wanted.packages.join(', ')}, and they cannot be had here: ${(cause as Error).message}`
    if (process.env.CI && process.env.CI !== 'false') throw new Error(sentence, { cause })
    console.warn(`\n${'!'.repeat(100)}\n  LEFT OUT: ${sentence}\n${'!'.repeat(100)}\n`)
    return null
  }
}

/** Everything happens in a folder of its own that is renamed when it works: a crash leaves no half of a server. */
async function unpack(wanted: Wanted, root: string): Promise<void> {
  console.log(`Unpacking ${wanted.packages.join(', ')} from the system's packages into ${root}…`)
  await mkdir(CACHE, { recursive: true })
  const work = await mkdtemp(join(CACHE, 'unpack-'))
  try {
    for (const dir of ['lists/partial', 'archives/partial', 'root'])
      await mkdir(join(work, dir), { recursive: true })
    const apt = ['-o', `Dir::State::Lists=${work}/lists`, '-o', `Dir::Cache=${work}`, '-q', '-y']
    await run('apt-get', [...apt, 'update'], { timeout: LONGEST })
    // The lock is that of the whole system; nothing of it is changed.
    const download = ['-o', 'Debug::NoLocking=true', '--no-install-recommends', '--download-only']
    await run('apt-get', [...apt, ...download, 'install', ...wanted.packages], {
      timeout: LONGEST,
      maxBuffer: 2 ** 24,
    })
    for (const file of await readdir(join(work, 'archives'))) {
      if (file.endsWith('.deb')) await run('dpkg', ['-x', join(work, 'archives', file), join(work, 'root')])
    }
    if (!(await wanted.works(join(work, 'root')))) throw new Error('what was unpacked does not run')
    if (existsSync(root) && !(await wanted.works(root))) await rm(root, { recursive: true, force: true })
    await rename(join(work, 'root'), root).catch(async error => {
      // Test files run side by side: another one was first.
      if (!(await wanted.works(root))) throw error
    })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** What programs unpacked into `root` need to find their libraries and their Python modules. */
export function environmentOf(root: string): Record<string, string> {
  return {
    PATH: [join(root, 'usr/bin'), '/usr/bin', '/bin'].join(':'),
    LD_LIBRARY_PATH: libraryFolders(root).join(':'),
    PYTHONPATH: join(root, 'usr/lib/python3/dist-packages'),
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONNOUSERSITE: '1',
  }
}

/** Debian's multiarch folders; those of other architectures are not there, and do no harm. */
function libraryFolders(root: string): string[] {
  return ['x86_64-linux-gnu', 'aarch64-linux-gnu'].flatMap(machine =>
    [`usr/lib/${machine}`, `usr/lib/${machine}/ceph`, `lib/${machine}`].map(folder => join(root, folder)),
  )
}

/** Debian's own Python, which its modules are built for; there may be others on the PATH. */
export function debianPython(root: string): string {
  const brought = join(root, 'usr/bin/python3')
  return existsSync(brought) ? brought : '/usr/bin/python3'
}
