import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createLog } from '../../src/log.ts'
import { type ConnectionOptions, connectRedis, waitUntilReady } from '../../src/redis/connection.ts'
import { freePort, startTestRedis, type TestRedis } from '../support/redis.ts'

/** Milliseconds: the promise is 5 s, and the rest is for a machine that is busy with other tests. */
const SOON = 15_000
const silent = createLog({ level: 'silent', format: 'json', role: 'test' })
let redis: TestRedis
const clients: Redis[] = []

beforeAll(async () => {
  redis = await startTestRedis()
})
afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect()
})
afterAll(() => redis.stop())

function connect(mode: ConnectionOptions['mode'] & string, log = silent, url = redis.url) {
  const client = connectRedis(url, { name: `test-${mode}`, log, mode })
  clients.push(client)
  return client
}

/** Not `once` of node:events: it rejects on the errors that come before. */
function nth(times: number, client: Redis, event: string): Promise<void> {
  let left = times
  return new Promise(resolve => client.on(event, () => --left === 0 && resolve()))
}

/** Milliseconds until the command was refused. */
async function refusedAfter(command: Promise<unknown>): Promise<number> {
  const started = performance.now()
  await expect(command).rejects.toThrow()
  return performance.now() - started
}

describe('failFast', () => {
  test('a restart of Redis is ridden out', async () => {
    const client = connect('failFast')
    await waitUntilReady(client, SOON)
    const closed = nth(1, client, 'close')
    await redis.kill()
    await closed
    const written = client.set('during', 'restart')
    await redis.restart()
    expect(await written).toBe('OK')
  })

  test('a command is refused within 5 s when Redis stays away, later ones at once, and none lands afterwards', async () => {
    const client = connect('failFast')
    await waitUntilReady(client, SOON)
    const closed = nth(1, client, 'close')
    await redis.kill()
    await closed
    const refusals = await Promise.all([
      refusedAfter(client.set('late', '1')),
      refusedAfter(client.incr('late-too')),
    ])
    expect(Math.max(...refusals)).toBeLessThan(SOON)
    expect(await refusedAfter(client.set('at-once', '1'))).toBeLessThan(1_000)

    const returned = performance.now()
    await redis.restart()
    await waitUntilReady(client, SOON)
    expect(await client.exists('late', 'late-too', 'at-once')).toBe(0)
    expect(performance.now() - returned).toBeLessThan(SOON)
  })

  test('a frozen Redis is not waited for longer than 5 s', async () => {
    const client = connect('failFast')
    await waitUntilReady(client, SOON)
    process.kill(redis.pid, 'SIGSTOP')
    try {
      expect(await refusedAfter(client.get('frozen'))).toBeLessThan(SOON)
    } finally {
      process.kill(redis.pid, 'SIGCONT')
    }
    expect(await client.ping()).toBe('PONG')
  })

  test('a client made while Redis is away refuses, too, and works once it is there', async () => {
    await redis.kill()
    const client = connect('failFast')
    expect(await refusedAfter(client.get('x'))).toBeLessThan(SOON)
    await redis.restart()
    await waitUntilReady(client, SOON)
    expect(await client.ping()).toBe('PONG')
  })
})

test('a patient command waits until Redis is back, a blocking one included', async () => {
  const [reader, writer] = [connect('patient'), connect('patient')]
  await Promise.all([waitUntilReady(reader, SOON), waitUntilReady(writer, SOON)])
  const blocked = reader.brpop('list', 0)
  const closed = Promise.all([nth(1, reader, 'close'), nth(1, writer, 'close')])
  await redis.kill()
  await closed
  const pushed = writer.lpush('list', 'x')
  await redis.restart()
  expect(await pushed).toBe(1)
  expect(await blocked).toEqual(['list', 'x'])
})

test('one line when Redis is lost and one when it is back, however many attempts and connections', async () => {
  const lines: string[] = []
  const log = createLog({ level: 'silent', format: 'json', role: 'test' })
  log.warn = log.info = ((line: string) => void lines.push(line)) as typeof log.info
  const both = [connect('patient', log), connect('failFast', log)]
  await Promise.all(both.map(client => waitUntilReady(client, SOON)))
  const retried = Promise.all(both.map(client => nth(3, client, 'reconnecting')))
  await redis.kill()
  await retried
  await redis.restart()
  await Promise.all(both.map(client => waitUntilReady(client, SOON)))
  expect(lines).toEqual([
    `Redis connection lost (127.0.0.1:${redis.port}), trying again`,
    'Redis connection is back',
  ])
})

test('who waits for a Redis that is not there is told where it is not, without the password', async () => {
  const port = await freePort()
  const client = connect('patient', silent, `redis://:secret@127.0.0.1:${port}`)
  const refusal = await waitUntilReady(client, 300).catch((error: Error) => error.message)
  expect(refusal).toBe(
    `Redis at 127.0.0.1:${port} cannot be reached (connect ECONNREFUSED 127.0.0.1:${port})`,
  )
})
