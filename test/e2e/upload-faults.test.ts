/** What the page for uploads keeps to when things go wrong around it, on the real service, in a real browser. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findChromium, launchBrowser } from '../support/browser.ts'
import { violationsInBothThemes } from './axe.ts'
import { choose, drop, jobIds, uploadButton } from './page.ts'
import { type RunningSluice, startProduct } from './product.ts'
import { type Visitor, visit } from './visitor.ts'

const chromium = findChromium()
const LOG = '2026-03-01 10:00:00,001 INFO  Accepted connection from 10.1.2.3\n'
/** Sent at 400 kB/s it is long enough under way to be caught in the middle. */
const BIG = Buffer.alloc(2_000_000, 'a line of a log\n')
const TOO_BIG = Buffer.alloc(2_100_000, 'a line of a log\n')
const SLOW = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 400_000 }
const FAST = { ...SLOW, uploadThroughput: -1 }

interface Job {
  readonly id: string
  readonly status: string
  readonly metadata: unknown
  readonly files: { name: string; size: number }[]
}

/** What the browser has and Node has not, as far as it is used here. */
interface InBrowser {
  readonly File: new (parts: string[], name: string, options: { type: string }) => unknown
  readonly DataTransfer: new () => { readonly items: { add(file: unknown): void } }
  readonly ClipboardEvent: new (type: string, options: object) => unknown
  readonly document: { readonly body: { dispatchEvent(event: unknown): void } }
}

