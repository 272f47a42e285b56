/** One worker process: `npm run worker`, and what the supervisor starts. */
import { ConfigError, loadConfig } from '../config.ts'
import { pipelines } from '../pipelines/registry.ts'
import { takeNoWords } from '../role-words.ts'
import { runWorker } from './worker.ts'

takeNoWords(
  'npm run worker   runs a worker process alone, with the Redis at REDIS_URL. Settings are environment variables: see npm start -- --help.',
)
// Before anything else: a signal in a process's first moments would otherwise kill it.
const stopping = Promise.withResolvers<void>()
let interrupts = 0
process.on('SIGTERM', () => stopping.resolve())
process.on('disconnect', () => stopping.resolve())
for (const signal of ['SIGINT', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // A Ctrl-C, and the end of the terminal, reach the whole process group; under the supervisor it is its business.
    if (process.send) return
    if (++interrupts > 1) process.exit(130)
    stopping.resolve()
  })
}

try {
  await runWorker(loadConfig(), pipelines, () => process.send?.({ type: 'ready' }), stopping.promise)
  // What a library still holds open must not keep a stopped worker alive.
  process.exit(0)
} catch (error) {
  const message = error instanceof ConfigError ? error.message : String((error as Error).stack ?? error)
  // Under the supervisor it is the one who says it.
  if (process.send)
    await new Promise(resolve => process.send!({ type: 'failed', message }, undefined, {}, resolve))
  else process.stderr.write(`${message}\n`)
  process.exit(1)
}
