import { chmod, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLog } from '../../src/log.ts'
import { findRedis, RedisMissingError } from '../../src/redis/binary.ts'

const log = createLog({ level: 'silent', format: 'json', role: 'test' })
const path = process.env.PATH!
let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-binary-'))
  await mkdir(join(dir, 'bin'))
})
afterEach(async () => {
  process.env.PATH = path
  await rm(dir, { recursive: true, force: true })
})

async function program(name: string, script: string): Promise<string> {
  const file = join(dir, 'bin', name)
  await writeFile(file, `#!/bin/sh\n${script}\n`)
  await chmod(file, 0o755)
  return file
}
const answering = (name: string, answer: string) => program(name, `echo '${answer}'`)
const find = (...programs: string[]) => findRedis({ log, programs, cacheDir: join(dir, 'cache') })

test('the first program that is recent enough is taken', async () => {
  const old = await answering('old', 'Redis server v=6.0.16 sha=00000000:0 malloc=jemalloc')
  const valkey = await answering('valkey', 'Valkey server v=8.1.1 sha=00000000:0 malloc=jemalloc')
  expect(await find(join(dir, 'bin/none'), old, valkey)).toEqual({ command: [valkey], version: '8.1.1' })
})

test("where there is none, one is unpacked from the system's packages, and found again", async () => {
  // Each package holds the one file that is needed; `dpkg -x` is asked with the package and the target.
  await program('apt-get', 'case "$*" in *download*) touch redis.deb ;; esac')
  await program(
    'dpkg',
    `[ "$1" = -x ] || exit 0
     mkdir -p "$3/usr/bin"
     printf '#!/bin/sh\\necho "Redis server v=7.0.15"\\n' > "$3/usr/bin/redis-server"
     chmod +x "$3/usr/bin/redis-server"`,
  )
  process.env.PATH = join(dir, 'bin') + delimiter + path
  const unpacked = await find()
  expect(unpacked.version).toBe('7.0.15')
  expect(await readdir(join(dir, 'cache'))).toEqual(['redis'])

  await program('apt-get', 'exit 1')
  expect(await find()).toEqual(unpacked)
})

test('what others are unpacking stays, and goes once they must have been stopped in the middle', async () => {
  const server = await answering('env', 'Redis server v=7.0.15')
  process.env.PATH = join(server, '..') + delimiter + path
  for (const name of ['unpack-abandoned', 'unpack-busy'])
    await mkdir(join(dir, 'cache', name, 'root'), { recursive: true })
  const longAgo = new Date(Date.now() - 2 * 86_400_000)
  await utimes(join(dir, 'cache/unpack-abandoned'), longAgo, longAgo)
  await find()
  expect(await readdir(join(dir, 'cache'))).toEqual(['unpack-busy'])
})

test.each([
  ['the system has no such packages', 'exit 127'],
  ['they cannot be fetched', 'case "$*" in *update*) exit 100 ;; esac'],
])('where %s, one sentence says what to install, and nothing is left behind', async (_, aptGet) => {
  await program('apt-get', aptGet)
  process.env.PATH = join(dir, 'bin') + delimiter + path
  const refusal = await find().catch(error => error)
  expect(refusal).toBeInstanceOf(RedisMissingError)
  expect(refusal.message).toMatch(/^Sluice needs a redis-server .* set REDIS_URL .*\.$/)
  expect(await readdir(join(dir, 'cache')).catch(() => [])).toEqual([])
})
