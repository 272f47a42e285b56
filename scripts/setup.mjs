/**
 * Runs before every npm script that needs the dependencies, on whatever Node (≥ 20) there is: installs them when they
 * are missing or older than the lockfile. With them comes Node 24, as `node_modules/.bin/node`; npm puts that folder
 * first on the PATH of its scripts, so the script that follows runs on it.
 *
 * Where the web UI was never built, or from other sources than there are now, it is built then.
 *
 * Plain JavaScript without dependencies, because it runs before there are any. Where nothing is to be done (the usual
 * case, and production images, which have Node 24, no development dependencies and a UI that was built with them) it
 * only compares files.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const BUNDLED_NODE = join(ROOT, 'node_modules/.bin/node')
/** Scripts that run the service itself; all others may use development dependencies. */
const SERVICE_SCRIPTS = ['prestart', 'preapi', 'preworker']
/** Scripts that serve the web UI, or test it. */
const UI_SCRIPTS = ['prestart', 'preapi', 'pretest', 'prescreenshots']
const UI_STAMP = join(ROOT, 'dist/ui/.built-from')
/** Type stripping without a warning, and fixes in `node:http` that uploads rest on. */
const WANTED_NODE = [24, 14, 1]
/** The npm that runs this script, or the one on the PATH. */
const NPM = process.env.npm_execpath?.endsWith('npm-cli.js')
  ? [process.execPath, process.env.npm_execpath]
  : ['npm']

const nodeIsCurrent = atLeast(process.versions.node, WANTED_NODE)
if (!atLeast(process.versions.node, [20, 0, 0])) {
  fail(`Sluice needs Node 20 or later to set itself up, and this is ${process.versions.node}.`)
}
if (!dependenciesAreCurrent()) await install()
if (!nodeIsCurrent) checkBundledNode()
if (uiIsNeeded() && !uiIsCurrent()) buildUi()

function uiIsNeeded() {
  return (
    UI_SCRIPTS.includes(process.env.npm_lifecycle_event ?? '') && existsSync(join(ROOT, 'node_modules/vite'))
  )
}

function uiIsCurrent() {
  return existsSync(UI_STAMP) && readFileSync(UI_STAMP, 'utf8') === uiSources()
}

/** A hash of all that the build depends on. */
function uiSources() {
  const folder = join(ROOT, 'src/ui')
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .sort()
  const hash = createHash('sha256')
  for (const file of [...files, join(ROOT, 'package-lock.json')]) hash.update(file).update(readFileSync(file))
  return hash.digest('hex')
}

function buildUi() {
  say('building the web UI …')
  const sources = uiSources()
  const vite = join(ROOT, 'node_modules/vite/bin/vite.js')
  const node = nodeIsCurrent ? process.execPath : BUNDLED_NODE
  const args = [vite, 'build', '--config', 'src/ui/vite.config.ts', '--logLevel', 'warn']
  const { status, stdout, stderr } = spawnSync(node, args, { cwd: ROOT, encoding: 'utf8' })
  if (status !== 0) {
    process.stderr.write(stdout + stderr)
    fail('The web UI could not be built: the words of its build are above.')
  }
  writeFileSync(UI_STAMP, sources)
}

/** Compares what npm installed (it keeps its own list) with the lockfile. Optional packages may be absent. */
function dependenciesAreCurrent() {
  const withoutDev = nodeIsCurrent && SERVICE_SCRIPTS.includes(process.env.npm_lifecycle_event ?? '')
  const wanted = readJson('package-lock.json')?.packages
  const installed = readJson('node_modules/.package-lock.json')?.packages
  if (!wanted || !installed) return false
  return Object.entries(wanted).every(
    ([path, { version, dev, optional, devOptional }]) =>
      path === '' || optional || devOptional || (dev && withoutDev) || installed[path]?.version === version,
  )
}

async function install() {
  say('installing the dependencies, Node 24 among them (about 400 MB; half a minute on a good line) …')
  const started = Date.now()
  const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`
  // Not `npm ci`: it refuses a lockfile that lacks the optional packages of another platform.
  const options = ['--include=dev', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']
  const [npm, ...args] = NPM
  const child = spawn(npm, [...args, 'install', ...options], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      output += text
    })
  }
  const notice = setInterval(() => say(`still installing (${seconds()}) …`), 15_000)
  const outcome = await new Promise(resolve => {
    child.on('error', error => resolve(error.message))
    child.on('close', (code, signal) => resolve(signal ?? code))
  })
  clearInterval(notice)
  if (outcome !== 0) {
    process.stderr.write(output)
    fail(
      `The dependencies could not be installed: "npm install" ended with ${outcome}; its own words are above.`,
    )
  }
  say(`installed in ${seconds()}`)
}

/** Its installation links a binary for this platform; where there is none, or scripts are off, nothing would run. */
function checkBundledNode() {
  if (works()) return
  const [npm, ...args] = NPM
  spawnSync(npm, [...args, 'rebuild', 'node', '--ignore-scripts=false'], { cwd: ROOT, stdio: 'ignore' })
  if (works()) return
  // A broken one would stand in the way of a good one that is installed later.
  rmSync(BUNDLED_NODE, { force: true })
  fail(
    `Sluice needs Node ${WANTED_NODE.join('.')}, and the one that npm installs does not run here: install it from https://nodejs.org.`,
  )
}

function works() {
  const { status, stdout } = spawnSync(BUNDLED_NODE, ['--version'], { encoding: 'utf8' })
  return status === 0 && atLeast(stdout.slice(1), WANTED_NODE)
}

function atLeast(version, wanted) {
  const ours = version.split('.').map(Number)
  const at = wanted.findIndex((part, index) => part !== ours[index])
  return at < 0 || ours[at] > wanted[at]
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(join(ROOT, path), 'utf8'))
  } catch {
    // Missing or cut short: either way it has to be made again.
    return null
  }
}

function say(text) {
  console.log(`Sluice: ${text}`)
}

function fail(sentence) {
  console.error(sentence)
  process.exit(1)
}
