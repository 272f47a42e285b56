/** The page for whoever is on call, on the real service, in a real browser. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { findChromium, launchBrowser } from '../support/browser.ts'
import { violationsInBothThemes } from './axe.ts'
import { sideways, submit } from './page.ts'
import { type RunningSluice, startProduct } from './product.ts'
import { complaintsOf } from './watch.ts'

const chromium = findChromium()
const LINE = '2026-03-01 10:00:00,001 INFO  Accepted connection from 10.1.2.3 for user ada@example.com\n'

describe.skipIf(chromium === null)('the operations page', () => {
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let complaints: string[]

  beforeAll(async () => {
    browser = await launchBrowser(chromium!)
  })
  afterAll(() => browser?.close())

  async function open(url: string): Promise<void> {
    context = await browser.newContext({ baseURL: url, reducedMotion: 'reduce' })
    // Shorter than a test may take, so that the sentence of a failure names what was waited for.
    context.setDefaultTimeout(30_000)
    page = await context.newPage()
    complaints = complaintsOf(page)
  }
  async function close(): Promise<void> {
    await context.close()
    expect(complaints).toEqual([])
  }
  const card = (name: string) => page.getByRole('region', { name, exact: true }).first()

  describe('for everybody on this machine', () => {
    let sluice: RunningSluice
    beforeAll(async () => {
      sluice = await startProduct()
    })
    afterAll(() => sluice?.stop())
    beforeEach(() => open(sluice.url))
    afterEach(close)

    test('says that nothing failed where nothing has, and that workers idle', async () => {
      await page.goto('/operations')
      await page.getByRole('heading', { name: 'Takes uploads' }).waitFor()
      await card('Failures by cause').getByText('No job failed').waitFor()
      await card('Workers').getByText('Idle').first().waitFor()
      await page.getByText('Nobody was called back in the last hour.').waitFor()
      await page.getByText('Nothing is wrong.').waitFor()
    })

    test('tells what ended, how long each stage took, and failures with what to do', async () => {
      await submit(sluice.url, { name: 'good.log', text: LINE })
      await submit(sluice.url, { name: 'bad.log', text: 'a\0b' })
      await page.goto('/operations')
      await page.getByRole('img', { name: /2 submitted, 1 completed, 1 failed, 0 cancelled/ }).waitFor()
      const stages = card('Latency by stage').getByRole('rowheader')
      await stages.nth(4).waitFor()
      expect(await stages.allInnerTexts()).toEqual([
        'Wait for a worker',
        'Ingestion',
        'Redaction',
        'Analysis',
        'Report',
      ])
      await card('Jobs by status').getByRole('link', { name: 'Failed 1' }).click()
      await page.waitForURL('**/?status=failed')

      await page.goBack()
      await card('Failures by cause')
        .getByRole('link', { name: 'Content that the pipeline cannot read' })
        .click()
      await page.waitForURL('**/?status=failed&error=unsupported-content')
      await page.getByText('bad.log').first().waitFor()
      await page.getByRole('button', { name: 'Without cause: unsupported-content' }).click()
      await page.waitForURL('**/?status=failed')
    })

    /** Uploads what keeps a worker busy. @returns the job's id and the pid of whoever has it in hand, and was stopped */
    async function keepBusy(): Promise<{ id: string; pid: number }> {
      const form = new FormData()
      form.append('files', new Blob([LINE.repeat(400_000)]), 'long.log')
      const response = await fetch(`${sluice.url}/api/jobs`, { method: 'POST', body: form })
      const { id } = (await response.json()) as { id: string }
      return { id, pid: await stopHolderOf(id) }
    }
    /** Whoever has it in hand would be done before anybody had looked; `but` one that was killed and may still be named. */
    async function stopHolderOf(id: string, but?: number): Promise<number> {
      const pid = await vi.waitFor(async () => {
        const { items } = (await (await fetch(`${sluice.url}/api/workers`)).json()) as {
          items: { pid: number; jobs: { id: string }[] }[]
        }
        const holder = items.find(({ pid, jobs }) => pid !== but && jobs.some(job => job.id === id))
        expect(holder, 'a worker has it in hand').toBeDefined()
        return holder!.pid
      }, 60_000)
      process.kill(pid, 'SIGSTOP')
      return pid
    }
    const cancel = (id: string) => fetch(`${sluice.url}/api/jobs/${id}/cancel`, { method: 'POST' })

    test('shows what a worker has in hand, with the way to the job', async () => {
      const { id, pid } = await keepBusy()
      await page.goto('/operations')
      await card('Workers').getByRole('link', { name: id }).click()
      await page.waitForURL(`**/jobs/${id}`)
      await cancel(id)
      process.kill(pid, 'SIGCONT')
    })

    test('names a worker that was killed, and shows its job with the one that takes it up', async () => {
      const { id, pid } = await keepBusy()
      await page.goto('/operations')
      const workers = card('Workers')
      const row = workers.getByRole('listitem').filter({ hasText: String(pid) })
      await row.getByRole('link', { name: id }).waitFor()
      process.kill(pid, 'SIGKILL')
      const taken = stopHolderOf(id, pid)
      await row.getByText('Gone').waitFor()
      await row.getByText('last seen').waitFor()
      await page.getByText(/^1 worker has gone without saying so: /).waitFor()

      const other = await taken
      await workers
        .getByRole('listitem')
        .filter({ hasText: String(other) })
        .getByRole('link', { name: id })
        .waitFor()
      expect(await row.getByRole('link').count()).toBe(0)
      expect(await violationsInBothThemes(page)).toEqual([])
      await cancel(id)
      process.kill(other, 'SIGCONT')
    })

    test('keeps the time that is looked at in the address, over a reload', async () => {
      await page.goto('/operations')
      await page.getByRole('button', { name: '24 h' }).click()
      await page.waitForURL('**/operations?minutes=1440')
      await page.getByText('Jobs, each bar 12 min').waitFor()
      await page.reload()
      await page.getByText('Jobs, each bar 12 min').waitFor()
      expect(await page.getByRole('button', { name: '24 h' }).getAttribute('aria-pressed')).toBe('true')
    })

    test('leads into Bull Board, which leads back', async () => {
      await page.goto('/operations')
      await card('Queues').getByRole('link', { name: 'process' }).click()
      await page.waitForURL('**/admin/queues/queue/process')
      expect(await page.goto('/admin/queues').then(response => response!.text())).toContain(
        'Operations in Sluice',
      )
      // Its page is not ours: what it complains of is none of this test's business.
      complaints.length = 0
    })

    test('says which check failed, in its words, where uploads cannot be taken', async () => {
      const messages = ['Redis cannot be reached.']
      const checks = {
        redis: { status: 'failed', messages },
        installation: { status: 'failed', messages },
        storage: { status: 'ok', messages: [] },
      }
      const body = JSON.stringify({ status: 'unavailable', checks })
      await page.route('**/readyz', route =>
        route.fulfill({ status: 503, contentType: 'application/json', body }),
      )
      await page.goto('/operations')
      await page.getByRole('heading', { name: 'Takes no uploads' }).waitFor()
      await page.getByText('Redis failed').waitFor()
      await page.getByText('Redis cannot be reached. See that Redis runs').waitFor()
      await page.getByText('Storage ok').waitFor()
      // What one of them lacks, and with it another, is said once.
      await page.getByText('Installation failed').waitFor()
      expect(await page.getByText('Redis cannot be reached.').count()).toBe(1)
    })

    test('does not go on saying that uploads are taken while nobody answers', async () => {
      await page.goto('/operations')
      await page.getByRole('heading', { name: 'Takes uploads' }).waitFor()
      await page.route(/\/(api|readyz)/, route => route.abort())
      await page.getByRole('heading', { name: 'The service does not answer' }).waitFor()
      await page.getByRole('alert').getByText('The service cannot be reached.').waitFor()
      expect(await page.getByText('Takes uploads').count()).toBe(0)
      await card('Workers').waitFor()
      expect(await violationsInBothThemes(page)).toEqual([])
      await page.unroute(/\/(api|readyz)/)
      await page.getByRole('heading', { name: 'Takes uploads' }).waitFor()
      await page.getByRole('alert').waitFor({ state: 'detached' })
    })

    test('goes on showing what it knew when the service is away, and says so', async () => {
      await page.goto('/operations')
      await card('Workers').waitFor()
      const failure = { status: 500, contentType: 'application/problem+json', body: '{"detail":"It broke."}' }
      await page.route('**/api/stats', route => route.fulfill(failure))
      await page.getByRole('alert').getByText('It broke.').waitFor()
      await card('Workers').waitFor()
      await page.unroute('**/api/stats')
      await page.getByRole('button', { name: 'Try again' }).click()
      await page.getByRole('alert').waitFor({ state: 'detached' })
    })

    test('on a phone nothing is wider than the screen', async () => {
      await page.setViewportSize({ width: 360, height: 740 })
      await page.goto('/operations')
      await card('Queues').waitFor()
      await card('Latency by stage').waitFor()
      expect(await sideways(page)).toEqual([])
    })

    test('can be read by everybody, in both themes', async () => {
      await page.goto('/operations')
      await card('Queues').waitFor()
      await card('Latency by stage').waitFor()
      expect(await violationsInBothThemes(page)).toEqual([])
    })
  })

  describe('where keys are set, and no worker runs', () => {
    const KEYS = {
      ada: 'a-key-of-the-tests-0001',
      vic: 'a-key-of-the-tests-0002',
      una: 'a-key-of-the-tests-0003',
    }
    let sluice: RunningSluice
    beforeAll(async () => {
      sluice = await startProduct({
        SLUICE_API_KEYS: `ada:admin:${KEYS.ada},vic:viewer:${KEYS.vic},una:uploader:${KEYS.una}`,
        SLUICE_WORKERS: '0',
      })
    })
    afterAll(() => sluice?.stop())
    beforeEach(() => open(sluice.url))
    afterEach(close)

    const signIn = (name: keyof typeof KEYS) => context.request.post('/login', { form: { key: KEYS[name] } })

    test('an admin is told that nothing is processed, and how to change that', async () => {
      await signIn('ada')
      await page.goto('/operations')
      await card('Workers').getByText('No worker runs').waitFor()
      await page.getByRole('heading', { name: 'Takes uploads, but 1 thing is wrong' }).waitFor()
      const wrong = page.getByRole('list', { name: 'What is wrong' })
      await wrong.getByText('Start one with npm run worker').waitFor()
      expect(await page.getByText('Nothing is wrong.').count()).toBe(0)
      await card('Queues').getByRole('link', { name: 'Bull Board' }).waitFor()
      expect(await violationsInBothThemes(page)).toEqual([])
    })

    test('a viewer sees all figures, and no way into Bull Board', async () => {
      await signIn('vic')
      await page.goto('/operations')
      await card('Queues')
        .getByRole('rowheader', { name: /^process/ })
        .waitFor()
      await card('Workers').waitFor()
      expect(await page.getByRole('link', { name: 'Bull Board' }).count()).toBe(0)
      expect(await page.locator('a[href^="/admin"]').count()).toBe(0)
    })

    test('an uploader is told that this is not for uploaders', async () => {
      await signIn('una')
      await page.goto('/operations')
      await page.getByRole('heading', { name: 'Not for uploaders' }).waitFor()
      expect(await page.getByRole('link', { name: 'Operations' }).count()).toBe(0)
    })
  })
})
