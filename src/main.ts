/** `npm start`: all of Sluice on one machine. What it does is in `supervisor/`. */
import { runCommandLine } from './supervisor/command-line.ts'

const exitCode = await runCommandLine(process.argv.slice(2), {
  api: new URL('./api/main.ts', import.meta.url),
  worker: new URL('./workers/main.ts', import.meta.url),
})
process.exit(exitCode)
