/** What somebody uploads, or makes a stage write, cannot act in a visitor's browser: neither opened nor framed. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findChromium, launchBrowser } from '../support/browser.ts'
import { type RunningSluice, startProduct } from './product.ts'

const chromium = findChromium()
const SCRIPT =
  "fetch('/api/jobs?stolen').catch(() => {}); document.title = 'ran'; parent.postMessage('ran', '*')"
const HOSTILE: readonly (readonly [name: string, type: string, content: string])[] = [
  [
    'page.html',
    'text/html',
    `<!doctype html><title>still</title><script>${SCRIPT}</script><img src=x onerror="${SCRIPT}">`,
  ],
  [
    'drawing.svg',
    'image/svg+xml',
    `<svg xmlns="http://www.w3.org/2000/svg" onload="${SCRIPT}"><script>${SCRIPT}</script></svg>`,
  ],
  ['feed.xml', 'application/xml', `<x:script xmlns:x="http://www.w3.org/1999/xhtml">${SCRIPT}</x:script>`],
  [
    'sheet.xhtml',
    'application/xhtml+xml',
    `<html xmlns="http://www.w3.org/1999/xhtml"><script>${SCRIPT}</script></html>`,
  ],
]

describe.skipIf(chromium === null)('an upload made to attack', () => {
  let sluice: RunningSluice
  let browser: Browser
  let page: Page
  let id: string
  /** Requests that a script of the upload made. */
  let stolen: string[]

  beforeAll(async () => {
    sluice = await startProduct()
    browser = await launchBrowser(chromium!)
    const form = new FormData()
    form.append('pipeline', 'inspect')
    for (const [name, type, content] of HOSTILE) form.append('files', new Blob([content], { type }), name)
    const response = await fetch(`${sluice.url}/api/jobs`, {
      method: 'POST',
      body: form,
      headers: { prefer: 'wait=30' },
    })
    id = ((await response.json()) as { id: string }).id
  })
  afterAll(async () => {
    await browser?.close()
    await sluice?.stop()
  })
  beforeEach(async () => {
    page = await browser.newPage({ baseURL: sluice.url })
    stolen = []
    page.on('request', request => request.url().includes('stolen') && stolen.push(request.url()))
  })
  afterEach(() => page.close())

  const content = (index: number) => `/api/jobs/${id}/files/f${index + 1}/content`

  test.each(HOSTILE.map(([name], index) => [name, index] as const))(
    '%s runs nothing when it is opened',
    async (_, index) => {
      const download = page.waitForEvent('download')
      await page.goto(content(index)).catch(() => undefined)
      // The browser saves it: it is shown as a page nowhere.
      await download
      expect(stolen).toEqual([])
    },
  )

  test('a report of a hostile log runs nothing, and has an origin of its own: no cookie, no API', async () => {
    const form = new FormData()
    form.append(
      'files',
      new Blob([`2026-03-01 10:00:00 ERROR </td><script>${SCRIPT}</script>\n`]),
      `<script>${SCRIPT}</script>.log`,
    )
    const response = await fetch(`${sluice.url}/api/jobs`, {
      method: 'POST',
      body: form,
      headers: { prefer: 'wait=30' },
    })
    const job = (await response.json()) as { id: string; status: string }
    expect(job.status).toBe('completed')
    await page.goto(`/api/jobs/${job.id}/artifacts/report.html`)
    expect(await page.title()).not.toBe('ran')
    expect(stolen).toEqual([])
    expect(await page.evaluate('self.origin')).toBe('null')
    expect(
      await page.evaluate("(() => { try { return document.cookie } catch { return 'refused' } })()"),
    ).toBe('refused')
    const called = await page.evaluate("fetch('/api/jobs').then(() => 'answered', () => 'refused')")
    expect(called).toBe('refused')
  })

  test('another site can frame neither the UI nor a report', async () => {
    const site = createServer((request, response) => {
      response.setHeader('content-type', 'text/html')
      response.end(`<iframe src="${new URL(request.url!, sluice.url)}"></iframe>`)
    }).listen(0, '127.0.0.1')
    try {
      await new Promise(resolve => site.once('listening', resolve))
      for (const path of [
        '/',
        '/login',
        '/api/docs',
        '/admin/queues',
        `/api/jobs/${id}/artifacts/manifest.json`,
      ]) {
        // Another name of the same machine is another site.
        await page.goto(`http://localhost:${(site.address() as AddressInfo).port}${path}`)
        const frame = page.frames().find(each => each !== page.mainFrame())!
        await expect.poll(() => frame.url()).toMatch(/^chrome-error:/)
      }
    } finally {
      site.close()
    }
  })
})
