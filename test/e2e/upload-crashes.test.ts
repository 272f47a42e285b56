/** Uploads whose service dies, fills up or does not know them any more in the middle; a real browser, real processes. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { REAL, type Sluice, startSluice } from '../supervisor/sluice.ts'
import { findChromium, launchBrowser } from '../support/browser.ts'
import { childrenOf } from '../support/children.ts'
import { freePort } from '../support/redis.ts'
import { choose, uploadButton } from './page.ts'
import { clientOf } from './visitor.ts'

const chromium = findChromium()
/** In ms; on a machine without a redis-server one is fetched first. */
const START_TIMEOUT = 60_000
const KEY = 'an-uploader-with-a-key'
const OTHER = 'another-uploader-with-a-key'
const VIEWER = 'a-viewer-with-a-key'
/** Sent at 400 kB/s it is long enough under way to be caught in the middle. */
const BIG = Buffer.alloc(2_000_000, 'a line of a log\n')
const SLOW = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 400_000 }

interface JobList {
  readonly items: readonly { id: string; status: string; files: { name: string; size: number }[] }[]
}

describe.skipIf(chromium === null)('an upload in the browser', () => {
  let sluice: Sluice
  let url: string
  let directory: string
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let before: readonly string[]

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sluice-e2e-'))
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    sluice = startSluice(
      {
        PORT: String(port),
        SLUICE_DATA_DIR: directory,
        SLUICE_API_KEYS: `ann:uploader:${KEY},ben:uploader:${OTHER},vic:viewer:${VIEWER}`,
        SLUICE_STORAGE_QUOTA: '20000000',
      },
      { program: REAL },
    )
    await vi.waitFor(() => expect(sluice.output()).toMatch(/Web UI/), START_TIMEOUT)
    browser = await launchBrowser(chromium!)
  })
  afterAll(async () => {
    await browser?.close()
    await sluice?.end()
    await rm(directory, { recursive: true, force: true })
  })
  beforeEach(async () => {
    context = await browser.newContext({ baseURL: url, reducedMotion: 'reduce' })
    context.setDefaultTimeout(40_000)
    await signIn(KEY)
    page = await context.newPage()
    before = (await list()).map(({ id }) => id)
  })
  afterEach(() => context.close())

  const signIn = (key: string) => context.request.post('/login', { data: { key }, maxRedirects: 0 })
  const list = async () => (await clientOf(url, KEY)<JobList>('GET', '/api/jobs?limit=200')).items
  const added = async () => (await list()).filter(({ id }) => !before.includes(id))
  const kill = (program: RegExp) => {
    const { pid } = childrenOf(sluice.pid).find(({ command }) => program.test(command))!
    process.kill(pid, 'SIGKILL')
  }
  const begin = async (name: string) => {
    await page.goto('/upload')
    await page.getByText('Drop files or folders anywhere').waitFor()
    const session = await context.newCDPSession(page)
    await session.send('Network.emulateNetworkConditions', SLOW)
    await choose(page, { name, content: BIG })
    await uploadButton(page).click()
    await page
      .locator('.uppy-StatusBar')
      .getByText(/^Uploading: [1-9]\d?%/)
      .waitFor()
  }
  const oneJob = async (name: string) => {
    // What the dead one held is free again after 30 s.
    await page.waitForURL('**/jobs/*', { timeout: 90_000 })
    const jobs = await added()
    expect(jobs.map(({ files }) => files.map(file => [file.name, file.size]))).toEqual([[[name, BIG.length]]])
  }

  test('goes on by itself when the API is killed in the middle and comes back, and is one job', async () => {
    await begin('api.log')
    kill(/api\/main/)
    await oneJob('api.log')
  })

  test('goes on by itself when Redis is killed in the middle and comes back, and is one job', async () => {
    await begin('redis.log')
    kill(/redis-server/)
    await oneJob('redis.log')
  })

  test('is submitted after signing in again, when the session ended in the middle', async () => {
    await begin('session.log')
    await context.clearCookies()
    await page.waitForURL('**/login?next=%2Fupload*')
    await signIn(KEY)
    await page.goto('/upload')
    await oneJob('session.log')
  })

  test('that one person left is neither shown to the next nor sent by them, and is there when the first is back', async () => {
    const open = async (key: string) => {
      await page.close()
      await signIn(key)
      page = await context.newPage()
      await page.goto('/upload')
      await page.getByLabel('Priority').waitFor()
    }
    await page.goto('/upload')
    await page.getByLabel('Name').fill('ticket')
    await page.getByLabel('Value').fill('INC-7')
    await begin('left.log')

    await open(OTHER)
    await page.getByText('Drop files or folders anywhere').waitFor()
    await choose(page, { name: 'own.log', content: 'a line of a log\n' })
    await page.getByText('1 file selected').waitFor()
    expect(await page.getByLabel('Value').inputValue()).toBe('')
    expect(await page.getByText('left.log').count()).toBe(0)
    await uploadButton(page).click()
    await page.waitForURL('**/jobs/*')
    const { items } = await clientOf(url, OTHER)<JobList>('GET', '/api/jobs')
    expect(items.map(({ files }) => files.map(({ name }) => name))).toEqual([['own.log']])

    await open(KEY)
    await page.getByText('Your upload is still here').waitFor()
    expect(await page.getByLabel('Value').inputValue()).toBe('INC-7')
    await uploadButton(page).click()
    await oneJob('left.log')
  })

  test('is not made in the name of whoever signed in meanwhile, in another tab', async () => {
    await page.goto('/upload')
    await choose(page, { name: 'mine.log', content: 'a line of a log\n' })
    await signIn(OTHER)
    await uploadButton(page).click()
    await page.getByRole('alert').getByText('signed in as ben now').waitFor()
    const drafts = async () => (await clientOf(url, OTHER)<JobList>('GET', '/api/jobs?status=draft')).items
    await expect.poll(drafts).toEqual([])
  })

  test('that does not fit into the quota says so at once, and what to do', async () => {
    await page.goto('/upload')
    await choose(page, { name: 'vast.log', content: Buffer.alloc(21_000_000, 'a line of a log\n') })
    await uploadButton(page).click()
    await page
      .getByRole('alert')
      .getByText(/^vast\.log: .*Delete jobs that are not needed any more/)
      .waitFor()
    await page.getByRole('button', { name: 'Cancel', exact: true }).first().click()
    await expect.poll(added).toEqual([])
  })

  test('is not offered to a viewer, who is told whom to ask', async () => {
    await signIn(VIEWER)
    await page.goto('/upload')
    await page.getByText(/This page is for the role .*ask whoever made your key/).waitFor()
    expect(await page.locator('input[type=file]').count()).toBe(0)
  })
})
