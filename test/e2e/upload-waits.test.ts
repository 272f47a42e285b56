/** What the page for uploads says and does while it waits for the service, on the real one, in a real browser. */
import { request } from 'node:http'
import type { Browser, Page, Route } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findChromium, launchBrowser } from '../support/browser.ts'
import { violationsInBothThemes } from './axe.ts'
import { choose, drop, jobIds, uploadButton } from './page.ts'
import { type RunningSluice, startProduct } from './product.ts'
import { type Visitor, visit } from './visitor.ts'

const chromium = findChromium()
const LOG = '2026-03-01 10:00:00,001 INFO  Accepted connection from 10.1.2.3\n'
const TOO_BIG = Buffer.alloc(2_100_000, 'a line of a log\n')
/** In ms, what the service asks for that has as many uploads in hand as it takes. */
const RETRY_AFTER = 5_000

interface Job {
  readonly status: string
  readonly files: { name: string; size: number }[]
}

describe.skipIf(chromium === null)('the page for uploads, while it waits', () => {
  let sluice: RunningSluice
  let browser: Browser
  let visitor: Visitor
  let page: Page
  let before: string[]

  beforeAll(async () => {
    sluice = await startProduct({ SLUICE_MAX_FILE_SIZE: '2000000', SLUICE_MAX_UPLOADS: '1' })
    browser = await launchBrowser(chromium!)
  })
  afterAll(async () => {
    await browser?.close()
    await sluice?.stop()
  })
  beforeEach(async () => {
    visitor = await visit(browser, sluice.url)
    page = visitor.page
    before = await jobIds(sluice.url)
    await page.goto('/upload')
    await page.getByText('Drop files or folders anywhere').waitFor()
  })
  // What was refused on purpose, the browser and Uppy tell of, too.
  afterEach(() => visitor.leave(/\[Uppy\]|Failed to load resource/))

  const read = async (id: string) => (await (await fetch(`${sluice.url}/api/jobs/${id}`)).json()) as Job
  const added = async () => (await jobIds(sluice.url)).filter(id => !before.includes(id))
  const jobOfPage = async () => {
    await page.waitForURL('**/jobs/*')
    return new URL(page.url()).pathname.split('/').at(-1)!
  }
  const stall = (reason: RegExp) =>
    page.getByRole('status').getByText(reason).getByText('The upload goes on by itself.').waitFor()
  /** The service does it, and nobody hears so. */
  const loseAnswer = async (route: Route) => {
    await route.fetch()
    await route.abort()
  }
  /** Of the first draft alone. @returns how many were asked for. */
  const loseFirstDraft = async () => {
    const asked: string[] = []
    await page.route('**/api/jobs', route => {
      if (route.request().method() !== 'POST') return route.continue()
      asked.push(route.request().headers()['idempotency-key']!)
      return asked.length === 1 ? loseAnswer(route) : route.continue()
    })
    return asked
  }

  test('a draft whose answer was lost is asked for again by itself, and is the same one', async () => {
    const asked = await loseFirstDraft()
    await choose(page, { name: 'once.log', content: LOG })
    await uploadButton(page).click()
    const id = await jobOfPage()
    expect((await read(id)).files).toMatchObject([{ name: 'once.log' }])
    expect(asked).toHaveLength(2)
    expect(await added()).toEqual([id])
  })

  test('a draft whose answer was lost is found again after a reload', async () => {
    await page.route('**/api/jobs', route =>
      route.request().method() === 'POST' ? loseAnswer(route) : route.continue(),
    )
    await choose(page, { name: 'reloaded.log', content: LOG })
    await uploadButton(page).click()
    await stall(/cannot be reached/)
    await page.unroute('**/api/jobs')
    await page.reload()
    await page.getByText('Your upload is still here').waitFor()
    await uploadButton(page).click()
    const id = await jobOfPage()
    expect(await added()).toEqual([id])
  })

  test('a draft whose answer was lost is taken back when the upload is cancelled', async () => {
    await page.route('**/api/jobs', route =>
      route.request().method() === 'POST' ? loseAnswer(route) : route.continue(),
    )
    await choose(page, { name: 'cancelled.log', content: LOG })
    await uploadButton(page).click()
    await stall(/cannot be reached/)
    expect(await added()).toHaveLength(1)
    await page.unroute('**/api/jobs')
    await page.getByRole('button', { name: 'Cancel', exact: true }).first().click()
    await page.getByText('Drop files or folders anywhere').waitFor()
    await expect.poll(added).toEqual([])
  })

  test('files whose uploads were begun without an answer are there once, the empty ones, too', async () => {
    const begun = new Set<string>()
    await page.route('**/api/uploads', route => {
      const key = route.request().headers()['idempotency-key']!
      if (begun.has(key)) return route.continue()
      begun.add(key)
      return loseAnswer(route)
    })
    await choose(page, { name: 'empty.log', content: '' }, { name: 'full.log', content: LOG })
    await uploadButton(page).click()
    const { files } = await read(await jobOfPage())
    expect(files.map(({ name }) => name).sort()).toEqual(['empty.log', 'full.log'])
    expect(begun.size).toBe(2)
  })

  test('where the service has enough to do, the upload waits as long as it is asked to, says so, and goes on', async () => {
    const other = request(`${sluice.url}/api/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
    })
    other.on('error', () => undefined)
    other.write('--b\r\ncontent-disposition: form-data; name="files"; filename="other.log"\r\n\r\n')
    // Under way once the page's own is refused.
    const refused = page.waitForResponse(response => response.status() === 429)
    const sent: number[] = []
    page.on('request', each => each.method() === 'PATCH' && sent.push(Date.now()))
    await choose(page, { name: 'patient.log', content: LOG })
    await uploadButton(page).click()
    await refused
    await stall(/1 uploads are under way/)
    await page.getByText(/Next try in \d+ s\./).waitFor()
    expect(await violationsInBothThemes(page)).toEqual([])
    other.destroy()
    const id = await jobOfPage()
    expect((await read(id)).files).toMatchObject([{ name: 'patient.log' }])
    expect(sent[1]! - sent[0]!).toBeGreaterThanOrEqual(RETRY_AFTER)
  })

  test('the page says that nothing is sent and when it tries again, and tries at once when told to', async () => {
    let away = true
    await page.route('**/api/uploads/*', route =>
      away ? route.fulfill({ status: 503, headers: { 'retry-after': '600' } }) : route.continue(),
    )
    await choose(page, { name: 'away.log', content: LOG })
    await uploadButton(page).click()
    await stall(/The service is not ready\./)
    await page.locator('.uppy-StatusBar').getByText('Waiting').waitFor()
    await page.getByText(/Next try in (10 min|9 min \d+ s)/).waitFor()
    const tryNow = page.getByRole('button', { name: 'Try now' })
    const asked = page.waitForResponse(response => response.status() === 503)
    await tryNow.press('Enter')
    await asked
    await page.getByText(/Next try in (10 min|9 min \d+ s)/).waitFor()
    expect(await page.evaluate<string>('document.activeElement.textContent')).toBe('Try now')
    away = false
    await page.keyboard.press('Enter')
    const id = await jobOfPage()
    expect(await added()).toEqual([id])
  })

  test('an upload that fell silent for too long, as when a laptop sleeps, goes on by itself', async () => {
    let slept = false
    await page.route('**/api/uploads/*', route => {
      if (slept || route.request().method() !== 'PATCH') return route.continue()
      slept = true
      return route.fulfill({
        status: 408,
        json: { code: 'upload-timeout', detail: 'Nothing came for 30 s.' },
      })
    })
    await choose(page, { name: 'slept.log', content: LOG })
    await uploadButton(page).click()
    const id = await jobOfPage()
    expect((await read(id)).files).toMatchObject([{ name: 'slept.log', size: LOG.length }])
  })

  test('an upload that is cancelled after the answer to its submission was lost is found to be a job, which stays', async () => {
    await page.route('**/submit', loseAnswer)
    await choose(page, { name: 'too-big.log', content: TOO_BIG }, { name: 'fits.log', content: LOG })
    await uploadButton(page).click()
    await page.getByRole('button', { name: 'Process what has arrived' }).click()
    await stall(/cannot be reached/)
    const [id] = await added()
    await expect.poll(async () => (await read(id!)).status).toBe('completed')
    await page.getByRole('button', { name: 'Cancel', exact: true }).first().click()
    await page.getByText('had been submitted before it was cancelled, and its job has completed').waitFor()
    expect(await jobOfPage()).toBe(id)
    expect((await read(id!)).status).toBe('completed')
  })

  test('an upload whose submission waits can be cancelled after a reload, too', async () => {
    await visitor.context.route('**/submit', route => route.abort())
    await choose(page, { name: 'waits.log', content: LOG })
    await uploadButton(page).click()
    await stall(/cannot be reached/)
    // By the next attempt the browser's store knows, too, that all has arrived.
    await page.waitForRequest('**/submit')
    await page.reload()
    await stall(/cannot be reached/)
    await page.getByRole('button', { name: 'Cancel the upload' }).click()
    await expect.poll(added).toEqual([])
    expect(await page.getByText('The upload goes on by itself.').count()).toBe(0)
    // With the same options, it is another upload all the same.
    await visitor.context.unroute('**/submit')
    await choose(page, { name: 'next.log', content: LOG })
    await uploadButton(page).click()
    const id = await jobOfPage()
    expect((await read(id)).files).toMatchObject([{ name: 'next.log' }])
    expect(await added()).toEqual([id])
  })

  /** @returns what lets submissions through again. */
  const untilSubmissionWaits = async (name: string) => {
    await page.route('**/submit', route => route.abort())
    await choose(page, { name, content: LOG })
    await uploadButton(page).click()
    await stall(/cannot be reached/)
    return async () => {
      await page.unroute('**/submit')
      await page.getByRole('button', { name: 'Try now' }).click()
    }
  }

  test('files that are chosen while a submission waits are still there after it', async () => {
    const go = await untilSubmissionWaits('first.log')
    await drop(page, [{ name: 'second.log', text: LOG }])
    await uploadButton(page).waitFor()
    await go()
    const first = await jobOfPage()
    expect((await read(first)).files).toMatchObject([{ name: 'first.log' }])
    await page.getByRole('link', { name: 'Upload', exact: true }).first().click()
    await page.getByText('1 file selected').waitFor()
    await uploadButton(page).click()
    const second = await jobOfPage()
    expect((await read(second)).files).toMatchObject([{ name: 'second.log' }])
    expect(await added()).toEqual([second, first])
  })

  test('files that arrive while a submission waits are a job of their own, submitted after it', async () => {
    const go = await untilSubmissionWaits('first.log')
    await drop(page, [{ name: 'second.log', text: LOG }])
    const arrived = page.waitForResponse(response => response.request().method() === 'PATCH' && response.ok())
    await uploadButton(page).click()
    await arrived
    await go()
    await expect.poll(added).toHaveLength(2)
    const jobs = async () => Promise.all((await added()).map(read))
    await expect
      .poll(async () => (await jobs()).map(({ status }) => status))
      .toEqual(['completed', 'completed'])
    expect((await jobs()).map(({ files }) => files.map(({ name }) => name))).toEqual([
      ['second.log'],
      ['first.log'],
    ])
  })

  test('a file that was refused and is retried by itself is submitted once it has arrived', async () => {
    let refused = false
    await page.route('**/api/uploads/*', route => {
      if (refused || route.request().method() !== 'PATCH') return route.continue()
      refused = true
      return route.fulfill({ status: 507, json: { code: 'storage-full', detail: 'The storage is full.' } })
    })
    await choose(page, { name: 'retried.log', content: LOG })
    await uploadButton(page).click()
    await page.locator('.uppy-Dashboard-Item').getByRole('button', { name: 'Retry upload' }).click()
    const id = await jobOfPage()
    expect((await read(id)).files).toMatchObject([{ name: 'retried.log' }])
  })
})
