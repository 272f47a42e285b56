/**
 * A private, real Redis for one test file: same program and settings as the embedded one, but on a TCP port, so that
 * a proxy can stand before it.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog } from '../../src/log.ts'
import { findRedis } from '../../src/redis/binary.ts'
import { askOnce, launchRedisServer, type RedisServer } from '../../src/redis/server.ts'

export interface TestRedis {
  readonly url: string
  readonly port: number
  /** Of the running server; another one after a restart. */
  readonly pid: number
  /** SIGKILL; resolves once it is gone. */
  kill(): Promise<void>
  /** Starts it again, on the same port and data; kills it first where it still runs. Resolves once it answers. */
  restart(): Promise<void>
  /** Ends it and removes its data. */
  stop(): Promise<void>
  /** Removes every key. */
  flush(): Promise<void>
}

export async function startTestRedis(): Promise<TestRedis> {
  const log = createLog({ level: 'silent', format: 'json', role: 'test' })
  const binary = await findRedis({ log })
  const dir = await mkdtemp(join(tmpdir(), 'sluice-redis-'))
  const start = async (port: number) => {
    const server = launchRedisServer({ binary, dir, listen: { port }, log })
    await server.ready
    return server
  }
  const first = await firstStart(start)
  const { port } = first
  let { server } = first

  const kill = async () => {
    server.kill('SIGKILL')
    await server.exited
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return server.pid
    },
    kill,
    async restart() {
      await kill()
      server = await start(port)
    },
    async stop() {
      await kill()
      await rm(dir, { recursive: true, force: true })
    },
    async flush() {
      await askOnce({ port }, client => client.flushall())
    },
  }
}

/** Somebody else may take the port between the question and the start: then another one is tried. */
async function firstStart(start: (port: number) => Promise<RedisServer>) {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    try {
      return { port, server: await start(port) }
    } catch (error) {
      if (attempt === 5) throw error
    }
  }
}

/** A port on 127.0.0.1 that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}
