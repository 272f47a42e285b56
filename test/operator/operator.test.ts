import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createApiKeys, digestOf } from '../../src/jobs/api-keys.ts'
import { createAudit } from '../../src/jobs/audit.ts'
import { checkInstallation } from '../../src/jobs/installation.ts'
import { createLog } from '../../src/log.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { startEmbeddedRedis } from '../../src/redis/embedded.ts'
import { createLocalStorage } from '../../src/storage/local.ts'

const OPERATOR = new URL('../../src/operator.ts', import.meta.url).pathname
const log = createLog({ level: 'silent', format: 'json', role: 'test' })
let dataDir: string
let environment: Readonly<Record<string, string>>

beforeEach(async () => {
  environment = {}
  dataDir = await mkdtemp(join(tmpdir(), 'sluice-operator-'))
})
afterEach(() => rm(dataDir, { recursive: true, force: true }))

async function operator(command: string, ...words: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [OPERATOR, command, ...words], {
    env: { PATH: process.env.PATH, SLUICE_DATA_DIR: dataDir, ...environment },
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

describe('npm run webhook-secret, asked what it is,', () => {
  test('shows no secret', async () => {
    expect(await operator('webhook-secret', '--help')).toMatch(/^npm run webhook-secret +prints/)
    await expect(operator('webhook-secret', 'rubbish')).rejects.toThrow('npm run webhook-secret')
  })
})

describe('npm run key', () => {
  test('makes, lists and revokes keys, whether Sluice runs or not, and tells the audit log', async () => {
    const running = await startEmbeddedRedis({ dataDir, log })
    const redis = connectRedis(running.url, { name: 'test', log })
    const apiKeys = createApiKeys(redis)
    const key = await operator('key', 'create', 'boss', 'admin')
    const { stored } = await apiKeys.read()
    expect(stored).toMatchObject([{ name: 'boss', role: 'admin', digest: digestOf(key) }])
    const { id } = stored[0]!
    expect(await operator('key', 'list')).toMatch(new RegExp(`^${id}  admin .* never used +boss$`))
    await operator('key', 'revoke', id)
    expect((await apiKeys.read()).stored).toEqual([])
    const { items } = await createAudit(redis).list({ limit: 10, cursor: null })
    expect(items).toMatchObject([
      { actor: 'operator', action: 'key.revoked', target: id },
      { actor: 'operator', action: 'key.created', target: id },
    ])
    redis.disconnect()
    await running.stop()
    expect(await operator('key', 'create', 'boss', 'admin')).toMatch(/^slk_/)
    expect(await operator('key', 'list')).toMatch(/ boss$/)
  })

  test('says in a sentence why it does not', async () => {
    environment = { SLUICE_API_KEYS: 'taken:uploader:key-of-the-environment' }
    await expect(operator('key', 'create', 'ci', 'uploader')).rejects.toThrow("must be an admin's")
    await operator('key', 'create', 'boss', 'admin')
    await expect(operator('key', 'create', 'boss', 'viewer')).rejects.toThrow('Another key has this name.')
    await expect(operator('key', 'create', 'taken', 'viewer')).rejects.toThrow('has a key named "taken"')
    await expect(operator('key', 'create', 'anonymous', 'viewer')).rejects.toThrow('kept for who has no key')
    await expect(operator('key', 'create', 'a b', 'viewer')).rejects.toThrow('A name of up to 64')
    await expect(operator('key', 'create', 'ci', 'king')).rejects.toThrow('admin, uploader, viewer')
    await expect(operator('key', 'revoke', 'key_none')).rejects.toThrow('There is no key key_none.')
    await expect(operator('key', 'delete', 'boss')).rejects.toThrow('npm run key -- revoke <id>')
  })

  test('explains itself', async () => {
    for (const words of [[], ['--help'], ['list', '--help']]) {
      expect(await operator('key', ...words)).toContain('npm run key -- create <name> <role>')
    }
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

  test('is done by nothing but these words', async () => {
    const running = await startEmbeddedRedis({ dataDir, log })
    const redis = connectRedis(running.url, { name: 'test', log })
    const storage = createLocalStorage({ dir: join(dataDir, 'storage'), reserve: 0 })
    await checkInstallation(redis, storage)
    await redis.flushall()
    expect(await operator('adopt', '--help')).toContain('npm run adopt')
    await expect(operator('adopt', 'rubbish')).rejects.toThrow('npm run adopt')
    expect(await checkInstallation(redis, storage)).toMatchObject({ belongs: false })
    redis.disconnect()
    await running.stop()
  })

  test('an unknown command says which there are', async () => {
    await expect(operator('nonsense')).rejects.toThrow('webhook-secret or adopt or key')
  })
})
