/** The page for uploads, on the real service, in a real browser. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { findChromium } from '../support/browser.ts'
import { violationsInBothThemes } from './axe.ts'
import { choose, dragOver, drop, jobIds, uploadButton } from './page.ts'
import type { RunningSluice } from './product.ts'
import { visiting } from './visiting.ts'
import type { Visitor } from './visitor.ts'

const chromium = findChromium()
const LOG = '2026-03-01 10:00:00,001 INFO  Accepted connection from 10.1.2.3\n'
/** Sent at 400 kB/s it is long enough under way to be caught in the middle. */
const BIG = Buffer.alloc(2_000_000, 'a line of a log\n')
const SLOW = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 400_000 }

interface Job {
  readonly status: string
  readonly pipeline: string
  readonly priority: number
  readonly metadata: unknown
  readonly callbackUrl: string | null
  readonly files: { name: string; size: number }[]
}

describe.skipIf(chromium === null)('the page for uploads', () => {
  let sluice: RunningSluice
  let visitor: Visitor
  let page: Page

  visiting(chromium, begun => ({ sluice, visitor, page } = begun), /\[Uppy\]/)

  const read = async (id: string) => (await (await fetch(`${sluice.url}/api/jobs/${id}`)).json()) as Job
  const jobOfPage = async () => {
    await page.waitForURL('**/jobs/*')
    return new URL(page.url()).pathname.split('/').at(-1)!
  }
  const sent = () =>
    page
      .locator('.uppy-StatusBar')
      .getByText(/^Uploading: [1-9]\d?%/)
      .waitFor()

  test('files dropped anywhere become one job, with the options that were chosen', async () => {
    const before = await jobIds(sluice.url)
    await page.goto('/')
    await page.getByRole('link', { name: 'Upload', exact: true }).first().waitFor()
    await dragOver(page, { name: 'app.log', text: LOG })
    await page.waitForURL('**/upload')
    await page.getByText('Drop files or folders anywhere').waitFor()
    await drop(page, [
      { name: 'app.log', text: LOG },
      { name: 'журнал.log', text: LOG },
    ])
    await page.getByText('2 files selected').waitFor()
    await page.getByLabel('Pipeline').selectOption('inspect')
    await page.getByLabel('Priority').fill('7')
    await page.getByLabel('Name').fill('ticket')
    await page.getByLabel('Value').fill('INC-42')
    await uploadButton(page).click()
    const id = await jobOfPage()
    await expect.poll(async () => (await read(id)).status).toBe('completed')
    const job = await read(id)
    expect(job).toMatchObject({ pipeline: 'inspect', priority: 7, metadata: { ticket: 'INC-42' } })
    expect(job.files.map(file => file.name).sort()).toEqual(['app.log', 'журнал.log'])
    expect(await jobIds(sluice.url)).toEqual([id, ...before])
  })

  test('a refused callback URL is told beside its field, before a byte is sent, and the files are still there', async () => {
    const before = await jobIds(sluice.url)
    await page.goto('/upload')
    await choose(page, { name: 'app.log', content: LOG })
    await page.getByLabel('Callback URL').fill('http://10.0.0.1/hook')
    await uploadButton(page).click()
    await page.getByText('SLUICE_WEBHOOK_ALLOW').first().waitFor()
    expect(await page.getByLabel('Callback URL').getAttribute('aria-invalid')).toBe('true')
    expect(await jobIds(sluice.url)).toEqual(before)

    await page.getByLabel('Callback URL').fill('')
    expect(await page.getByLabel('Callback URL').getAttribute('aria-invalid')).toBe(null)
    await uploadButton(page).click()
    await jobOfPage()
  })

  test('an upload that is reloaded in the middle goes on where it was, and makes one job', async () => {
    const before = await jobIds(sluice.url)
    await page.goto('/upload')
    const session = await visitor.context.newCDPSession(page)
    await session.send('Network.emulateNetworkConditions', SLOW)
    await choose(page, { name: 'big.log', content: BIG })
    await uploadButton(page).click()
    await sent()
    await page.reload()
    await page.getByText('Your upload is still here').waitFor()
    await uploadButton(page).click()
    const id = await jobOfPage()
    expect((await read(id)).files).toMatchObject([{ name: 'big.log', size: BIG.length }])
    expect(await jobIds(sluice.url)).toEqual([id, ...before])
  })

  test('an upload goes on by itself when the network comes back', async () => {
    const before = await jobIds(sluice.url)
    await page.goto('/upload')
    const session = await visitor.context.newCDPSession(page)
    await session.send('Network.emulateNetworkConditions', SLOW)
    await choose(page, { name: 'cut.log', content: BIG })
    await uploadButton(page).click()
    await sent()
    await session.send('Network.emulateNetworkConditions', { ...SLOW, offline: true })
    await page
      .locator('.uppy-Informer, .uppy-StatusBar')
      .getByText(/No internet|paused|offline/i)
      .first()
      .waitFor()
    await session.send('Network.emulateNetworkConditions', { ...SLOW, uploadThroughput: -1 })
    const id = await jobOfPage()
    expect((await read(id)).files).toMatchObject([{ name: 'cut.log', size: BIG.length }])
    expect(await jobIds(sluice.url)).toEqual([id, ...before])
  })

  test('an upload that is cancelled half-way leaves no job', async () => {
    const before = await jobIds(sluice.url)
    await page.goto('/upload')
    const session = await visitor.context.newCDPSession(page)
    await session.send('Network.emulateNetworkConditions', SLOW)
    await choose(page, { name: 'dropped.log', content: BIG })
    await uploadButton(page).click()
    await sent()
    await page.locator('.uppy-StatusBar').getByRole('button', { name: 'Cancel' }).click()
    await page.getByText('Drop files or folders anywhere').waitFor()
    await expect.poll(() => jobIds(sluice.url)).toEqual(before)
  })

  test('a folder of a hundred files becomes one job with all of them, those of one name told apart by their folders', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-folder-'))
    for (let number = 1; number <= 50; number++) {
      await mkdir(join(folder, `web-${number}`))
      await writeFile(join(folder, `web-${number}`, 'app.log'), `${number} ${LOG}`)
      await writeFile(join(folder, `web-${number}`, `only-${number}.log`), LOG)
    }
    await page.goto('/upload')
    await page.locator('.uppy-Dashboard-input[webkitdirectory]').setInputFiles(folder)
    await page.getByText('100 files selected').waitFor()
    await page
      .getByText(/^web-\d+_app.log$/)
      .first()
      .waitFor()
    await page.getByLabel('Pipeline').selectOption('inspect')
    await uploadButton(page).click()
    const { files } = await read(await jobOfPage())
    const expected = Array.from({ length: 50 }, (_, at) => [`web-${at + 1}_app.log`, `only-${at + 1}.log`])
    expect(files.map(({ name }) => name).sort()).toEqual(expected.flat().sort())
    await rm(folder, { recursive: true })
  })

  test('the keyboard alone leads from the page to the job', async () => {
    await page.goto('/upload')
    await page.getByText('Drop files or folders anywhere').waitFor()
    page.on('filechooser', chooser =>
      chooser.setFiles([{ name: 'typed.log', mimeType: 'text/plain', buffer: Buffer.from(LOG) }]),
    )
    const focused = () => page.evaluate('document.activeElement.textContent')
    for (let tabs = 0; tabs < 40 && (await focused()) !== 'browse files'; tabs++)
      await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    // Where what comes next is, the focus is, too.
    await expect.poll(focused).toBe('Upload 1 file and process')
    const { promise: pressed, resolve: go } = Promise.withResolvers<void>()
    await page.route('**/api/jobs', async route => {
      if (route.request().method() === 'POST') await pressed
      await route.continue()
    })
    await page.keyboard.press('Enter')
    await expect.poll(focused).toBe('Preparing…')
    // Once more than needed, as hands do.
    await page.keyboard.press('Enter')
    go()
    const id = await jobOfPage()
    expect((await read(id)).files).toMatchObject([{ name: 'typed.log' }])
    await expect.poll(() => page.evaluate('document.activeElement.tagName')).toBe('MAIN')
  })

  test('can be used by everybody, in both themes, empty and with files', async () => {
    await page.goto('/upload')
    await page.getByText('Drop files or folders anywhere').waitFor()
    expect(await violationsInBothThemes(page)).toEqual([])
    await choose(page, { name: 'app.log', content: LOG }, { name: 'db.log', content: LOG })
    await page.getByText('2 files selected').waitFor()
    expect(await violationsInBothThemes(page)).toEqual([])
  })
})
