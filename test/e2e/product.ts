/** All of Sluice, started as `npm start` does, on a port and with a data directory of its own. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import { REAL, startSluice } from '../supervisor/sluice.ts'

export interface RunningSluice {
  /** Without a slash at its end. */
  readonly url: string
  stop(): Promise<void>
}

/** In ms; on a machine without a redis-server one is fetched first. */
const START_TIMEOUT = 60_000

/** @param settings environment variables besides those that keep it apart from others. */
export async function startProduct(settings: Record<string, string> = {}): Promise<RunningSluice> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-e2e-'))
  const sluice = startSluice({ SLUICE_DATA_DIR: directory, ...settings }, { program: REAL })
  const stop = async () => {
    await sluice.end()
    await rm(directory, { recursive: true, force: true })
  }
  try {
    const ended = sluice.exited.then(({ code }) => Promise.reject(new Error(`it ended with ${code}`)))
    const url = await Promise.race([vi.waitFor(() => address(sluice.output()), START_TIMEOUT), ended])
    return { url, stop }
  } catch (error) {
    await stop()
    throw new Error(`Sluice did not start:\n${sluice.output()}\n${sluice.errors()}`, { cause: error })
  }
}

/** Where the announcement says that the web UI is. @throws until it does */
function address(output: string): string {
  const [, url] = /Web UI +(\S+)\/\n/.exec(output) ?? []
  if (url === undefined) throw new Error('it has not announced itself')
  return url
}
