/**
 * One `redis-server` process with the settings that "acknowledged is durable" rests on.
 *
 * It leads a process group of its own, so that a Ctrl-C in the terminal does not reach it before those who still
 * write to it have ended; and yet it never outlives its owner, however that one dies (see `GUARD`).
 */
import { spawn } from 'node:child_process'
import type { Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { Log } from '../log.ts'
import type { RedisBinary } from './binary.ts'

export type Address = { readonly path: string } | { readonly port: number }

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The last lines that the server wrote. */
  readonly output: readonly string[]
}

/** It ended before it was ready. Its message has the server's last words, and names the folder of its data. */
export class RedisStartError extends Error {
  override readonly name = 'RedisStartError'
}

export interface RedisServer {
  readonly pid: number
  /** Resolves once it has read its data and answers; rejects with its last words when it ends before. */
  readonly ready: Promise<void>
  /** Resolves once the process is gone. */
  readonly exited: Promise<Exit>
  /** Ends it in order (the append-only file is synced), by force after `ms`. Resolves once it is gone. */
  stop(ms?: number): Promise<Exit>
  kill(signal: NodeJS.Signals): void
}

export interface ServerOptions {
  readonly binary: RedisBinary
  /** Where the append-only file is kept. */
  readonly dir: string
  readonly listen: Address
  readonly log: Log
}

/**
 * Run by `sh`. The owner holds the other end of descriptor 3 and writes nothing to it while the server runs, so `read`
 * fails only when the owner is gone, by whatever signal; `$$` is by then the server, which took the shell's place. The
 * two seconds are for the owner's other processes, which hand their jobs over meanwhile. A line on descriptor 3
 * sends the guard home: the server is gone, and its process id may be somebody else's.
 */
const GUARD = '{ read -r _ <&3 || { sleep 2; kill "$$"; }; } >/dev/null 2>&1 & exec "$@" 3<&-'

/** Starts the server; it can be stopped from then on, and used once it is `ready`. The folder must be there. */
export function launchRedisServer(options: ServerOptions): RedisServer {
  const { pid, exited, kill } = launch(options)
  const gone = new AbortController()
  const ended = exited.then(exit => {
    gone.abort()
    const words = exit.output.slice(-3).join(' · ')
    throw new RedisStartError(`redis-server ${explainExit(exit)}: ${words} (its data is in ${options.dir}).`)
  })
  const ready = Promise.race([ended, answers(pid, options.listen, options.log, gone.signal)])
  // Whoever only stops it does not ask.
  ready.catch(() => {})
  return {
    pid,
    ready,
    exited,
    kill,
    async stop(ms = 10_000) {
      kill('SIGTERM')
      const force = setTimeout(kill, ms, 'SIGKILL')
      return exited.finally(() => clearTimeout(force))
    },
  }
}

/** `ended by SIGKILL`, `ended with code 1`. */
export function explainExit(exit: { code: number | null; signal: NodeJS.Signals | null }): string {
  return exit.signal ? `ended by ${exit.signal}` : `ended with code ${exit.code}`
}

/** A client for one question: it neither waits nor tries again, and rejects when nobody listens. */
export async function askOnce<T>(address: Address, question: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis({
    ...address,
    ...('port' in address && { host: '127.0.0.1' }),
    lazyConnect: true,
    enableReadyCheck: false,
    retryStrategy: null,
    commandTimeout: 5_000,
  })
  // The rejected command tells the same.
  client.on('error', () => {})
  try {
    await client.connect()
    return await question(client)
  } finally {
    client.disconnect()
  }
}

function settings(dir: string, listen: Address): string[] {
  const where =
    'path' in listen
      ? ['--port', '0', '--unixsocket', listen.path, '--unixsocketperm', '700']
      : ['--port', String(listen.port), '--bind', '127.0.0.1']
  return [
    ...where,
    ...['--dir', dir],
    // Nothing that was acknowledged is lost when the process is killed; `everysec` was measured to lose writes.
    ...['--appendonly', 'yes', '--appendfsync', 'always', '--no-appendfsync-on-rewrite', 'no'],
    // A write cut by a crash was not acknowledged: it is dropped from the end of the file.
    ...['--aof-load-truncated', 'yes', '--aof-use-rdb-preamble', 'yes'],
    // To pack records takes a quarter of a rewrite's time, and saves an eighth of its size.
    ...['--rdbcompression', 'no'],
    // A rewrite costs a second of a core, a start reads so much in four: with less, a busy service does little else.
    ...['--auto-aof-rewrite-percentage', '100', '--auto-aof-rewrite-min-size', '512mb'],
    // The append-only file is the only one: snapshots would write everything a second time.
    ...['--save', ''],
    ...['--maxmemory-policy', 'noeviction'],
    // BullMQ's jobs and our records are small hashes with some values of a few hundred bytes: as one piece each they
    // take a quarter less memory, and less time. (The name that Redis had for it until 7, which still takes it.)
    ...['--hash-max-ziplist-value', '512'],
    // Each job's events are a stream of about a kilobyte, for which Redis sets four aside otherwise.
    ...['--stream-node-max-bytes', '1024'],
    ...['--daemonize', 'no', '--loglevel', 'notice', '--logfile', ''],
  ]
}

function launch({ binary, dir, listen, log }: ServerOptions) {
  const child = spawn('/bin/sh', ['-c', GUARD, 'sluice-redis', ...binary.command, ...settings(dir, listen)], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const output: string[] = []
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      for (const line of chunk.split('\n').filter(Boolean)) {
        log.debug(line)
        output.push(line.replace(/^\d+:\S+ .*?[.*#-] /, ''))
      }
      output.splice(0, output.length - 20)
    })
  }
  const guard = child.stdio[3] as Writable
  // The guard may be gone before the line reaches it.
  guard.on('error', () => {})
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      guard.end('\n')
      const settle = () => resolve({ code, signal, output })
      // Its last words may still be on their way; a child that was rewriting the file keeps the pipe open for longer.
      child.once('close', settle)
      setTimeout(settle, 200).unref()
    })
  })
  return { pid: child.pid!, exited, kill: (signal: NodeJS.Signals) => void child.kill(signal) }
}

/**
 * Resolves once the server has loaded its data; a large append-only file may take minutes, and the log says so. Asked
 * for its process id, because whoever had the address before may still answer there.
 */
async function answers(pid: number, address: Address, log: Log, gone: AbortSignal): Promise<void> {
  let nextNotice = Date.now() + 5_000
  while (!gone.aborted) {
    const reply = await askOnce(address, async client => {
      await client.ping()
      return client.info('server')
    }).catch((error: Error) => error.message)
    if (reply.includes(`process_id:${pid}\r`)) return
    if (Date.now() > nextNotice) {
      log.info('Redis is still loading its data')
      nextNotice += 5_000
    }
    await delay(20)
  }
}
