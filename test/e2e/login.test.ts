/** Getting in and out with a browser, where keys are set. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findChromium, launchBrowser } from '../support/browser.ts'
import { violationsInBothThemes } from './axe.ts'
import { type RunningSluice, startProduct } from './product.ts'
import { uploadAs, type Visitor, visit } from './visitor.ts'

const chromium = findChromium()
const KEY = 'a-key-of-the-tests-0001'
const VIEWER = 'a-viewer-of-the-tests-1'

describe.skipIf(chromium === null)('the login page', () => {
  let sluice: RunningSluice
  let browser: Browser
  let visitor: Visitor
  let page: Page

  beforeAll(async () => {
    sluice = await startProduct({ SLUICE_API_KEYS: `ada:admin:${KEY},vic:viewer:${VIEWER}` })
    browser = await launchBrowser(chromium!)
  })
  afterAll(async () => {
    await browser?.close()
    await sluice?.stop()
  })
  beforeEach(async () => {
    visitor = await visit(browser, sluice.url)
    page = visitor.page
  })
  afterEach(() => visitor.leave())

  async function signIn(on: Page, key: string): Promise<void> {
    await on.getByLabel('API key').fill(key)
    await on.keyboard.press('Enter')
  }

  test('a visitor without a session signs in and comes back to where they wanted to go, until they sign out', async () => {
    await page.goto('/callbacks?status=failed')
    await page.waitForURL('**/login?next=*')
    await signIn(page, 'not-a-key')
    await page.getByText('This key is not known here. Check that all of it was copied.').waitFor()
    expect(await page.getByLabel('API key').getAttribute('aria-invalid')).toBe('true')
    await signIn(page, KEY)
    await page.waitForURL('**/callbacks?status=failed')
    await page.getByRole('heading', { name: 'No delivery matches' }).waitFor()
    await page.getByText('ada', { exact: true }).waitFor()
    await page.getByText('Admin', { exact: true }).waitFor()

    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL('**/login')
    await page.goto('/jobs/any')
    await page.waitForURL('**/login?next=*')
  })

  test('whoever can do nothing with a selection of jobs is offered none', async () => {
    await uploadAs(sluice.url, KEY, 'seen.log')
    for (const [key, boxes] of [
      [KEY, 2],
      [VIEWER, 0],
    ] as const) {
      const other = await visit(browser, sluice.url, key)
      await other.page.goto('/')
      await other.page.getByRole('link', { name: 'seen.log' }).waitFor()
      expect(await other.page.getByRole('checkbox').count()).toBe(boxes)
      await other.page.keyboard.press('?')
      const help = other.page.getByRole('dialog')
      await help.getByText('Next, previous job').waitFor()
      expect(await help.getByText('Select it, or not').count()).toBe(boxes / 2)
      await other.leave()
    }
  })

  test('a link to the login page cannot lead to another site', async () => {
    for (const next of [
      '//evil.example/',
      '/.//evil.example/',
      'https://evil.example/',
      '/\\evil.example',
      'javascript:alert(1)',
    ]) {
      await page.goto(`/login?next=${encodeURIComponent(next)}`)
      await signIn(page, KEY)
      await page.waitForURL(url => url.pathname !== '/login')
      expect(new URL(page.url()).origin).toBe(sluice.url)
    }
  })

  test('signing in works without scripts, too', async () => {
    const context = await browser.newContext({ baseURL: sluice.url, javaScriptEnabled: false })
    try {
      const plain = await context.newPage()
      plain.setDefaultTimeout(30_000)
      await plain.goto('/login')
      await signIn(plain, KEY)
      await plain.waitForURL(url => url.pathname === '/')
      expect((await context.request.get('/api/jobs')).status()).toBe(200)
    } finally {
      await context.close()
    }
  })

  test('who does nothing but type signs in: the field has the focus, and what is wrong is told beside it', async () => {
    await page.goto('/login')
    await page.keyboard.type('not-a-key')
    await page.keyboard.press('Enter')
    const told = page.getByRole('alert').filter({ hasText: 'not known' })
    await told.waitFor()
    // What is wrong is selected: the next key replaces it.
    await page.keyboard.type(KEY)
    await page.keyboard.press('Enter')
    await page.waitForURL(url => url.pathname === '/')
  })

  test('who cannot be signed out, since the service is away, is told so and stays on the page', async () => {
    await page.goto('/login')
    await signIn(page, KEY)
    await page.waitForURL(url => url.pathname === '/')
    await page.route('**/logout', route => route.abort())
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByText('The service cannot be reached').first().waitFor()
    expect(new URL(page.url()).pathname).toBe('/')
  })

  test('who tried too often is told for how long to wait, as people count it', async () => {
    await page.goto('/login')
    await page.route('**/login', route =>
      route.fulfill({ status: 429, headers: { 'retry-after': '900' }, body: '' }),
    )
    await signIn(page, 'not-a-key')
    await page.getByText('Try again in 15 min').waitFor()
  })

  test('axe finds nothing in either theme, also with a key that was refused', async () => {
    await page.goto('/login')
    expect(await violationsInBothThemes(page)).toEqual([])
    await signIn(page, 'not-a-key')
    await page.getByText('This key is not known here.').waitFor()
    expect(await violationsInBothThemes(page)).toEqual([])
  })
})
