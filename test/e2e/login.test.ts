/** Getting in and out with a browser, where keys are set. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findChromium, launchBrowser } from '../support/browser.ts'
import { type RunningSluice, startProduct } from './product.ts'

const chromium = findChromium()
const KEY = 'a-key-of-the-tests-0001'

describe.skipIf(chromium === null)('the login page', () => {
  let sluice: RunningSluice
  let browser: Browser
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
    page = await browser.newPage({ baseURL: sluice.url })
    page.setDefaultTimeout(30_000)
  })
  afterEach(() => page.close())

  async function signIn(key: string): Promise<void> {
    await page.getByLabel('API key').fill(key)
    await page.keyboard.press('Enter')
  }

  test('a visitor without a session signs in and comes back to where they wanted to go, until they sign out', async () => {
    await page.goto('/?status=failed')
    await page.waitForURL('**/login?next=*')
    await signIn('not-a-key')
    await page.getByText('This key is not known here.').waitFor()
    await signIn(KEY)
    await page.waitForURL('**/?status=failed')
    await page.getByText('No job is in this state.').waitFor()
    await page.locator('.live[data-state="live"]').waitFor()

    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL('**/login')
    await page.goto('/jobs/any')
    await page.waitForURL('**/login?next=*')
  })

  test('a link to the login page cannot lead to another site', async () => {
    for (const next of [
      '//evil.example/',
      'https://evil.example/',
      '/\\evil.example',
      'javascript:alert(1)',
    ]) {
      await page.goto(`/login?next=${encodeURIComponent(next)}`)
      await signIn(KEY)
      await page.waitForURL(url => url.pathname !== '/login')
      expect(new URL(page.url()).origin).toBe(sluice.url)
    }
  })

  test('signing in works without scripts, too', async () => {
    const context = await browser.newContext({ baseURL: sluice.url, javaScriptEnabled: false })
    try {
      page = await context.newPage()
      await page.goto('/login')
      await signIn(KEY)
      await page.waitForURL(url => url.pathname === '/')
      expect((await context.request.get('/api/jobs')).status()).toBe(200)
    } finally {
      await context.close()
    }
  })
})
