/** The image and the composition, held to what they promise as far as that can be done without an engine. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startProcess } from '../support/processes.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { assembleImage, baseImages, commandOf, copies, environment, instruction, isInBuild } from './image.ts'
import { packageJson, ROOT, settingsThatExist } from './project.ts'

describe('the Dockerfile', () => {
  test('copies only what is there, and what the build context holds', () => {
    for (const source of copies.flatMap(copy => copy.sources)) {
      expect(existsSync(join(ROOT, source)), source).toBe(true)
      expect(isInBuild(source), `${source} is kept out by .dockerignore`).toBe(true)
    }
  })

  test('runs the Node that the tests ran on, and names its version to the last digit', () => {
    const wanted = `node:${packageJson.devDependencies.node}-bookworm-slim`
    expect(baseImages).toEqual(baseImages.map(() => wanted))
  })

  test('runs as nobody special, with its data in a volume that this user owns', () => {
    expect(instruction('USER')!.getArgumentsContent()).toBe('node')
    expect(instruction('VOLUME')!.getArgumentsContent()).toBe(environment.SLUICE_DATA_DIR)
  })

  test('sets only settings that exist', () => {
    const settings = settingsThatExist()
    const unknown = Object.keys(environment).filter(name => name !== 'NODE_ENV' && !settings.has(name))
    expect(unknown).toEqual([])
  })
})

describe('the health check', () => {
  const [, program, ...args] = ['', ...commandOf('HEALTHCHECK')]
  const check = (port: number) =>
    promisify(execFile)(program === 'node' ? process.execPath : program!, args, {
      env: { PORT: String(port) },
    }).then(
      () => 'healthy',
      () => 'unhealthy',
    )

  test.each([
    [200, 'healthy'],
    [503, 'unhealthy'],
  ])('takes an answer of %i to /livez for %s', async (status, verdict) => {
    const server = createServer((request, response) => {
      response.writeHead(request.url === '/livez' ? status : 404).end()
    }).listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    try {
      expect(await check((server.address() as AddressInfo).port)).toBe(verdict)
    } finally {
      server.close()
    }
  })

  test('takes silence for unhealthy', async () => {
    expect(await check(9)).toBe('unhealthy')
  })
})

describe('what the image holds', () => {
  let app: string
  let redis: TestRedis
  beforeAll(async () => {
    app = await assembleImage()
    redis = await startTestRedis()
  })
  afterAll(async () => {
    await redis.stop()
    await rm(app, { recursive: true })
  })

  const entries = { api: commandOf('CMD'), worker: ['node', 'src/workers/main.ts'] }

  test.each(Object.entries(entries))('is enough to run the role %s', async (_role, [program, entry]) => {
    expect(program).toBe('node')
    const running = await startProcess(join(app, entry!), {
      ...environment,
      REDIS_URL: redis.url,
      SLUICE_DATA_DIR: join(app, 'data'),
    })
    await running.kill('SIGTERM')
    expect(await running.gone).toEqual({ code: 0, signal: null })
  })
})
