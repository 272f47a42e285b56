/** The command line of `npm start`: its few options, its settings, and failures told in one sentence. */
import { parseArgs } from 'node:util'
import packageJson from '../../package.json' with { type: 'json' }
import { type Config, ConfigError, loadConfig } from '../config.ts'
import { createLog } from '../log.ts'
import { RedisMissingError } from '../redis/binary.ts'
import { DataDirectoryInUseError, DataDirectoryUnusableError } from '../redis/embedded.ts'
import { RedisStartError } from '../redis/server.ts'
import { ChildStartError } from './child.ts'
import { watchInterrupts } from './interrupts.ts'
import { ListenError } from './listen-check.ts'
import { type Programs, supervise } from './supervisor.ts'
import { USAGE } from './usage.ts'

/** Failures that a person can mend; anything else also shows where in the code it happened. */
const EXPECTED = [
  ConfigError,
  RedisMissingError,
  RedisStartError,
  DataDirectoryInUseError,
  DataDirectoryUnusableError,
  ListenError,
  ChildStartError,
]

/** @returns the exit code: 0 after a clean stop, 130 when it was forced, 1 after a failure, 2 for a wrong option. */
export async function runCommandLine(args: readonly string[], programs: Programs): Promise<number> {
  const interrupts = watchInterrupts()
  const options = { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } } as const
  let chosen: { help?: boolean | undefined; version?: boolean | undefined }
  try {
    chosen = parseArgs({ args: [...args], options }).values
  } catch (error) {
    process.stderr.write(`${(error as Error).message.split('.')[0]}: see --help.\n`)
    return 2
  }
  if (chosen.help) process.stdout.write(USAGE)
  else if (chosen.version) process.stdout.write(`${packageJson.version}\n`)
  else return start(programs, interrupts)
  return 0
}

async function start(programs: Programs, interrupts: ReturnType<typeof watchInterrupts>): Promise<number> {
  try {
    const config = loadConfig()
    const log = createLog({ level: config.logLevel, format: config.logFormat, role: 'sluice' })
    // Handed on unread: the children load their settings from it, as they do when they run by themselves.
    const environment = process.env
    const announce = (url: string) => process.stdout.write(announcement(url, config))
    return await supervise({ config, programs, environment, log, interrupts, announce })
  } catch (error) {
    const expected = EXPECTED.some(kind => error instanceof kind)
    process.stderr.write(`${expected ? (error as Error).message : (error as Error).stack}\n`)
    return 1
  }
}

function announcement(url: string, config: Config): string {
  const at = (path: string) => new URL(path, url).href
  const { storage } = config
  const lines = [
    `Sluice ${packageJson.version} is running. Ctrl-C stops it.`,
    `  Web UI      ${at('/')}`,
    `  API docs    ${at('/api/docs')}`,
    `  Bull Board  ${at('/admin/queues')}`,
    `  Data        ${config.dataDir} (${config.redisUrl === null ? 'with an embedded Redis' : 'Redis at REDIS_URL'})`,
    ...(storage.kind === 's3' ? [`  Storage     s3://${storage.bucket}/${storage.prefix}`] : []),
    `  Workers     ${config.workers}`,
  ]
  if (config.apiKeys.length === 0) {
    lines.push(
      '  No SLUICE_API_KEYS are set, so it listens on loopback only: nobody but this machine can reach it.',
    )
  }
  return `${lines.join('\n')}\n`
}
