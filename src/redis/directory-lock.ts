/**
 * One directory, one owner, held by files named `lock.<n>`: whoever has the highest number holds it, as long as the
 * process named in it lives. A dead owner's lock is not removed but outnumbered: `link` fails when two try to take the
 * same number, so there is no moment at which two can believe that they hold it. For this the highest number must
 * never fall: who gives the lock back leaves a file that names nobody.
 */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { link, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** A process id alone may have been given to another process since. */
interface Owner {
  readonly pid: number
  readonly started: string
}

/** The owner's process is alive. */
export class DirectoryLockedError extends Error {
  override readonly name = 'DirectoryLockedError'
  readonly pid: number

  constructor(dir: string, pid: number) {
    super(`${dir} is locked by process ${pid}`)
    this.pid = pid
  }
}

/**
 * Takes the lock of an existing directory, of a dead owner if need be.
 *
 * @returns a function that gives it back.
 * @throws DirectoryLockedError
 */
export async function lockDirectory(dir: string): Promise<() => Promise<void>> {
  const claim = join(dir, `claim.${randomUUID()}`)
  const started = await startOf(process.pid)
  if (started === null)
    throw new Error('The start time of this process cannot be read: is /proc, or "ps", missing?')
  const self: Owner = { pid: process.pid, started }
  try {
    // Written before it is linked, so that nobody ever reads half of it.
    await writeFile(claim, JSON.stringify(self))
    for (;;) {
      const before = await highest(dir)
      if (before > 0) await expectDead(dir, before)
      const mine = join(dir, `lock.${before + 1}`)
      const taken = await link(claim, mine).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'EEXIST') return false
          throw error
        },
      )
      if (!taken) continue
      // Ours may be a number that a later owner outnumbered, and cleared away, while we looked at what was before.
      if ((await highest(dir)) === before + 1) {
        await clearBelow(dir, before + 1)
        return () => giveBack(dir, mine)
      }
      await rm(mine, { force: true })
    }
  } finally {
    await rm(claim, { force: true })
  }
}

async function giveBack(dir: string, lock: string): Promise<void> {
  const nobody: Owner = { pid: 0, started: 'never' }
  const file = join(dir, `claim.${randomUUID()}`)
  await writeFile(file, JSON.stringify(nobody))
  await rename(file, lock)
}

async function expectDead(dir: string, number: number): Promise<void> {
  // Null: cleared away in this moment by a later owner.
  const text = await readFile(join(dir, `lock.${number}`), 'utf8').catch(() => null)
  if (text === null) return
  const owner = parseOwner(text)
  if (owner && (await startOf(owner.pid)) === owner.started) throw new DirectoryLockedError(dir, owner.pid)
}

/** Null: the machine lost its power before the bytes were on disk, and the owner ended with it. */
function parseOwner(text: string): Owner | null {
  try {
    return JSON.parse(text) as Owner
  } catch {
    return null
  }
}

async function numbers(dir: string): Promise<number[]> {
  return (await readdir(dir)).map(name => Number(/^lock\.(\d+)$/.exec(name)?.[1] ?? 0))
}

async function highest(dir: string): Promise<number> {
  return Math.max(0, ...(await numbers(dir)))
}

async function clearBelow(dir: string, number: number): Promise<void> {
  for (const each of await numbers(dir)) {
    if (each > 0 && each < number) await rm(join(dir, `lock.${each}`), { force: true })
  }
}

/** When a process began, as text that no other process with its id shares; null where there is none. */
async function startOf(pid: number): Promise<string | null> {
  if (process.platform !== 'linux') {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)]).catch(() => ({
      stdout: '',
    }))
    return stdout.trim() || null
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  if (stat === null) return null
  // proc(5): field 22 counts from boot; the second field may itself hold blanks and brackets.
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (state === 'Z') return null
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
  return `${boot.trim()} ${rest[18]}`
}
