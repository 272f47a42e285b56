/** The static shell, without a browser. */
import { readdir } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { createUi } from '../../src/ui/ui.ts'

const ui = createUi()

test('a job’s address is answered with the same shell as the first page', async () => {
  const [first, job] = await Promise.all(
    ['/', '/jobs/0198f6c2'].map(async path => (await ui.request(path)).text()),
  )
  expect(first).toContain('<title>Sluice</title>')
  expect(job).toBe(first)
})

test('every part that a page names is served, under a type that the browser takes', async () => {
  for (const path of ['/', '/login']) {
    const html = await (await ui.request(path)).text()
    for (const [, part] of html.matchAll(/(?:href|src)="(\/ui\/[^"]+)"/g)) {
      const response = await ui.request(part!)
      expect([part, response.status]).toEqual([part, 200])
      expect(response.headers.get('content-type')).toMatch(/^(text\/(css|javascript)|image\/svg\+xml)/)
      expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    }
  }
})

test('no script, style or frame of elsewhere, none inside a page, and no string that becomes markup', async () => {
  for (const path of ['/', '/login', '/ui/app.js']) {
    const policy = (await ui.request(path)).headers.get('content-security-policy')
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'")
    expect(policy).toContain("frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'")
    expect(policy).not.toContain('unsafe')
  }
})

test('an unchanged part is asked for again, but not sent again', async () => {
  const first = await ui.request('/ui/app.js')
  expect(first.headers.get('cache-control')).toBe('no-cache')
  const again = await ui.request('/ui/app.js', { headers: { 'if-none-match': first.headers.get('etag')! } })
  expect([again.status, await again.text()]).toEqual([304, ''])
})

test('nothing outside its folder is served', async () => {
  expect(await readdir(new URL('../../src/ui', import.meta.url))).toContain('ui.ts')
  for (const path of [
    '/ui/../ui.ts',
    '/ui/..%2fui.ts',
    '/ui/%2e%2e%2fui.ts',
    '/ui/',
    '/ui/constructor',
    '/ui/missing.js',
  ]) {
    expect([path, (await ui.request(path)).status]).toEqual([path, 404])
  }
})
