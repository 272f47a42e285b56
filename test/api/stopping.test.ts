import { once } from 'node:events'
import { connect } from 'node:net'
import { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Env } from '../../src/api/endpoint.ts'
import { listen } from '../../src/api/server.ts'
import { API, startProcess } from '../support/processes.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { createUploader, type Uploader } from '../support/uploader.ts'

let redis: TestRedis
let jobs: Uploader

beforeEach(async () => {
  redis = await startTestRedis()
  jobs = await createUploader(redis.url)
})
afterEach(async () => {
  await jobs.close()
  await redis.stop()
})

describe('an API process', () => {
  test('stops when it is told to, though Redis stays away', async () => {
    const api = await startProcess(API, { REDIS_URL: redis.url, ...jobs.env })
    await redis.kill()
    await api.printed(/lost/)
    await api.kill('SIGTERM')
    expect(await api.gone).toEqual({ code: 0, signal: null })
  })

  test('does not wait for a connection on which nothing was ever asked, as browsers keep one in reserve', async () => {
    const server = await listen({ app: new Hono<Env>() }, { host: '127.0.0.1', port: 0 })
    const silent = connect(Number(new URL(server.url).port), '127.0.0.1')
    await once(silent, 'connect')
    const closed = once(silent, 'close')
    // Answered on another connection, it knows of the silent one as well.
    await (await fetch(server.url)).text()
    await server.stop(600_000)
    await closed
  })

  test('warns at its start of a Redis that may lose what was acknowledged', async () => {
    await jobs.redis.config('SET', 'appendfsync', 'everysec')
    const api = await startProcess(API, { REDIS_URL: redis.url, ...jobs.env })
    await api.printed(/appendfsync/)
    await api.kill('SIGTERM')
  })
})
