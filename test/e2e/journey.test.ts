/** What the UI is for, in one go: files are dropped, followed live to their report, and the callback is shown. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findChromium, launchBrowser } from '../support/browser.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { drop, jobIds, live, row, uploadButton } from './page.ts'
import { type RunningSluice, startProduct } from './product.ts'
import { complaintsOf } from './watch.ts'

const chromium = findChromium()
const LOG = [
  '2026-03-01 10:00:00,001 INFO  Accepted connection from 10.1.2.3',
  '2026-03-01 10:00:01,120 ERROR Mail to jane.roe@example.com could not be sent',
  '',
].join('\n')

describe.skipIf(chromium === null)('a visitor', () => {
  let sluice: RunningSluice
  let receiver: Receiver
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    sluice = await startProduct({ SLUICE_WEBHOOK_ALLOW: '127.0.0.1/32', SLUICE_MAX_UPLOADS: '100' })
    receiver = await startReceiver()
    browser = await launchBrowser(chromium!)
    page = await browser.newPage({ baseURL: sluice.url, reducedMotion: 'reduce' })
    page.setDefaultTimeout(60_000)
  })
  afterAll(async () => {
    await browser?.close()
    await receiver?.close()
    await sluice?.stop()
  })

  test('drops files, follows them live to their report, and sees that the callback was delivered', async () => {
    const complaints = complaintsOf(page)
    await page.goto('/')
    await live(page)
    await page.getByRole('link', { name: 'Upload', exact: true }).first().click()
    await page.getByText('Drop files or folders anywhere').waitFor()
    await drop(page, [
      { name: 'app.log', text: LOG },
      { name: 'db.log', text: LOG },
    ])
    await page.getByText('2 files selected').waitFor()
    await page.getByLabel('Callback URL').fill(receiver.url)
    await uploadButton(page).click()
    await page.waitForURL('**/jobs/*')
    const id = new URL(page.url()).pathname.split('/').at(-1)!

    await page.getByRole('heading', { name: /(app|db)\.log and 1 more/ }).waitFor()
    await page.getByText('Completed', { exact: true }).first().waitFor()
    for (const stage of ['Ingestion', 'Redaction', 'Analysis', 'Report']) {
      await page.getByText(stage, { exact: true }).first().waitFor()
    }
    await page.getByText('Job ready for processing').waitFor()

    await page.getByRole('link', { name: 'Open report' }).first().click()
    await page.waitForURL(`**/jobs/${id}/report`)
    await page.getByRole('heading', { name: /^Report on/ }).waitFor()
    expect(await page.content()).not.toContain('jane.roe@example.com')

    const call = await receiver.received(1)
    expect(JSON.parse(call.body.toString())).toMatchObject({ type: 'job.completed', data: { job: { id } } })
    await page.goto(`/jobs/${id}`)
    await page.getByText('Delivered').first().waitFor()
    expect(await jobIds(sluice.url)).toEqual([id])
    expect(complaints).toEqual([])
  })

  test('scrolls through ten thousand jobs, of which the page only ever holds those that are seen', async () => {
    const drafts = Array.from({ length: 10_000 }, (_, index) => index)
    const make = async () => {
      for (let index = drafts.shift(); index !== undefined; index = drafts.shift()) {
        const response = await fetch(`${sluice.url}/api/jobs`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ metadata: { index } }),
        })
        expect(response.status).toBe(201)
        await response.arrayBuffer()
      }
    }
    await Promise.all(Array.from({ length: 16 }, make))
    await page.goto('/?status=draft')
    await page.locator('#jobs li').first().waitFor()
    const last = page.getByText('10,000 in all')
    await expect
      .poll(
        async () => {
          await page.keyboard.press('End')
          await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)')
          return last.isVisible()
        },
        { timeout: 120_000, interval: 50 },
      )
      .toBe(true)
    expect(await page.locator('#jobs li').count()).toBeLessThan(100)
    const first = await fetch(`${sluice.url}/api/jobs?status=draft&metadata.index=0`)
    const [oldest] = ((await first.json()) as { items: { id: string }[] }).items
    expect(oldest).toBeDefined()
    await page.goto(`/?metadata.index=4711`)
    await expect.poll(() => page.locator('#jobs li').count()).toBe(1)
    await row(page, (await jobIdsOf('metadata.index=4711'))[0]!).waitFor()
  }, 300_000)

  const jobIdsOf = async (query: string) =>
    (
      (await (await fetch(`${sluice.url}/api/jobs?${query}`)).json()) as { items: { id: string }[] }
    ).items.map(({ id }) => id)
})
