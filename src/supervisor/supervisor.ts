/**
 * Runs Redis, the API and the workers, starts again what dies, and stops them in the order in which they need each
 * other: workers hand their jobs over and the API lets its requests end, while Redis is still there.
 */
import type { Config } from '../config.ts'
import type { Log } from '../log.ts'
import { type EmbeddedRedis, startEmbeddedRedis } from '../redis/embedded.ts'
import { type Child, startChild } from './child.ts'
import type { Interrupts } from './interrupts.ts'
import { expectListenable } from './listen-check.ts'

export interface Programs {
  readonly api: URL
  readonly worker: URL
}

export interface SupervisorOptions {
  readonly config: Config
  readonly programs: Programs
  /** What the children are started with, besides what they are told of Redis. */
  readonly environment: NodeJS.ProcessEnv
  readonly log: Log
  readonly interrupts: Interrupts
  /** Called once, when the API listens. */
  readonly announce: (url: string) => void
}

/** Milliseconds. Below the 30 s that process managers usually leave; deliveries under way get 15 s of it. */
const STOPS_WITHIN = 25_000
/** For Redis, when somebody is in a hurry. Nothing is lost: every write was synced before it was acknowledged. */
const FORCED_STOP = 1_000

/**
 * Returns the exit code once everything has ended.
 *
 * @throws where the start fails; what had been started is stopped by then.
 */
export async function supervise(options: SupervisorOptions): Promise<number> {
  const { config, interrupts, log } = options
  await expectListenable(config.host, config.port)
  const starting = config.redisUrl === null ? startEmbeddedRedis({ dataDir: config.dataDir, log }) : null
  const interrupted = interrupts.first.then(() => 'interrupted' as const)
  const redis = await Promise.race([starting, interrupted])
  // Somebody did not want to wait for it to load: its guard ends it when we are gone.
  if (redis === 'interrupted') return 0

  const children: Child[] = []
  try {
    await Promise.race([runChildren(options, redis, children), interrupted])
  } catch (error) {
    await stop(children, redis)
    throw error
  }
  log.info('stopping (once more to force it)')
  let hurried = false
  const forced = interrupts.second.then(async () => {
    hurried = true
    await Promise.all(children.map(child => child.kill()))
    await redis?.stop(FORCED_STOP)
    return 130
  })
  // Killed children end the stop in order as well: whichever comes first, a forced end is told as one.
  const inOrder = stop(children, redis).then(clean => (hurried ? forced : clean ? 0 : 1))
  return Promise.race([inOrder, forced])
}

/** Rejects when a child cannot be started; does not end otherwise. */
async function runChildren(
  options: SupervisorOptions,
  redis: EmbeddedRedis | null,
  children: Child[],
): Promise<never> {
  const { config, programs, log, announce } = options
  const environment = { ...options.environment, ...(redis && { REDIS_URL: redis.url }) }
  const start = (name: string, program: URL, extra: NodeJS.ProcessEnv = {}) => {
    const child = startChild({ name, program, log, environment: { ...environment, ...extra } })
    children.push(child)
    return child
  }
  const url = await start('api', programs.api).ready
  announce(url ?? `http://${config.host}:${config.port}`)
  for (let index = 1; index <= config.workers; index++) {
    start(`worker ${index}`, programs.worker, { SLUICE_WORKER_INDEX: String(index) })
  }
  await Promise.all(children.map(child => child.ready))
  return new Promise(() => {})
}

/** False: one of them had to be killed. */
async function stop(children: readonly Child[], redis: EmbeddedRedis | null): Promise<boolean> {
  const clean = await Promise.all(children.map(child => child.stop(STOPS_WITHIN)))
  await redis?.stop()
  return clean.every(Boolean)
}