describe.skipIf(chromium === null)('the page for uploads, under faults', () => {
  let sluice: RunningSluice
  let browser: Browser
  let visitor: Visitor
  let page: Page
  let before: string[]

  beforeAll(async () => {
    sluice = await startProduct({ SLUICE_MAX_FILE_SIZE: '2000000' })
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
  })
  // What was refused on purpose, the browser and Uppy tell of, too.
  afterEach(() => visitor.leave(/\[Uppy\]|Failed to load resource/))

  const read = async (id: string) => (await (await fetch(`${sluice.url}/api/jobs/${id}`)).json()) as Job
  const jobOfPage = async (on = page) => {
    await on.waitForURL('**/jobs/*')
    return new URL(on.url()).pathname.split('/').at(-1)!
  }
  const added = async () => (await jobIds(sluice.url)).filter(id => !before.includes(id))
  const openPage = async (on = page) => {
    await on.goto('/upload')
    await on.getByText('Drop files or folders anywhere').waitFor()
  }
  const network = async (on: Page, conditions: typeof SLOW) => {
    const session = await visitor.context.newCDPSession(on)
    await session.send('Network.emulateNetworkConditions', conditions)
  }
  const sent = (on = page) =>
    on
      .locator('.uppy-StatusBar')
      .getByText(/^Uploading: [1-9]\d?%/)
      .waitFor()
  const paste = (name: string, text: string) =>
    page.evaluate(
      pasted => {
        const { ClipboardEvent, DataTransfer, File, document } = globalThis as unknown as InBrowser
        const clipboardData = new DataTransfer()
        clipboardData.items.add(new File([pasted.text], pasted.name, { type: 'text/plain' }))
        document.body.dispatchEvent(
          new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }),
        )
      },
      { name, text },
    )

  /** @returns what lets the request that makes the draft go on. */
  const holdDraft = async () => {
    const { promise: held, resolve: go } = Promise.withResolvers<void>()
    await page.route('**/api/jobs', async route => {
      if (route.request().method() === 'POST') await held
      await route.continue()
    })
    return go
  }

  test('taking back a later selection leaves the job of the upload before alone', async () => {
    await openPage()
    await choose(page, { name: 'kept.log', content: LOG })
    await uploadButton(page).click()
    const id = await jobOfPage()
    await expect.poll(async () => (await read(id)).status).toBe('completed')
    await page.getByRole('link', { name: 'Upload', exact: true }).first().click()
    await choose(page, { name: 'taken-back.log', content: LOG })
    const deleted: string[] = []
    page.on('request', request => request.method() === 'DELETE' && deleted.push(request.url()))
    await page.getByRole('button', { name: 'Cancel', exact: true }).click()
    await page.getByText('Drop files or folders anywhere').waitFor()
    // A later upload runs its whole course: whatever the cancel set off has come by then.
    await network(page, SLOW)
    await choose(page, { name: 'later.log', content: BIG })
    await uploadButton(page).click()
    await jobOfPage()
    expect(deleted).toEqual([])
    expect((await read(id)).status).toBe('completed')
  })

  test('an upload is submitted although another page is looked at meanwhile, which says so', async () => {
    await openPage()
    await network(page, SLOW)
    await choose(page, { name: 'away.log', content: BIG })
    await uploadButton(page).click()
    await sent()
    await page.getByRole('link', { name: 'Jobs', exact: true }).first().click()
    await network(page, FAST)
    await page.getByText(/All files have arrived/).waitFor()
    const [id] = await added()
    await expect.poll(async () => (await read(id!)).status).toBe('completed')
  })

  test('two tabs that upload the same file at once make a job each, with all its files', async () => {
    const other = await visitor.context.newPage()
    await openPage()
    await network(page, SLOW)
    const same = { name: 'same.log', content: BIG }
    await choose(page, same)
    await uploadButton(page).click()
    await sent()
    await openPage(other)
    await network(other, SLOW)
    await choose(other, same, { name: 'more.log', content: LOG })
    await other.getByText('2 files selected').waitFor()
    await uploadButton(other).click()
    const ids = [await jobOfPage(), await jobOfPage(other)]
    expect((await read(ids[0]!)).files.map(({ name }) => name)).toEqual(['same.log'])
    expect((await read(ids[1]!)).files.map(({ name }) => name).sort()).toEqual(['more.log', 'same.log'])
    expect((await added()).sort()).toEqual(ids.sort())
  })

  test('a tab that was closed in the middle is taken up by the next one', async () => {
    await openPage()
    await network(page, SLOW)
    await page.getByLabel('Name').fill('ticket')
    await page.getByLabel('Value').fill('INC-7')
    await choose(page, { name: 'closed.log', content: BIG })
    await uploadButton(page).click()
    await sent()
    await page.close()
    page = await visitor.context.newPage()
    await page.goto('/upload')
    await page.getByText('Your upload is still here').waitFor()
    expect(await page.getByLabel('Value').inputValue()).toBe('INC-7')
    await uploadButton(page).click()
    const id = await jobOfPage()
    expect(await read(id)).toMatchObject({ metadata: { ticket: 'INC-7' }, files: [{ name: 'closed.log' }] })
    expect(await added()).toEqual([id])
  })

  test('the options survive a reload, and are empty again after the upload that they were for', async () => {
    await openPage()
    await page.getByLabel('Pipeline').selectOption('inspect')
    await page.getByLabel('Priority').fill('-5')
    await page.getByLabel('Callback URL').fill('https://example.com/hook')
    await page.getByLabel('Name').fill('"quoted" \u202e')
    await page.getByLabel('Value').fill('🧯 <b>&amp;')
    await page.reload()
    await page.getByText('Drop files or folders anywhere').waitFor()
    expect(await page.getByLabel('Pipeline').inputValue()).toBe('inspect')
    expect(await page.getByLabel('Priority').inputValue()).toBe('-5')
    expect(await page.getByLabel('Callback URL').inputValue()).toBe('https://example.com/hook')
    expect(await page.getByLabel('Value').inputValue()).toBe('🧯 <b>&amp;')
    await page.getByLabel('Callback URL').fill('')
    await choose(page, { name: 'app.log', content: LOG })
    await uploadButton(page).click()
    const id = await jobOfPage()
    expect((await read(id)).metadata).toEqual({ '"quoted" \u202e': '🧯 <b>&amp;' })
    await page.getByRole('link', { name: 'Upload', exact: true }).first().click()
    await expect.poll(() => page.getByLabel('Priority').inputValue()).toBe('0')
    expect(await page.getByLabel('Value').inputValue()).toBe('')
  })

  test('a file over the limit is refused in words, in both themes, and the others can be processed without it', async () => {
    await openPage()
    await choose(page, { name: 'too-big.log', content: TOO_BIG }, { name: 'fits.log', content: LOG })
    await uploadButton(page).click()
    await page
      .getByRole('alert')
      .getByText(/^too-big.log: A file has at most 2000000 bytes. Take it out/)
      .waitFor()
    await page.getByRole('button', { name: 'Process what has arrived' }).waitFor()
    expect(await page.locator('body').textContent()).not.toContain('tus:')
    expect(await violationsInBothThemes(page)).toEqual([])
    await page.getByRole('button', { name: 'Process what has arrived' }).click()
    const id = await jobOfPage()
    expect((await read(id)).files.map(({ name }) => name)).toEqual(['fits.log'])
  })

  test('files that are added while the draft is being made come into the same job', async () => {
    const go = await holdDraft()
    await openPage()
    await choose(page, { name: 'one.log', content: LOG })
    await uploadButton(page).click()
    const preparing = page.getByRole('button', { name: 'Preparing…' })
    // Pressed again, it would be a second upload.
    await preparing.dblclick()
    await drop(page, [{ name: 'two.log', text: LOG }])
    await page.getByText('2 files selected').waitFor()
    expect(await uploadButton(page).count()).toBe(0)
    expect(await violationsInBothThemes(page)).toEqual([])
    go()
    await uploadButton(page).dblclick()
    const id = await jobOfPage()
    expect((await read(id)).files.map(({ name }) => name).sort()).toEqual(['one.log', 'two.log'])
    expect(await added()).toEqual([id])
  })

  test('can be used by everybody while files of any name and size are on their way, in both themes', async () => {
    await openPage()
    await network(page, SLOW)
    await choose(
      page,
      { name: 'empty.log', content: '' },
      { name: `${'a'.repeat(251)}.log`, content: BIG },
      { name: '🧯 "q" <b>א.log', content: LOG },
    )
    await uploadButton(page).click()
    await sent()
    await page.locator('.uppy-StatusBar').getByRole('button', { name: 'Pause' }).click()
    expect(await violationsInBothThemes(page)).toEqual([])
    expect(await page.locator('.uppy-StatusBar').textContent()).not.toContain('unknown')
    await page.locator('.uppy-StatusBar').getByRole('button', { name: 'Resume' }).click()
    await network(page, FAST)
    const id = await jobOfPage()
    expect((await read(id)).files.map(({ name, size }) => [name.length, size]).sort()).toEqual(
      [
        [9, 0],
        [255, BIG.length],
        ['🧯 "q" <b>א.log'.length, LOG.length],
      ].sort(),
    )
  })

  test('an upload that is cancelled while its draft is being made leaves none', async () => {
    const go = await holdDraft()
    await openPage()
    await choose(page, { name: 'one.log', content: LOG })
    const asked = page.waitForRequest(request => request.method() === 'POST')
    await uploadButton(page).click()
    await asked
    await page.getByRole('button', { name: 'Cancel', exact: true }).first().click()
    const made = page.waitForResponse(response => response.request().method() === 'POST')
    go()
    expect((await made).status()).toBe(201)
    await expect.poll(added).toEqual([])
  })

  test('where the service is away when all files have arrived, they are submitted once it is back, reload or not', async () => {
    let away = true
    await visitor.context.route('**/submit', route =>
      away
        ? route.fulfill({
            status: 503,
            contentType: 'application/problem+json',
            body: JSON.stringify({ detail: 'Redis cannot be reached.', code: 'queue-unavailable' }),
          })
        : route.continue(),
    )
    await openPage()
    await choose(page, { name: 'app.log', content: LOG })
    await uploadButton(page).click()
    await page.getByText('Redis cannot be reached.').waitFor()
    // By the next attempt the browser's store knows, too, that all has arrived.
    await page.waitForRequest('**/submit')
    await page.reload()
    await page.getByText('Redis cannot be reached.').waitFor()
    away = false
    const id = await jobOfPage()
    expect((await read(id)).files).toMatchObject([{ name: 'app.log' }])
    expect(await added()).toEqual([id])
    // With the same options, it is another upload all the same.
    await page.getByRole('link', { name: 'Upload', exact: true }).first().click()
    await choose(page, { name: 'next.log', content: LOG })
    await uploadButton(page).click()
    const next = await jobOfPage()
    expect((await read(next)).files).toMatchObject([{ name: 'next.log' }])
    expect(await added()).toEqual([next, id])
  })

  test('an upload that cannot be asked for after a cut goes on when it can, and is not begun twice', async () => {
    const seen: string[] = []
    let cut = false
    await page.route('**/api/uploads/*', route => {
      const method = route.request().method()
      seen.push(method)
      if (method === 'PATCH' && !cut) {
        cut = true
        return route.abort()
      }
      const isFirst = method === 'HEAD' && seen.filter(each => each === 'HEAD').length === 1
      return isFirst ? route.fulfill({ status: 503 }) : route.continue()
    })
    const begun: string[] = []
    page.on('request', request => {
      if (request.method() === 'POST' && request.url().endsWith('/api/uploads')) begun.push(request.url())
    })
    await openPage()
    await choose(page, { name: 'once.log', content: LOG })
    await uploadButton(page).click()
    const id = await jobOfPage()
    expect((await read(id)).files.map(({ name }) => name)).toEqual(['once.log'])
    expect(seen.filter(each => each === 'HEAD').length).toBeGreaterThan(1)
    expect(begun).toHaveLength(1)
  })

  test('an upload whose draft is gone says so and what to choose again, and begins anew', async () => {
    await openPage()
    await network(page, SLOW)
    await choose(page, { name: 'arrived.log', content: LOG }, { name: 'gone.log', content: BIG })
    await uploadButton(page).click()
    // What has arrived, the browser keeps no longer.
    await page.locator('.uppy-Dashboard-Item.is-complete').waitFor()
    await page
      .locator('.uppy-StatusBar')
      .getByText(/^Uploading: [4-9]\d%/)
      .waitFor()
    await page.goto('/')
    const [draft] = await added()
    await fetch(`${sluice.url}/api/jobs/${draft}`, { method: 'DELETE' })
    await page.goto('/upload')
    await page.getByText('Your upload is still here').waitFor()
    await uploadButton(page).click()
    await page.getByText(/is no longer there: .* Choose again: arrived\.log\.$/).waitFor()
    await network(page, FAST)
    await drop(page, [{ name: 'arrived.log', text: LOG }])
    await page.getByText('2 files selected').waitFor()
    await uploadButton(page).click()
    const id = await jobOfPage()
    const files = (await read(id)).files.map(({ name, size }) => [name, size]).sort()
    expect(files).toEqual([
      ['arrived.log', LOG.length],
      ['gone.log', BIG.length],
    ])
    expect(await added()).toEqual([id])
  })

  test('files that are pasted on any page, or anywhere on this one, are taken', async () => {
    await page.goto('/')
    await page.getByRole('link', { name: 'Upload', exact: true }).first().waitFor()
    await paste('pasted.log', LOG)
    await page.waitForURL('**/upload')
    await page.getByText('1 file selected').waitFor()
    await paste('another.log', LOG)
    await page.getByText('2 files selected').waitFor()
  })
})
