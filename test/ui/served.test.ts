/** What the UI's files are sent as: compressed or as they are, or not at all where the browser has them. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createUi } from '../../src/ui/ui.ts'

const SCRIPT = '/ui/assets/page.js'

let folder: string
let ui: ReturnType<typeof createUi>['app']
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-ui-'))
  await mkdir(join(folder, 'assets'))
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>Sluice</title>')
  await writeFile(join(folder, 'assets/page.js'), 'let page = 1\n'.repeat(1_000))
  ui = createUi(folder).app
})
afterAll(() => rm(folder, { recursive: true }))

describe('a script is sent', () => {
  test.each([['gzip'], ['br, GZIP'], ['deflate, gzip;q=0.5, *;q=0'], ['gzip;q=1.0, identity;q=0.5']])(
    'compressed to whoever says %s',
    async accepted => {
      const { headers } = await ui.request(SCRIPT, { headers: { 'accept-encoding': accepted } })
      expect(headers.get('content-encoding')).toBe('gzip')
      expect(headers.get('vary')).toBe('accept-encoding')
    },
  )

  test.each([
    ['gzip;q=0'],
    ['gzip; q=0.000'],
    ['br, gzip;q=0, *'],
    ['identity, gzip;q=0.5'],
    ['x-gzip-not'],
    [''],
  ])('as it is to whoever says "%s"', async accepted => {
    const { headers } = await ui.request(SCRIPT, { headers: { 'accept-encoding': accepted } })
    expect(headers.get('content-encoding')).toBe(null)
    expect(headers.get('vary')).toBe('accept-encoding')
  })
})

describe('what the browser has is not sent again', () => {
  const tag = async () => (await ui.request('/')).headers.get('etag')!
  const opaque = (text: string) => text.replace(/^W\//, '')

  test.each([
    ['it is named', (text: string) => text],
    ['it is named strongly', opaque],
    ['it is named weakly', (text: string) => `W/${opaque(text)}`],
    ['it is one of several', (text: string) => `"another", W/"third",${text} , "last"`],
    ['anything will do', () => '*'],
  ])('where %s', async (_, named) => {
    const headers = { 'if-none-match': named(await tag()), 'accept-encoding': 'gzip' }
    const response = await ui.request('/', { headers })
    expect([response.status, await response.text()]).toEqual([304, ''])
    expect(response.headers.get('etag')).toBe(await tag())
    expect(response.headers.get('content-encoding')).toBe(null)
  })

  test('but its policy is told again, which the browser keeps in the place of what it had', async () => {
    const first = await ui.request('/')
    const again = await ui.request('/', { headers: { 'if-none-match': await tag() } })
    expect(again.status).toBe(304)
    for (const name of [
      'content-security-policy',
      'referrer-policy',
      'x-content-type-options',
      'cross-origin-opener-policy',
      'cache-control',
      'vary',
    ]) {
      expect([name, again.headers.get(name)]).toEqual([name, first.headers.get(name)])
    }
  })

  test.each(['"another"', 'W/"another", "third"', ''])('and is where %s is named', async named => {
    const response = await ui.request('/', { headers: { 'if-none-match': named } })
    expect(response.status).toBe(200)
  })
})
