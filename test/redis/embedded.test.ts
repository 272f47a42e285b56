import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLog } from '../../src/log.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { checkDurability } from '../../src/redis/durability.ts'
import { type EmbeddedRedis, startEmbeddedRedis } from '../../src/redis/embedded.ts'

const log = createLog({ level: 'silent', format: 'json', role: 'test' })
let dataDir: string
const running: EmbeddedRedis[] = []

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'sluice-embedded-'))
})
afterEach(async () => {
  for (const redis of running.splice(0)) await redis.stop()
  await rm(dataDir, { recursive: true, force: true })
})

async function start(dir = dataDir): Promise<EmbeddedRedis> {
  const redis = await startEmbeddedRedis({ dataDir: dir, log })
  running.push(redis)
  return redis
}

async function using<T>(
  redis: EmbeddedRedis,
  work: (client: ReturnType<typeof connectRedis>) => Promise<T>,
): Promise<T> {
  const client = connectRedis(redis.url, { name: 'test', log })
  try {
    return await work(client)
  } finally {
    client.disconnect()
  }
}

test('it keeps what it acknowledged, and evicts nothing', async () => {
  const redis = await start()
  expect((await using(redis, checkDurability)).warnings).toEqual([])
})

test('killed again and again, it comes back each time with all data', async () => {
  const redis = await start()
  await using(redis, async client => {
    for (let round = 1; round <= 3; round++) {
      await client.rpush('rounds', round)
      const { pid } = redis
      process.kill(pid, 'SIGKILL')
      await expect.poll(() => client.lrange('rounds', 0, -1).then(list => list.length)).toBe(round)
      await expect.poll(() => redis.pid).not.toBe(pid)
    }
  })
})

test('stopped in order, it is found again with all it held', async () => {
  const first = await start()
  await using(first, client => client.set('kept', 'yes'))
  await first.stop()
  const second = await start()
  expect(await using(second, client => client.get('kept'))).toBe('yes')
})

test('a data directory in use is refused with one sentence', async () => {
  await start()
  await expect(start()).rejects.toThrow(
    `The data directory ${dataDir} is in use by another Sluice (process ${process.pid}): stop it, or set SLUICE_DATA_DIR to another one.`,
  )
})

test('a living owner is seen where its process id means nothing, as in another container', async () => {
  await start()
  for (const name of await readdir(join(dataDir, 'redis'))) {
    if (name.startsWith('lock.')) await rm(join(dataDir, 'redis', name))
  }
  await expect(start()).rejects.toThrow('is in use by another Sluice')
})

test.each([
  ['of a process that is gone', { pid: 2 ** 22 + 1, started: 'once' }],
  ['whose process id belongs to another process by now', { pid: process.pid, started: 'once' }],
])('a lock %s is taken over', async (_, owner) => {
  await mkdir(join(dataDir, 'redis'))
  await writeFile(join(dataDir, 'redis/lock.7'), JSON.stringify(owner))
  await start()
  const locks = (await readdir(join(dataDir, 'redis'))).filter(name => /^(lock|claim)/.test(name))
  expect(locks).toEqual(['lock.8'])
})

test('a lock that a power cut left without its bytes is taken over', async () => {
  await mkdir(join(dataDir, 'redis'))
  await writeFile(join(dataDir, 'redis/lock.7'), '')
  await start()
  expect((await readdir(join(dataDir, 'redis'))).filter(name => /^(lock|claim)/.test(name))).toEqual([
    'lock.8',
  ])
})

test('a data directory that cannot be written is a sentence', async () => {
  await symlink('/proc/self', join(dataDir, 'redis'))
  await expect(start()).rejects.toThrow(
    /^SLUICE_DATA_DIR is ".*", which cannot be used as a folder: [a-z ]+\.$/,
  )
})

test('of many that start at once, over a stale lock, one runs', async () => {
  await mkdir(join(dataDir, 'redis'))
  await writeFile(join(dataDir, 'redis/lock.1'), JSON.stringify({ pid: process.pid, started: 'once' }))
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => start()))
  expect(outcomes.filter(each => each.status === 'fulfilled')).toHaveLength(1)
})

test('a data directory whose path is too long for a socket, and holds blanks, works', async () => {
  const deep = join(dataDir, 'a long path'.repeat(12))
  const redis = await start(deep)
  const socket = fileURLToPath(redis.url.replace('unix:', 'file:'))
  expect(await using(redis, client => client.ping())).toBe('PONG')
  expect((await stat(dirname(socket))).mode & 0o777).toBe(0o700)
  await redis.stop()
  await rm(dirname(socket), { recursive: true })
})

test('a file that Redis cannot read is a sentence, and frees the data directory', async () => {
  const first = await start()
  await using(first, client => client.set('a', 'b'))
  await first.stop()
  const folder = join(dataDir, 'redis/appendonlydir')
  const manifest = (await readdir(folder)).find(name => name.endsWith('.manifest'))!
  await writeFile(join(folder, manifest), 'nonsense\n')
  await expect(start()).rejects.toThrow(
    new RegExp(
      `^redis-server ended with code 1: .*manifest.* \\(its data is in ${dataDir}/redis\\)\\.$`,
      's',
    ),
  )
  await rm(folder, { recursive: true })
  await start()
})
