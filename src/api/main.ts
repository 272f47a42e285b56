/**
 * The API process: `npm run api`, and the supervisor's child. Says `ready` to its parent when it listens, and `failed`
 * with one sentence when it cannot start.
 */
import { readFileSync } from 'node:fs'
import { type Config, ConfigError, loadConfig } from '../config.ts'
import { createLog, type Log } from '../log.ts'
import { pipelines } from '../pipelines/registry.ts'
import { takeNoWords } from '../role-words.ts'
import { type RunningApi, startApi } from './compose.ts'

takeNoWords(
  'npm run api   runs an API process alone, with the Redis at REDIS_URL. Settings are environment variables: see npm start -- --help.',
)
const supervised = process.send !== undefined
let running: RunningApi | undefined
let stopping = false

// First of all: until then a signal simply kills.
process.on('SIGTERM', () => void stop())
process.on('disconnect', () => void stop())
for (const signal of ['SIGINT', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // Ctrl-C, and the end of the terminal, reach the whole process group; when to end is the supervisor's to say.
    if (supervised) return
    if (stopping) process.exit(130)
    void stop()
  })
}

async function start(): Promise<void> {
  const config = loadConfig()
  const log = createLog({ level: config.logLevel, format: config.logFormat, role: 'api' })
  if (config.redisUrl === null) {
    throw new ConfigError('REDIS_URL is not set: npm start brings a Redis along, npm run api needs one.')
  }
  try {
    running = await startApi({ config, redisUrl: config.redisUrl, log, version: version(), pipelines })
  } catch (error) {
    throw explained(error, config)
  }
  if (stopping) return end(running, log)
  if (supervised) process.send!({ type: 'ready', url: running.url })
  else log.info(`listening on ${running.url}`)
}

async function stop(): Promise<void> {
  if (stopping) return
  stopping = true
  // One that is still starting ends itself when it has started.
  if (running) await end(running, running.services.log)
}

async function end(api: RunningApi, log: Log): Promise<void> {
  log.info('stopping')
  await api.stop()
  log.info('stopped')
  process.exit(0)
}

/** One sentence for what a person can mend; anything else keeps its stack. */
function explained(error: unknown, { host, port }: Config): unknown {
  if (!(error instanceof Error)) return error
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return new ConfigError(`Port ${port} on ${host} is in use by another program; set PORT to another one.`)
    case 'EACCES':
      return new ConfigError(
        `Port ${port} on ${host} may not be opened by this user; set PORT to another one.`,
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new ConfigError(`HOST is "${host}", which is no address of this machine.`)
  }
  return error.message.startsWith('Redis at ') ? new ConfigError(`${error.message}.`) : error
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

try {
  await start()
} catch (error) {
  const message = error instanceof ConfigError ? error.message : String((error as Error)?.stack ?? error)
  // The parent says what it is told.
  if (supervised)
    await new Promise(resolve => process.send!({ type: 'failed', message }, undefined, {}, resolve))
  else process.stderr.write(`${message}\n`)
  process.exit(1)
}
