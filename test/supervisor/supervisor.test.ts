import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { askOnce } from '../../src/redis/server.ts'
import { isGone, REAL, type Sluice, startSluice } from './sluice.ts'

let dataDir: string
const started: Sluice[] = []

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'sluice-supervisor-'))
})
afterEach(async () => {
  await Promise.all(started.splice(0).map(sluice => sluice.end()))
  await expect.poll(() => redis(client => client.ping()).catch(() => 'gone')).toBe('gone')
  await rm(dataDir, { recursive: true, force: true })
})

function start(
  environment: Record<string, string> = {},
  options?: Parameters<typeof startSluice>[1],
): Sluice {
  const sluice = startSluice({ SLUICE_DATA_DIR: dataDir, ...environment }, options)
  started.push(sluice)
  return sluice
}

/** Returns once the API and one worker run. */
async function running(environment?: Record<string, string>): Promise<Sluice> {
  const sluice = start(environment)
  await sluice.printed(/<(worker 1|stubborn) is up/)
  return sluice
}

function redis<T>(question: Parameters<typeof askOnce<T>>[1]): Promise<T> {
  return askOnce({ path: join(dataDir, 'redis/redis.sock') }, question)
}

const redisPid = async () => Number(/process_id:(\d+)/.exec(await redis(client => client.info('server')))![1])

test('the first lines say where everything is', async () => {
  const sluice = await running()
  // Before them a fresh machine says that it unpacks a Redis.
  const lines = sluice
    .output()
    .replace(/<.*>\n/g, '')
    .replace(/^\[.*(Redis|redis-server).*\n/gm, '')
  expect(lines.split('\n').slice(0, 7)).toEqual([
    expect.stringMatching(/^Sluice \d+\.\d+\.\d+ is running/),
    '  Web UI      http://127.0.0.1:4711/',
    '  API docs    http://127.0.0.1:4711/api/docs',
    '  Bull Board  http://127.0.0.1:4711/admin/queues',
    `  Data        ${dataDir} (with an embedded Redis)`,
    '  Workers     1',
    expect.stringContaining('loopback only'),
  ])
  await sluice.printed(new RegExp(`api is up.* redis unix://${dataDir}/redis/redis.sock`))
})

test('a Ctrl-C stops everything in order, Redis last, although npm passes it on a second time', async () => {
  const sluice = await running()
  const pid = await redisPid()
  sluice.signalGroup('SIGINT')
  process.kill(sluice.pid, 'SIGINT')
  expect(await sluice.exited).toEqual({ code: 0, signal: null })
  expect(sluice.output()).toMatch(/<api has ended, Redis says PONG>/)
  expect(sluice.output()).toMatch(/<worker 1 has ended, Redis says PONG>/)
  expect(sluice.output()).not.toMatch(/redis-server \d+ ended/)
  expect(isGone(pid)).toBe(true)
})

test.each(['SIGINT', 'SIGHUP'] as const)(
  '%s to all that a terminal runs: each ends in order',
  async signal => {
    const sluice = start({}, { program: REAL })
    await sluice.printed(/worker 1\] ready/)
    sluice.signalGroup(signal)
    expect(await sluice.exited).toEqual({ code: 0, signal: null })
    expect(sluice.output()).toMatch(/\[api\] stopped/)
    expect(sluice.output()).toMatch(/\[worker 1\] stopped/)
  },
)

test('a second Ctrl-C forces it', async () => {
  const sluice = await running({ TEST_WORKER: 'stubborn' })
  const worker = Number((await sluice.printed(/stubborn is up, pid (\d+)/))[1])
  const pid = await redisPid()
  sluice.signalGroup('SIGINT')
  await sluice.printed(/<ignored SIGTERM>/)
  // The same one, for half a second; then another.
  const again = setInterval(() => process.kill(sluice.pid, 'SIGINT'), 100)
  await expect.poll(() => isGone(worker)).toBe(true)
  clearInterval(again)
  expect(await sluice.exited).toEqual({ code: 130, signal: null })
  expect(isGone(pid)).toBe(true)
})

test.each(['api', 'worker 1'])('a killed %s is started again', async name => {
  const sluice = await running()
  const up = new RegExp(`<${name} is up, pid (\\d+)`)
  const first = Number((await sluice.printed(up))[1])
  process.kill(first, 'SIGKILL')
  await sluice.printed(
    new RegExp(`\\(pid ${first}\\) ended by SIGKILL; starting it again[\\s\\S]*${up.source}`),
  )
})

