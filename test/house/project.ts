/** The project's own files, for the tests that hold them together. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadConfig } from '../../src/config.ts'

export const ROOT = join(import.meta.dirname, '../..')

export const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

interface PackageJson {
  readonly scripts: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

export const packageJson = JSON.parse(read('package.json')) as PackageJson

/** Set by the supervisor for its workers, never by a person. */
export const INTERNAL_SETTINGS: ReadonlySet<string> = new Set(['SLUICE_WORKER_INDEX'])

/** Every variable that `loadConfig` asks for. */
export function settingsThatExist(): Set<string> {
  const asked = new Set<string>()
  loadConfig(new Proxy({}, { get: (_, name) => void asked.add(String(name)) }))
  return asked
}
