/** `src/main.ts` with other programs under it, chosen by the test. */
import { runCommandLine } from '../../../src/supervisor/command-line.ts'

const program = (name = 'serving') => new URL(`./${name}.ts`, import.meta.url)
const exitCode = await runCommandLine(process.argv.slice(2), {
  api: program(process.env.TEST_API),
  worker: program(process.env.TEST_WORKER),
})
process.exit(exitCode)
