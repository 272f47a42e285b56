/** The first page of the web UI, on the real service, in a real browser. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findChromium, launchBrowser } from '../support/browser.ts'
import { completed, drop, events, jobIds, submit, upload } from './page.ts'
import { type RunningSluice, startProduct } from './product.ts'

const chromium = findChromium()
const LOG = [
  '2026-03-01 10:00:00,001 INFO  Accepted connection from 10.1.2.3',
  '2026-03-01 10:00:01,120 ERROR Mail to jane.roe@example.com could not be sent',
  '2026-03-01 10:00:02,480 INFO  Closed connection from 10.1.2.3',
  '',
].join('\n')
const HOSTILE = '"><img src=x onerror="document.title=1">.log'

describe.skipIf(chromium === null)('the first page', () => {
  let sluice: RunningSluice
  let browser: Browser
  let context: BrowserContext
  let page: Page
  /** What the browser complained about: scripts that failed, and whatever the page's policy forbade. */
  let complaints: string[]

  beforeAll(async () => {
    sluice = await startProduct()
    browser = await launchBrowser(chromium!)
  })
  afterAll(async () => {
    await browser?.close()
    await sluice?.stop()
  })
  beforeEach(async () => {
    context = await browser.newContext({ baseURL: sluice.url, reducedMotion: 'reduce' })
    // Shorter than a test may take, so that the sentence of a failure names what was waited for.
    context.setDefaultTimeout(30_000)
    page = await context.newPage()
    complaints = []
    page.on('pageerror', error => complaints.push(String(error)))
    page.on('console', message => {
      // A refusal of the API's is logged by the browser itself; the page has to show it, and is tested for that.
      if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
        complaints.push(message.text())
    })
  })
  afterEach(async () => {
    await context.close()
    expect(complaints).toEqual([])
  })

  test('files dropped anywhere become one job, which is followed live to its report', async () => {
    const before = await jobIds(sluice.url)
    await page.goto('/')
    await drop(page, [
      { name: 'app.log', text: LOG },
      { name: 'журнал.log', text: LOG },
    ])
    await page.getByText('2 files, ').first().waitFor()
    await page.getByRole('button', { name: 'Upload and process' }).click()
    await page.waitForURL('**/jobs/*')

    await page.getByRole('heading', { name: 'app.log and 1 more' }).waitFor()
    await completed(page)
    for (const step of ['Files', 'Ingestion', 'Redaction', 'Analysis', 'Report']) {
      const bar = page.getByRole('progressbar', { name: step })
      await expect
        .poll(() => bar.evaluate(element => (element as unknown as { value: number }).value))
        .toBe(100)
    }
    for (const moment of [
      'Submitted with 2 files',
      'app.log attached',
      'Job ready for processing',
      'Completed',
    ]) {
      await page.getByLabel('Events').getByText(moment, { exact: true }).waitFor()
    }
    expect(await page.getByLabel('Events').getByText('Job ready for processing').count()).toBe(1)
    expect(await page.title()).toContain('Completed')

    const [report] = await Promise.all([
      page.waitForEvent('popup'),
      page.getByRole('link', { name: 'Open report' }).click(),
    ])
    await report.waitForLoadState()
    expect(new URL(report.url()).pathname).toMatch(/\/artifacts\/report\.html$/)
    expect(await report.content()).not.toContain('jane.roe@example.com')

    const [redacted] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'redacted/журнал.log' }).click(),
    ])
    expect(redacted.suggestedFilename()).toBe('журнал.log')
    expect((await jobIds(sluice.url)).length).toBe(before.length + 1)
  })

  test('the list shows what others submit, and how it goes on, without a reload', async () => {
    await page.goto('/')
    await page.locator('.live[data-state="live"]').waitFor()
    const id = await submit(sluice.url, { name: 'from-elsewhere.log', text: LOG })
    const row = page.locator('#jobs li', { has: page.locator(`a[href="/jobs/${id}"]`) })
    await row.locator('.badge[data-status="completed"]').waitFor()
    await row.getByText('from-elsewhere.log').waitFor()
  })

  test('a story that is cut in the middle is told to its end, and nothing twice', async () => {
    const id = await submit(sluice.url, { name: 'cut.log', text: LOG })
    const stream = `/api/jobs/${id}/events`
    const headers = { accept: 'text/event-stream' }
    const whole = await (await fetch(sluice.url + stream, { headers })).text()
    // Without its ids: the browser cannot say where it was, and is told everything again.
    const beginning = whole
      .split('\n\n')
      .slice(0, 6)
      .join('\n\n')
      .replaceAll(/^id: .*\n/gm, '')
    const cut = { contentType: 'text/event-stream', body: `${beginning}\n\nevent: job.fai` }
    await page.route(`**${stream}*`, route => route.fulfill(cut), { times: 1 })

    await page.goto(`/jobs/${id}`)
    const told = page.locator('.story li')
    await page.getByLabel('Events').getByText('Completed', { exact: true }).waitFor()
    const types = await told.evaluateAll(items => items.map(item => item.getAttribute('data-type')))
    const expected = (await events(sluice.url, id)).map(event => event.type)
    expect(types).toEqual(expected.filter(type => type !== 'stage.progress' && type !== 'job.log'))
  })

  test('a stream that is refused is opened again, and a list that missed events is loaded anew', async () => {
    const unavailable = { status: 503, contentType: 'application/problem+json', body: '{}' }
    await page.route('**/api/events*', route => route.fulfill(unavailable), { times: 1 })
    await page.goto('/')
    await page.locator('.live[data-state="connecting"]').waitFor()
    const id = await submit(sluice.url, { name: 'meanwhile.log', text: LOG })
    await page.locator('.live[data-state="live"]').waitFor()
    await page.locator(`a[href="/jobs/${id}"]`).waitFor()
  })

  test('the filter is in the address, and a reload keeps it', async () => {
    await submit(sluice.url, { name: 'kept.log', text: LOG })
    await page.goto('/')
    await page.locator('#jobs li').first().waitFor()
    await page.getByRole('radio', { name: 'Cancelled' }).check()
    await page.getByText('No job is in this state.').waitFor()
    expect(new URL(page.url()).search).toBe('?status=cancelled')
    await page.reload()
    await page.getByText('No job is in this state.').waitFor()
    expect(await page.getByRole('radio', { name: 'Cancelled' }).isChecked()).toBe(true)
  })

  test('a file name made of markup is only ever text', async () => {
    await page.goto('/')
    await upload(page, { name: HOSTILE, text: LOG })
    await page.getByRole('heading', { name: HOSTILE }).waitFor()
    await completed(page)
    await page.getByRole('link', { name: '← All jobs' }).click()
    await page.locator('#jobs').getByText(HOSTILE).first().waitFor()
    expect(await page.locator('main img').count()).toBe(0)
  })

  test('the browser itself refuses to make markup of a string', async () => {
    await page.goto('/')
    const refused = await page.evaluate("try { document.body.innerHTML = '<p>'; false } catch { true }")
    expect(refused).toBe(true)
    complaints = complaints.filter(complaint => !complaint.includes('TrustedHTML'))
  })

  test('a refused callback URL is told beside its field, and the files are still there to send', async () => {
    const before = await jobIds(sluice.url)
    await page.goto('/')
    await page
      .locator('#picker')
      .setInputFiles({ name: 'app.log', mimeType: 'text/plain', buffer: Buffer.from(LOG) })
    await page.getByText('Options').click()
    await page.getByLabel('Callback URL').fill('http://10.0.0.1/hook')
    await page.getByRole('button', { name: 'Upload and process' }).click()
    const field = page.getByLabel('Callback URL')
    await page.locator('#callbackUrl-error:not(:empty)').waitFor()
    expect(await page.locator('#callbackUrl-error').textContent()).toContain('SLUICE_WEBHOOK_ALLOW')
    expect(await field.getAttribute('aria-invalid')).toBe('true')
    expect(await jobIds(sluice.url)).toEqual(before)

    await field.fill('')
    await page.getByRole('button', { name: 'Upload and process' }).click()
    await page.waitForURL('**/jobs/*')
  })

  test('an upload cancelled half-way makes no job, and its files are still there to send', async () => {
    const before = await jobIds(sluice.url)
    await page.goto('/')
    // Two megabytes at 100 kB/s: long enough to be caught in flight.
    const session = await context.newCDPSession(page)
    const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 100_000 }
    await session.send('Network.emulateNetworkConditions', slow)
    await page
      .locator('#picker')
      .setInputFiles({ name: 'big.log', mimeType: 'text/plain', buffer: Buffer.alloc(2_000_000, 'a line\n') })
    await page.getByRole('button', { name: 'Upload and process' }).click()
    await expect.poll(() => page.locator('#sending-percent').textContent()).toMatch(/^[1-9]\d? %$/)
    await page.getByRole('button', { name: 'Cancel upload' }).click()
    await page.getByRole('button', { name: 'Upload and process' }).waitFor()
    expect(await page.locator('#chosen li').count()).toBe(1)
    expect(await jobIds(sluice.url)).toEqual(before)
  })

  test('a job is deleted only once that was confirmed, and is gone then', async () => {
    const id = await submit(sluice.url, { name: 'short-lived.log', text: LOG })
    await page.goto(`/jobs/${id}`)
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('button', { name: 'Keep it' }).click()
    expect(await jobIds(sluice.url)).toContain(id)
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('heading', { name: 'Jobs', exact: true }).waitFor()
    expect(await jobIds(sluice.url)).not.toContain(id)
    await page.goto(`/jobs/${id}`)
    await page.getByRole('heading', { name: 'There is no such job' }).waitFor()
  })

  test('on a phone nothing is wider than the screen, and a job opens from the keyboard', async () => {
    const id = await submit(sluice.url, { name: `${'long-'.repeat(40)}name.log`, text: LOG })
    await page.setViewportSize({ width: 360, height: 740 })
    const overflow = () => page.evaluate('document.documentElement.scrollWidth - innerWidth')
    await page.goto('/')
    const link = page.locator(`a[href="/jobs/${id}"]`)
    await link.waitFor()
    expect(await overflow()).toBeLessThanOrEqual(0)
    await link.focus()
    await page.keyboard.press('Enter')
    await completed(page)
    expect(await overflow()).toBeLessThanOrEqual(0)
  })
})
