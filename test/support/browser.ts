/**
 * A real browser for the tests of the UI: the system's Chromium, driven by playwright-core, which brings none itself.
 *
 * Where it is missing, it is installed if we may (Debian, as root: a container or a CI machine). Elsewhere the tests
 * that need it are left out, and say so; under `CI` that is an error, for a check that nobody runs is none.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const DEBIAN = '/usr/bin/chromium'
const PLACES = [
  DEBIAN,
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]
/** In ms: some 100 MB over a slow line. */
const INSTALL_TIMEOUT = 600_000

/**
 * @returns the path of a Chromium; null where there is none and it cannot be installed, which has been said loudly.
 * @throws under `CI`, instead of null.
 */
export function findChromium(): string | null {
  const path = installed() ?? (mayInstall() ? install() : null)
  if (path) return path
  const sentence =
    'No Chromium was found: the tests of the web UI in a real browser need one (Debian: apt-get install chromium).'
  if (process.env.CI && process.env.CI !== 'false') throw new Error(sentence)
  console.warn(`\n${'!'.repeat(100)}\n  LEFT OUT: ${sentence}\n${'!'.repeat(100)}\n`)
  return null
}

export function launchBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    // Without a UTF-8 locale it gives no download a name that is not ASCII.
    env: { ...process.env, LANG: 'C.UTF-8' },
    args: [
      '--headless',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Chromium refuses to run as root inside its sandbox.
      ...(isRoot() ? ['--no-sandbox'] : []),
    ],
  })
}

function installed(): string | null {
  return PLACES.find(path => existsSync(path)) ?? null
}

/** Not on Ubuntu: its package of that name only installs a snap, which does not run in a container. */
function mayInstall(): boolean {
  return (
    isRoot() && existsSync('/etc/os-release') && /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'))
  )
}

/** Test files run side by side, and apt-get waits for nobody: whoever comes second waits here, and finds it done. */
function install(): string | null {
  console.log(
    'No Chromium was found. Installing Debian’s, for the tests of the web UI; this takes a minute or two…',
  )
  const apt = 'apt-get -q update && apt-get -q install -y --no-install-recommends chromium'
  const script = `test -e ${DEBIAN} || { ${apt}; }`
  const { status, error } = spawnSync('flock', ['/var/cache/apt', 'sh', '-c', script], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: 'inherit',
    timeout: INSTALL_TIMEOUT,
  })
  if (status !== 0) console.warn(`Chromium could not be installed${error ? `: ${error.message}` : '.'}`)
  return installed()
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}
