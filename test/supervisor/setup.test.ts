/** `scripts/setup.mjs` in a project of its own, with an npm that only notes what it was asked. */
import { execFile } from 'node:child_process'
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

const SETUP = fileURLToPath(new URL('../../scripts/setup.mjs', import.meta.url))
const LOCKFILE = {
  packages: {
    '': { name: 'sluice' },
    'node_modules/a': { version: '1.0.0' },
    'node_modules/tool': { version: '2.0.0', dev: true },
    'node_modules/elsewhere': { version: '3.0.0', optional: true },
  },
}
const installed = (...names: string[]) => ({
  packages: Object.fromEntries(
    Object.entries(LOCKFILE.packages).filter(([path]) => names.some(name => path.endsWith(`/${name}`))),
  ),
})

let project: string
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'sluice-setup-'))
  await write('package-lock.json', LOCKFILE)
  await mkdir(join(project, 'scripts'))
  await copyFile(SETUP, join(project, 'scripts/setup.mjs'))
  await npmThat('')
})
afterEach(() => rm(project, { recursive: true, force: true }))

async function write(path: string, content: string | object): Promise<void> {
  await mkdir(dirname(join(project, path)), { recursive: true })
  await writeFile(join(project, path), typeof content === 'string' ? content : JSON.stringify(content))
}

/** Notes each call in `calls`, then does what is given. */
const npmThat = (does: string) =>
  write(
    'npm-cli.js',
    `const fs = require('node:fs'); fs.appendFileSync('calls', process.argv.slice(2).join(' ') + '\\n'); ${does}`,
  )

const calls = () => readFile(join(project, 'calls'), 'utf8').catch(() => '')

/** @param node the version that the running Node pretends to be. */
function setUp(script: string, node = process.versions.node) {
  const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${node}' } })`
  const args = ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, 'scripts/setup.mjs']
  const env = {
    PATH: process.env.PATH,
    npm_lifecycle_event: script,
    npm_execpath: join(project, 'npm-cli.js'),
  }
  return new Promise<{ code: number; output: string; errors: string }>(resolve => {
    execFile(process.execPath, args, { cwd: project, env }, (error, output, errors) => {
      resolve({ code: error ? Number(error.code) : 0, output, errors })
    })
  })
}

test('with everything in place nothing is done, and nothing said', async () => {
  await write('node_modules/.package-lock.json', installed('a', 'tool'))
  expect(await setUp('pretest')).toEqual({ code: 0, output: '', errors: '' })
  expect(await calls()).toBe('')
})

test('in a production image the development dependencies are not missed', async () => {
  await write('node_modules/.package-lock.json', installed('a'))
  for (const script of ['prestart', 'preapi', 'preworker']) await setUp(script)
  expect(await calls()).toBe('')
  await setUp('pretest')
  expect(await calls()).toMatch(/^install /)
})

test.each([
  ['nothing is installed', null],
  ['a version differs from the lockfile', { packages: { 'node_modules/a': { version: '0.9.0' } } }],
  ['the list of what is installed is cut short', '{"packages": {'],
])('where %s, npm installs as locked and leaves the lockfile alone', async (_, list) => {
  if (list) await write('node_modules/.package-lock.json', list)
  const { code, output } = await setUp('prestart')
  expect(code).toBe(0)
  expect(await calls()).toMatch(/^install .*--include=dev --no-save/)
  expect(output).toMatch(/^Sluice: installing the dependencies.*\nSluice: installed in \d+ s\n$/)
})

test("a failed installation shows npm's own words and one sentence", async () => {
  await npmThat("console.error('npm error: no network'); process.exit(7)")
  const { code, errors } = await setUp('prestart')
  expect(code).toBe(1)
  expect(errors).toMatch(/^npm error: no network\n.*"npm install" ended with 7.*\n$/)
})

test('an old Node gets Node 24 with the dependencies', async () => {
  await npmThat(`fs.mkdirSync('node_modules/.bin', { recursive: true })
    fs.symlinkSync(process.execPath, 'node_modules/.bin/node')`)
  expect(await setUp('prestart', '20.11.0')).toMatchObject({ code: 0, errors: '' })
})

test('a Node 24 that does not run here is one sentence, and is not left in the way', async () => {
  await write('node_modules/.package-lock.json', installed('a', 'tool'))
  await write('node_modules/.bin/node', 'built for another machine')
  await chmod(join(project, 'node_modules/.bin/node'), 0o755)
  const { code, errors } = await setUp('prestart', '22.1.0')
  expect(code).toBe(1)
  expect(errors).toMatch(/^Sluice needs Node 24\.14\.1, and .* does not run here: install it from .*\.\n$/)
  expect(await calls()).toMatch(/^rebuild node/)
  await expect(readFile(join(project, 'node_modules/.bin/node'))).rejects.toThrow('ENOENT')
})

test('a Node below 20 is one sentence', async () => {
  const { code, errors } = await setUp('prestart', '18.20.0')
  expect(code).toBe(1)
  expect(errors).toBe('Sluice needs Node 20 or later to set itself up, and this is 18.20.0.\n')
  expect(await calls()).toBe('')
})
