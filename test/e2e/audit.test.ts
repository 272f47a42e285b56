/** The page of the audit log, on the real service, in a real browser. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findChromium, launchBrowser } from '../support/browser.ts'
import { violationsInBothThemes } from './axe.ts'
import { type RunningSluice, startProduct } from './product.ts'
import { clientOf, uploadAs, type Visitor, visit } from './visitor.ts'

const chromium = findChromium()
const ADMIN = 'an-admin-of-the-tests-01'
const UPLOADER = 'an-uploader-of-the-tests-01'

describe.skipIf(chromium === null)('the audit log', () => {
  let sluice: RunningSluice
  let browser: Browser
  let visitors: Visitor[]
  let admin: ReturnType<typeof clientOf>

  beforeAll(async () => {
    sluice = await startProduct({ SLUICE_API_KEYS: `ada:admin:${ADMIN},ci:uploader:${UPLOADER}` })
    admin = clientOf(sluice.url, ADMIN)
    browser = await launchBrowser(chromium!)
  })
  afterAll(async () => {
    await browser?.close()
    await sluice?.stop()
  })
  beforeEach(() => {
    visitors = []
  })
  afterEach(() => Promise.all(visitors.map(each => each.leave())))

  async function as(key: string): Promise<Page> {
    const visitor = await visit(browser, sluice.url, key)
    visitors.push(visitor)
    return visitor.page
  }

  test('who did what is told with a way to it, and all that is known of it on a click', async () => {
    const kept = await uploadAs(sluice.url, UPLOADER, 'kept.log')
    const deleted = await uploadAs(sluice.url, ADMIN, 'deleted.log')
    await admin('DELETE', `/api/jobs/${deleted}`)

    const page = await as(ADMIN)
    await page.goto('/audit')
    const made = page.getByRole('row', { name: new RegExp(`ci Made a job ${kept}`) })
    expect(await made.getByRole('link', { name: kept }).getAttribute('href')).toBe(`/jobs/${kept}`)
    // What is gone has no page.
    const gone = page.getByRole('row', { name: new RegExp(`ada Deleted a job ${deleted}`) })
    await gone.waitFor()
    expect(await gone.getByRole('link').count()).toBe(0)

    const more = gone.getByRole('button', { name: 'Details of “Deleted a job” by ada' })
    await more.click()
    expect(await more.getAttribute('aria-expanded')).toBe('true')
    const details = page.locator('tr', { hasText: 'Time in UTC' })
    await details.getByText('job.deleted').waitFor()
    await details.getByText('completed').waitFor()
    await more.click()
    await details.waitFor({ state: 'hidden' })
  })

  test('who and what narrow the log; the address keeps them, and what happens meanwhile appears by itself', async () => {
    const page = await as(ADMIN)
    await page.goto('/audit')
    await page.getByLabel('Action').selectOption({ label: 'Made a job' })
    await page.waitForURL('**/audit?action=job.created')
    const job = await uploadAs(sluice.url, UPLOADER, 'meanwhile.log')
    const row = page.getByRole('row', { name: new RegExp(job) })
    await row.waitFor()
    await row.getByRole('button', { name: 'ci', exact: true }).click()
    await page.waitForURL('**/audit?action=job.created&actor=ci')
    await page.reload()
    await row.waitFor()
    expect(await page.getByLabel('Who').inputValue()).toBe('ci')
    expect(await page.getByRole('row', { name: /ada/ }).count()).toBe(0)

    await page.getByLabel('Who').fill('nobody-of-this-name')
    await page.getByRole('heading', { name: 'No entry matches' }).waitFor()
    await page.getByRole('button', { name: 'Clear filter' }).click()
    await page.waitForURL(url => url.pathname === '/audit' && url.search === '')
    await page
      .getByRole('row', { name: /ada Signed in/ })
      .first()
      .waitFor()
  })

  test('a login that was refused stands out', async () => {
    const response = await fetch(`${sluice.url}/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ key: 'not-a-key-of-anybody' }),
    })
    expect(response.status).toBe(401)
    const page = await as(ADMIN)
    await page.goto('/audit?actor=nobody')
    await page.getByRole('row', { name: /nobody Tried to sign in Refused/ }).waitFor()
  })

  test('more entries than a page holds are read page by page', async () => {
    for (let i = 0; i < 60; i++) {
      const { id } = await admin<{ id: string }>('POST', '/api/keys', { name: `of-${i}`, role: 'viewer' })
      await admin('DELETE', `/api/keys/${id}`)
    }
    const page = await as(ADMIN)
    await page.goto('/audit?action=key.revoked')
    await page.getByText('50 shown').waitFor()
    await page.getByRole('button', { name: 'Show older' }).click()
    await page.getByText('60 shown, that is all').waitFor()
  })

  test('while the service is away the page says so and what to do, and comes back by a click', async () => {
    const page = await as(ADMIN)
    await page.route('**/api/audit?*', route => route.abort())
    await page.goto('/audit')
    const told = page.getByRole('alert').filter({ hasText: 'The service cannot be reached.' })
    await told.waitFor()
    await page.unroute('**/api/audit?*')
    await told.getByRole('button', { name: 'Try again' }).click()
    await page
      .getByRole('row', { name: /ada Signed in/ })
      .first()
      .waitFor()
    await told.waitFor({ state: 'hidden' })
  })

  test('who is no admin is told that it is not for their role', async () => {
    const page = await as(UPLOADER)
    await page.goto('/audit')
    await page.getByRole('heading', { name: 'Not for your role' }).waitFor()
    expect(await page.getByRole('link', { name: 'Audit log' }).count()).toBe(0)
  })

  test('axe finds nothing in either theme, with an entry open', async () => {
    const page = await as(ADMIN)
    await page.goto('/audit')
    await page
      .getByRole('button', { name: /^Details/ })
      .first()
      .click()
    await page.getByText('Time in UTC').waitFor()
    expect(await violationsInBothThemes(page)).toEqual([])
  })
})
