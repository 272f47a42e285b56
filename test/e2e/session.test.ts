/** A session that ends while somebody reads: they are told so, and go on at the same place once they are back. */
import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findChromium, launchBrowser } from '../support/browser.ts'
import { violationsInBothThemes } from './axe.ts'
import { live } from './page.ts'
import { type RunningSluice, startProduct } from './product.ts'
import { clientOf, type Visitor, visit } from './visitor.ts'

const chromium = findChromium()
const KEY = 'a-key-of-the-tests-0001'
const INCIDENT = readFileSync(new URL('../../examples/checkout-incident.log', import.meta.url), 'utf8')
const LINES = 60_000
const LONG = Array.from({ length: LINES }, (_, n) => `2026-03-01 10:00:00 INFO line ${n + 1}\n`).join('')

describe.skipIf(chromium === null)('a session that ends', () => {
  let sluice: RunningSluice
  let browser: Browser
  let visitor: Visitor
  let page: Page

  beforeAll(async () => {
    sluice = await startProduct({ SLUICE_API_KEYS: `ada:admin:${KEY}` })
    browser = await launchBrowser(chromium!)
  })
  afterAll(async () => {
    await browser?.close()
    await sluice?.stop()
  })
  beforeEach(async () => {
    visitor = await visit(browser, sluice.url, KEY)
    page = visitor.page
  })
  afterEach(() => visitor.leave())

  async function upload(name: string, text: string): Promise<string> {
    const form = new FormData()
    form.append('files', new Blob([text]), name)
    const headers = { authorization: `Bearer ${KEY}`, prefer: 'wait=60' }
    const response = await fetch(`${sluice.url}/api/jobs`, { method: 'POST', body: form, headers })
    expect(response.status).toBe(202)
    return ((await response.json()) as { id: string }).id
  }

  /** At the service; the browser does not learn of it. */
  async function endSession(): Promise<void> {
    const [cookie] = await visitor.context.cookies()
    const headers = { cookie: `${cookie!.name}=${cookie!.value}`, origin: sluice.url }
    const response = await fetch(`${sluice.url}/logout`, { method: 'POST', headers, redirect: 'manual' })
    expect(response.status).toBe(303)
  }

  async function signInAgain(): Promise<void> {
    await page.waitForURL('**/login?next=*')
    await page.getByText('Your session has ended. Sign in, and you go on where you were.').waitFor()
    await page.getByLabel('API key').fill(KEY)
    await page.keyboard.press('Enter')
    await page.waitForURL(url => url.pathname !== '/login')
  }

  test('under the page of a job, of one that is over as of one that is not, leads back to where one had scrolled', async () => {
    const over = await upload('incident.log', INCIDENT)
    const { id: open } = await clientOf(sluice.url, KEY)<{ id: string }>('POST', '/api/jobs', {})
    await page.setViewportSize({ width: 900, height: 500 })
    for (const [id, last] of [
      [over, 'Log'],
      [open, 'Details'],
    ] as const) {
      await page.goto(`/jobs/${id}`)
      if (id === open) await live(page)
      const heading = page.getByRole('heading', { name: last, exact: true })
      await heading.waitFor()
      await page.mouse.move(450, 20)
      await page.mouse.wheel(0, 5_000)
      const place = async () => (await heading.boundingBox())!.y
      await expect.poll(place).toBeLessThan(500)
      const before = await place()
      await endSession()
      await signInAgain()
      await heading.waitFor()
      await expect.poll(async () => Math.abs((await place()) - before)).toBeLessThan(60)
      expect(new URL(page.url()).pathname).toBe(`/jobs/${id}`)
    }
  })

  test('under a report is told at the next step, which is taken once one is back', async () => {
    const id = await upload('incident.log', INCIDENT)
    await page.goto(`/jobs/${id}/report?q=payment`)
    const line = page.getByRole('link', { name: /line \d/i }).first()
    await line.waitFor()
    await endSession()
    await line.click()
    await page.waitForURL('**/login?next=*')
    expect(await violationsInBothThemes(page)).toEqual([])
    await signInAgain()
    await page.waitForURL('**/view/*?line=*')
    await page.locator('[aria-current="true"][data-line]').waitFor()
  })

  test('under the viewer leads back to the line that was read, marked or not', async () => {
    const id = await upload('long.log', LONG)
    await page.goto(`/jobs/${id}/view/${encodeURIComponent('redacted/long.log')}`)
    await page.getByText(`${LINES.toLocaleString('en')} lines`).waitFor()
    const box = page.getByRole('region', { name: 'Lines' })
    await box.hover()
    await page.mouse.wheel(0, 200_000)
    await expect.poll(() => box.locator('[data-line]').first().getAttribute('data-line')).not.toBe('1')
    await endSession()
    await page.mouse.wheel(0, 200_000)
    await page.waitForURL('**/login?next=*')
    const read = Number(/line=(\d+)/.exec(decodeURIComponent(page.url()))?.[1])
    expect(read).toBeGreaterThan(10_000)
    await signInAgain()
    await box.locator(`[data-line="${read}"]`).getByText(`INFO line ${read}`).waitFor()
  })
})