test('a killed redis-server is started again under the same address, with its data', async () => {
  const sluice = await running()
  await redis(client => client.set('kept', 'yes'))
  const pid = await redisPid()
  process.kill(pid, 'SIGKILL')
  await sluice.printed(new RegExp(`redis-server ${pid} ended by SIGKILL`))
  await expect.poll(() => redis(client => client.get('kept')).catch(() => null)).toBe('yes')
})

test('a killed supervisor leaves nothing behind, and the next start finds the data', async () => {
  const sluice = await running()
  await redis(client => client.set('kept', 'yes'))
  const pid = await redisPid()
  process.kill(sluice.pid, 'SIGKILL')
  await sluice.printed(/<api ends: disconnect>/)
  await sluice.printed(/<worker 1 ends: disconnect>/)
  // They still need it to hand over what they hold.
  await sluice.printed(/<worker 1 has ended, Redis says PONG>/)
  await expect.poll(() => isGone(pid)).toBe(true)
  await running()
  expect(await redis(client => client.get('kept'))).toBe('yes')
})

test('a start right after a killed supervisor ends the redis-server that is still there', async () => {
  const sluice = await running()
  await redis(client => client.set('kept', 'yes'))
  const pid = await redisPid()
  process.kill(sluice.pid, 'SIGKILL')
  await running()
  // Two on the same append-only file would spoil it.
  expect(isGone(pid)).toBe(true)
  expect(await redis(client => client.get('kept'))).toBe('yes')
})

test('a second Sluice on the same data directory is refused with one sentence', async () => {
  const first = await running()
  const second = start()
  expect((await second.exited).code).toBe(1)
  expect(second.errors()).toBe(
    `The data directory ${dataDir} is in use by another Sluice (process ${first.pid}): stop it, or set SLUICE_DATA_DIR to another one.\n`,
  )
})

test.each([
  [{ TEST_API: 'failing' }, /^The fixture cannot start: it is made so\.\n$/],
  [{ TEST_WORKER: 'failing' }, /^The fixture cannot start: it is made so\.\n$/],
  [
    { TEST_API: 'crashing' },
    /a fixture that crashes[\s\S]*The api process ended with code 1 before it was ready/,
  ],
])('a child that cannot start ends everything: %j', async (environment, errors) => {
  const sluice = start(environment)
  expect((await sluice.exited).code).toBe(1)
  expect(sluice.errors()).toMatch(errors)
  await expect(redis(client => client.ping())).rejects.toThrow()
})

test('whoever ends the shell that npm runs a script in ends the service, and not only the shell', async () => {
  const service = spawn('/bin/sh', ['-c', packageJson.scripts.start], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { PATH: process.env.PATH, PORT: '0', SLUICE_WORKERS: '0', SLUICE_DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  service.stdout.setEncoding('utf8').on('data', text => {
    output += text
  })
  await expect.poll(() => output).toMatch(/Bull Board/)
  service.kill('SIGTERM')
  expect(await once(service, 'close')).toEqual([0, null])
})

test('a port in use is one sentence, before anything is started', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const sluice = start({ PORT: String(port) }, { program: REAL })
  expect((await sluice.exited).code).toBe(1)
  expect(sluice.errors()).toBe(`Port ${port} on 127.0.0.1 is in use: stop what listens there, or set PORT.\n`)
  expect(sluice.output()).toBe('')
  server.close()
})

test.each([
  [['--help'], {}, 0, /SLUICE_DATA_DIR/, /^$/],
  [['--version'], {}, 0, /^\d+\.\d+\.\d+\n$/, /^$/],
  [['--what'], {}, 2, /^$/, /^Unknown option '--what'.*: see --help\.\n$/],
  [[], { SLUICE_WORKERS: 'many' }, 1, /^$/, /^SLUICE_WORKERS is "many", but .*\.\n$/],
  [
    [],
    { SLUICE_DATA_DIR: '/dev/null/x' },
    1,
    /^$/,
    /^SLUICE_DATA_DIR is "\/dev\/null\/x", .* not a directory\.\n$/,
  ],
])('%j with %j exits with %i', async (args, environment, code, output, errors) => {
  const sluice = start(environment, { program: REAL, args })
  expect((await sluice.exited).code).toBe(code)
  expect(sluice.output()).toMatch(output)
  expect(sluice.errors()).toMatch(errors)
})
