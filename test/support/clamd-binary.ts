/** Finds a clamd (ClamAV's daemon): where it is installed, or unpacked from the system's own packages. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { environmentOf, unpacked } from './debian.ts'

export interface Clamd {
  readonly program: string
  readonly env: Readonly<Record<string, string>>
}

/**
 * @returns null where there is none and none can be had, which has been said loudly.
 * @throws under `CI`, instead of null.
 */
export async function findClamd(): Promise<Clamd | null> {
  for (const program of ['clamd', '/usr/sbin/clamd']) {
    const installed = { program, env: { PATH: process.env.PATH! } }
    if (await works(installed)) return installed
  }
  const root = await unpacked({
    name: 'clamav',
    purpose: 'The tests of the virus scan',
    packages: ['clamav-daemon'],
    works: root => works(inside(root)),
  })
  return root === null ? null : inside(root)
}

function inside(root: string): Clamd {
  return { program: join(root, 'usr/sbin/clamd'), env: environmentOf(root) }
}

/** Its other questions need its settings. */
async function works({ program, env }: Clamd): Promise<boolean> {
  const output = await promisify(execFile)(program, ['--help'], { env }).catch(() => null)
  return /Clam AntiVirus: Daemon/.test(output?.stdout ?? '')
}
