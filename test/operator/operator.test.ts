import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkInstallation } from '../../src/jobs/installation.ts'
import { createLog } from '../../src/log.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { startEmbeddedRedis } from '../../src/redis/embedded.ts'
import { createLocalStorage } from '../../src/storage/local.ts'

const OPERATOR = new URL('../../src/operator.ts', import.meta.url).pathname
const log = createLog({ level: 'silent', format: 'json', role: 'test' })
let dataDir: string

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'sluice-operator-'))
})
afterEach(() => rm(dataDir, { recursive: true, force: true }))

async function operator(command: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [OPERATOR, command], {
    env: { PATH: process.env.PATH, SLUICE_DATA_DIR: dataDir },
  })
  return stdout.trim()
}

describe('npm run webhook-secret', () => {
  test('prints the same secret each time, whether Sluice runs or not', async () => {
    const first = await operator('webhook-secret')
    expect(first).toMatch(/^whsec_/)
    const running = await startEmbeddedRedis({ dataDir, log })
    expect(await operator('webhook-secret')).toBe(first)
    await running.stop()
    expect(await operator('webhook-secret')).toBe(first)
  })
})

describe('npm run adopt', () => {
  test('makes a storage and an emptied Redis belong together again, and changes nothing where they do', async () => {
    const running = await startEmbeddedRedis({ dataDir, log })
    const redis = connectRedis(running.url, { name: 'test', log })
    const storage = createLocalStorage({ dir: join(dataDir, 'storage'), reserve: 0 })
    expect(await checkInstallation(redis, storage)).toMatchObject({ belongs: true })
    expect(await operator('adopt')).toContain('already')
    await redis.flushall()
    expect(await checkInstallation(redis, storage)).toMatchObject({ belongs: false })
    expect(await operator('adopt')).toContain('from now on')
    expect(await checkInstallation(redis, storage)).toMatchObject({ belongs: true })
    redis.disconnect()
    await running.stop()
  })

  test('an unknown command says which there are', async () => {
    await expect(operator('nonsense')).rejects.toThrow('webhook-secret or adopt')
  })
})
