/** A report that a broken stage wrote, or somebody who reached the storage: shown inside the UI, it does nothing to it. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findChromium, launchBrowser } from '../support/browser.ts'
import { submit } from './page.ts'
import { type RunningSluice, startProduct } from './product.ts'
import { type Visitor, visit } from './visitor.ts'

const chromium = findChromium()
const LOG = '2026-03-01 10:00:00 INFO hello\n'
/** Height of what is to be clicked, in px. */
const BAND = 40
/** Each is clicked in its middle. */
const BAITS = [
  '<details><summary>control</summary>opened by a click</details>',
  '<a target="_top" href="/callbacks?lured">top</a>',
  '<a target="_parent" href="/callbacks?lured">parent</a>',
  '<a target="_blank" href="/callbacks?lured">popup</a>',
  '<a download href="/api/jobs?lured">download</a>',
  `<a href="javascript:parent.document.title='lured'">script</a>`,
  '<form method="post" action="/api/jobs/bulk?lured" target="_top"><button>form</button></form>',
  '<form method="post" action="OUTSIDE/lured"><button>form</button></form>',
] as const

const SCRIPT = `
  try { parent.document.title = 'lured' } catch {}
  try { document.cookie = 'lured=1' } catch {}
  try { localStorage.lured = 1 } catch {}
  try { alert('lured') } catch {}
  try { open('/callbacks?lured') } catch {}
  fetch('/api/jobs?lured', { method: 'POST' }).catch(() => {})
  new Image().src = 'OUTSIDE/lured'
  top.location = '/callbacks?lured'
`

function hostile(outside: string): string {
  const bands = BAITS.map(bait => `<div style="height:${BAND}px;overflow:hidden">${bait}</div>`)
  return `<!doctype html><meta charset="utf-8"><title>report</title>
    <meta http-equiv="refresh" content="0;url=OUTSIDE/lured"><base target="_top">
    <link rel="stylesheet" href="OUTSIDE/lured"><style>
      @import 'OUTSIDE/lured'; body { margin: 0; background: url(OUTSIDE/lured) }
      a, button, summary { display: block; width: 100%; height: ${BAND}px }
    </style>
    ${bands.join('')}<p>the end</p>
    <img src="OUTSIDE/lured" onerror="${SCRIPT.replaceAll('"', "'").replaceAll('\n', ';')}">
    <iframe src="/callbacks?lured"></iframe><object data="/callbacks?lured"></object>
    <script>${SCRIPT}</script>`.replaceAll('OUTSIDE', outside)
}

describe.skipIf(chromium === null)('a report made to attack, in the preview on the page of its job', () => {
  let sluice: RunningSluice
  let browser: Browser
  let outside: Server
  let reached: string[]
  let visitor: Visitor
  let page: Page
  /** What the page was brought to. */
  let lured: string[]
  /** What became of each request that the report made for itself. */
  let loading: (string | undefined)[]

  beforeAll(async () => {
    sluice = await startProduct()
    browser = await launchBrowser(chromium!)
    outside = createServer((request, response) => {
      reached.push(request.url!)
      response.end()
    }).listen(0, '127.0.0.1')
  })
  afterAll(async () => {
    outside?.close()
    await browser?.close()
    await sluice?.stop()
  })
  beforeEach(async () => {
    reached = []
    lured = []
    loading = []
    visitor = await visit(browser, sluice.url)
    page = visitor.page
    for (const end of ['requestfinished', 'requestfailed'] as const) {
      page.on(end as 'requestfinished', request => {
        if (request.url().includes('lured')) loading.push(request.failure()?.errorText)
      })
    }
    page.on('dialog', dialog => {
      lured.push(`dialog ${dialog.message()}`)
      void dialog.dismiss()
    })
    page.on('download', () => lured.push('download'))
    visitor.context.on('page', () => lured.push('popup'))
  })
  // What policy and sandbox forbid, Chromium tells the console.
  afterEach(() =>
    visitor.leave(/sandbox|Content Security Policy|CORS policy|Unsafe attempt to initiate navigation/),
  )

  test.each([
    ['held by the service’s answer and by the frame', true],
    ['held by the frame alone', false],
  ])('neither runs, nor opens, sends or leads anywhere, %s', async (_, answered) => {
    const id = await submit(sluice.url, { name: 'app.log', text: LOG })
    const { port } = outside.address() as AddressInfo
    await page.route('**/artifacts/report.html', async route => {
      const response = await route.fetch()
      const { 'content-security-policy': policy, ...headers } = response.headers()
      expect(policy).toContain('sandbox')
      await route.fulfill({
        response,
        headers: answered ? { ...headers, 'content-security-policy': policy! } : headers,
        body: hostile(`http://localhost:${port}`),
      })
    })
    const cookies = await visitor.context.cookies()
    await page.goto(`/jobs/${id}`)
    const frame = page.locator('iframe[title="Preview of report.html"]')
    await frame.scrollIntoViewIfNeeded()
    const inside = page.frameLocator('iframe[title="Preview of report.html"]')
    await inside.getByText('the end').waitFor()
    const title = await page.title()
    const { x, y, width } = (await frame.boundingBox())!
    for (const index of BAITS.keys()) await page.mouse.click(x + width / 3, y + 1 + (index + 0.5) * BAND)

    // The clicks were those of a hand on what is in the frame, and the page lives.
    await inside.getByText('opened by a click').waitFor()
    await page.getByRole('button', { name: 'Preview of report.html' }).click()
    await frame.waitFor({ state: 'detached' })
    expect(new URL(page.url()).pathname).toBe(`/jobs/${id}`)
    expect(await page.title()).toBe(title)
    expect(await visitor.context.cookies()).toEqual(cookies)
    expect(await page.evaluate('localStorage.lured')).toBeUndefined()
    expect(visitor.context.pages()).toHaveLength(1)
    expect(lured).toEqual([])
    // A frame by itself keeps nothing from being loaded into it: that is for the answer's policy to forbid.
    if (answered) expect(loading.filter(outcome => outcome !== 'csp')).toEqual([])
    expect(reached).toEqual([])
  })
})
