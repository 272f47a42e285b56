/**
 * Counts what `.ci/run` ran: `node count.mjs <vitest's JSON report> <exit code of the check> <of the tests>`. Prints
 * the counts as its last line; exits with 1 unless everything passed. Runs on any Node, before or without dependencies.
 */
import { readFileSync } from 'node:fs'

const [path, check, tests] = process.argv.slice(2)
const failures = []
const files = readReport()
const results = files.flatMap(file => file.assertionResults)
const passed = results.filter(({ status }) => status === 'passed').length

for (const file of files) {
  const failed = file.assertionResults.filter(({ status }) => status !== 'passed')
  for (const { fullName, status } of failed)
    failures.push(status === 'failed' ? fullName : `${fullName} (not run: ${status})`)
  if (file.status === 'failed' && failed.length === 0) failures.push(`${file.name} (did not load)`)
}
if (results.length === 0) failures.push('no test was run')
// An error outside any test, or a run that was cut short.
if (tests !== '0' && failures.length === 0)
  failures.push(`npm test ended with ${tests}, and no test says why`)
if (check !== '0') failures.push('npm run check')

for (const failure of failures) console.log(`failed: ${failure}`)
console.log(`${passed} passed, ${failures.length} failed`)
process.exitCode = failures.length === 0 ? 0 : 1

/** Every test file's outcome; none where there is no whole report. */
function readReport() {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).testResults
  } catch (error) {
    failures.push(`the report of npm test cannot be read (${error.message})`)
    return []
  }
}
