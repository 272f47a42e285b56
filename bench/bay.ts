/**
 * What one turn of a candidate needs, and leaves nothing of: processes, a Redis, folders. Disposing of it ends the
 * processes, which also end by themselves when their channel to this one closes.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { startTestRedis, type TestRedis } from '../test/support/redis.ts'

export interface Part {
  readonly pid: number
  /** Where it listens; empty for what does not. */
  readonly url: string
  readonly child: ChildProcess
}

export class Bay implements AsyncDisposable {
  /** By what they are called in the tables. */
  readonly pids = new Map<string, number>()
  readonly #left = new AsyncDisposableStack()
  readonly #attic: AsyncDisposableStack

  /**
   * @param attic keeps the folders until the end of the whole run: removing tens of thousands of files slows the disk for
   * whoever comes next.
   */
  constructor(attic: AsyncDisposableStack) {
    this.#attic = attic
  }

  /** The same program and settings for every candidate, but for when the append-only file is synced. */
  async redis(appendfsync: 'always' | 'everysec'): Promise<TestRedis> {
    const redis = this.#left.adopt(await startTestRedis(), redis => redis.stop())
    const client = new Redis(redis.url)
    await client.config('SET', 'appendfsync', appendfsync)
    client.disconnect()
    this.pids.set('redis', redis.pid)
    return redis
  }

  async folder(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
    this.#attic.defer(() => rm(path, { recursive: true, force: true }))
    return path
  }

  /** Starts a module of this project, and waits until it says that it is ready. @throws if it ends before. */
  async start(name: string, module: string, env: Readonly<Record<string, string>>): Promise<Part> {
    const child = fork(join(import.meta.dirname, '..', module), {
      env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const gone = once(child, 'exit')
    this.#left.defer(async () => {
      child.kill('SIGKILL')
      await gone
    })
    this.pids.set(name, child.pid!)
    const url = await Promise.race([
      readiness(child),
      gone.then(([code]) => Promise.reject(new Error(`${module} ended with ${code} before it was ready`))),
    ])
    return { pid: child.pid!, url, child }
  }

  /** Disposed of with the bay, before what was there earlier. */
  use<T extends AsyncDisposable>(thing: T): T {
    return this.#left.use(thing)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#left.disposeAsync()
  }
}

async function readiness(child: ChildProcess): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  child.on('message', (message: { type: string; url?: string }) => {
    if (message.type === 'ready') resolve(message.url ?? '')
  })
  return promise
}
