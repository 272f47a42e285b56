/**
 * Connections to Redis, and how they behave when it is away.
 *
 * Two kinds, because two kinds of callers wait differently. A worker has time: its commands wait until Redis is back
 * (`patient`). An HTTP client has not: within 5 s it must hear that the queue is unavailable (`failFast`), but it
 * should not hear it because Redis was started again and was away for half a second.
 */
import { type Command, Redis, type RedisOptions } from 'ioredis'
import type { Log } from '../log.ts'
import { Deadlines } from './deadlines.ts'
import { gatherWrites } from './gather-writes.ts'

export interface ConnectionOptions {
  /** Names the connection in Redis's `CLIENT LIST` and in the log; no blanks. */
  readonly name: string
  readonly log: Log
  /**
   * `patient` (default): commands wait for as long as Redis is away, and are sent again after a lost reply; what BullMQ's
   * workers and blocking reads need.
   * `failFast`: every command answers within `PATIENCE`; in an outage longer than that, at once. What was refused is
   * never sent later, apart from what was on its way when the connection broke or Redis froze: its outcome is unknown.
   */
  readonly mode?: 'patient' | 'failFast'
}

/** Milliseconds that a `failFast` command waits: below the 5 s of the contract, above a restart of Redis. */
export const PATIENCE = 4_000

/** The longest pause between two attempts to connect; ioredis's default grows far beyond what recovery allows. */
const LONGEST_PAUSE = 1_000

type ClientOptions = RedisOptions & { replyMapping?: 'legacy' }

/** @param url `redis://`, `rediss://` or `unix:///path/of/socket`. Returns at once; see `waitUntilReady`. */
export function connectRedis(url: string, options: ConnectionOptions): Redis {
  const { name, log, mode = 'patient' } = options
  const base: ClientOptions = {
    connectionName: name,
    retryStrategy: times => Math.min(50 * 2 ** (times - 1), LONGEST_PAUSE),
    // While Redis loads its file, ask again soon instead of trusting its estimate.
    maxLoadingRetryTime: 250,
    maxRetriesPerRequest: null,
  }
  // ioredis takes the path of a socket in the place of a URL.
  const address = url.startsWith('unix:') ? decodeURIComponent(new URL(url).pathname) : url
  const client =
    mode === 'failFast'
      ? new FailFastRedis(address, { ...base, connectTimeout: PATIENCE })
      : new Redis(address, base)
  client.on('connect', () => gatherWrites(client.stream))
  tellChanges(client, name, log)
  return client
}

/** @throws Error with one sentence when Redis has not answered after `ms`. The client keeps trying. */
export async function waitUntilReady(client: Redis, ms: number): Promise<void> {
  if (client.status === 'ready') return
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let reason = 'no answer'
  const note = (error: Error) => {
    reason = error.message
  }
  const timer = setTimeout(() => {
    reject(new Error(`Redis at ${describe(client)} cannot be reached (${reason})`))
  }, ms)
  client.on('error', note).once('ready', resolve)
  try {
    await promise
  } finally {
    clearTimeout(timer)
    client.off('error', note).off('ready', resolve)
  }
}

/**
 * ioredis keeps a command in its queue when the command's own time is up, and sends it when Redis is back. Nobody
 * waits for it any more by then, and its caller was told that it failed.
 */
class FailFastRedis extends Redis {
  private awaySince: number | null = Date.now()
  private readonly deadlines = new Deadlines(PATIENCE)

  constructor(address: string, options: ClientOptions) {
    super(address, options)
    this.on('ready', () => {
      this.awaySince = null
    })
    this.on('close', () => {
      this.awaySince ??= Date.now()
    })
  }

  override sendCommand(command: Command, stream?: Parameters<Redis['sendCommand']>[1]): unknown {
    // A part of a pipeline must go the usual way: the pipeline counts its parts before it writes them.
    if (command.isSettled && !stream) return command.promise
    // Once connected, the handshake's own commands come this way, too.
    const unconnected = ['connecting', 'reconnecting', 'close'].includes(this.status)
    if (unconnected && this.awaySince !== null && Date.now() - this.awaySince > PATIENCE) {
      command.reject(new Error('Redis cannot be reached'))
      return command.promise
    }
    this.deadlines.watch(command)
    return super.sendCommand(command, stream)
  }
}

/** The connections that are lost at the moment, by the log that tells of them: a process has several to one Redis. */
const lostConnections = new WeakMap<Log, Set<Redis>>()

/** One line when Redis is lost and one when it is back: not one an attempt, and not one a connection. */
function tellChanges(client: Redis, name: string, log: Log): void {
  const lost = lostConnections.get(log) ?? new Set()
  lostConnections.set(log, lost)
  client.on('error', error => {
    log.debug({ err: error }, `Redis connection ${name}`)
  })
  client.on('reconnecting', () => {
    if (lost.size === 0) log.warn(`Redis connection lost (${describe(client)}), trying again`)
    lost.add(client)
  })
  client.on('ready', () => {
    if (lost.delete(client) && lost.size === 0) log.info('Redis connection is back')
  })
  client.on('end', () => lost.delete(client))
}

/** Never the URL: it may hold a password. */
function describe({ options }: Redis): string {
  return options.path ?? `${options.host}:${options.port}`
}
