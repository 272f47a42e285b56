/** The static shell, without a browser. */
import { existsSync, readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { createUi } from '../../src/ui/ui.ts'

const { app: ui } = createUi()
const BUILT = new URL('../../dist/ui/', import.meta.url)
const assets = existsSync(BUILT) ? readdirSync(new URL('assets/', BUILT)) : []
const partsOf = async (path: string) =>
  [...(await (await ui.request(path)).text()).matchAll(/(?:href|src)="(\/ui\/[^"]+)"/g)].map(
    ([, part]) => part!,
  )

test('each page of the UI has the same shell, so that its address can be opened, reloaded and sent', async () => {
  const first = await (await ui.request('/')).text()
  expect(first).toContain('<title>Sluice</title>')
  const addresses = [
    '/upload',
    '/jobs/0198f6c2',
    '/jobs/0198f6c2/report',
    '/jobs/0198f6c2/view/redacted%2Fapp.log',
  ]
  for (const path of [
    ...addresses,
    '/callbacks',
    '/callbacks/endpoints/x',
    '/operations',
    '/keys',
    '/audit',
  ]) {
    expect([path, await (await ui.request(path)).text()]).toEqual([path, first])
  }
})

test('every part that a page names is served, under a type that the browser takes', async () => {
  for (const path of ['/', '/login']) {
    const parts = await partsOf(path)
    expect(parts.length).toBeGreaterThan(2)
    for (const part of parts) {
      const response = await ui.request(part)
      expect([part, response.status]).toEqual([part, 200])
      expect(response.headers.get('content-type')).toMatch(/^(text\/(css|javascript)|image\/svg\+xml)/)
      expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    }
  }
})

test('no script, style or frame of elsewhere, none inside a page, and no string that becomes markup', async () => {
  for (const path of ['/', '/login', ...(await partsOf('/'))]) {
    const policy = (await ui.request(path)).headers.get('content-security-policy')
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'")
    expect(policy).toContain("frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'")
    expect(policy).not.toContain('unsafe')
  }
})

test('what carries a hash in its name is kept for ever; all else is asked for again, but not sent again', async () => {
  for (const name of assets) {
    const { headers } = await ui.request(`/ui/assets/${name}`)
    expect([name, headers.get('cache-control')]).toEqual([name, 'public, max-age=31536000, immutable'])
  }
  const first = await ui.request('/')
  expect(first.headers.get('cache-control')).toBe('no-cache')
  const again = await ui.request('/', { headers: { 'if-none-match': first.headers.get('etag')! } })
  expect([again.status, await again.text()]).toEqual([304, ''])
})

test('the scripts of the first page come to less than 300 KB, compressed, and compressed they are sent', async () => {
  const scripts = (await partsOf('/')).filter(part => part.endsWith('.js'))
  const bodies = await Promise.all(
    scripts.map(async script => {
      const response = await ui.request(script, { headers: { 'accept-encoding': 'br, gzip' } })
      const body = Buffer.from(await response.arrayBuffer())
      const plain = Buffer.from(await (await ui.request(script)).arrayBuffer())
      if (response.headers.get('content-encoding') === 'gzip')
        expect(gunzipSync(body).equals(plain)).toBe(true)
      else expect(gzipSync(plain).length).toBeGreaterThan(plain.length * 0.9)
      return body
    }),
  )
  const total = bodies.reduce((sum, body) => sum + body.length, 0)
  expect(total).toBeGreaterThan(50_000)
  expect(total).toBeLessThan(300 * 1024)
})

test('where the UI was not built, its pages say what to do, and the API is not concerned', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'sluice-ui-'))
  try {
    for (const folder of [empty, join(empty, 'missing')]) {
      const response = await createUi(folder).app.request('/')
      expect(response.status).toBe(503)
      expect(await response.text()).toContain('npm run build:ui')
    }
  } finally {
    await rm(empty, { recursive: true })
  }
})

test('nothing outside its folder is served', async () => {
  for (const path of [
    '/ui/../ui.ts',
    '/ui/..%2fui.ts',
    '/ui/%2e%2e%2fui.ts',
    '/ui/assets/../../../package.json',
    '/ui/assets/..%2f..%2f..%2fpackage.json',
    '/ui//etc/passwd',
    '/ui/',
    '/ui/assets/',
    '/ui/constructor',
    '/ui/missing.js',
  ]) {
    expect([path, (await ui.request(path)).status]).toEqual([path, 404])
  }
})
