/** The page of a job while what serves it, or works on it, is killed; real processes, a real browser. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { REAL, type Sluice, startSluice } from '../supervisor/sluice.ts'
import { findChromium, launchBrowser } from '../support/browser.ts'
import { childrenOf } from '../support/children.ts'
import { freePort } from '../support/redis.ts'
import { events, live, submit } from './page.ts'
import { type Visitor, visit } from './visitor.ts'

const chromium = findChromium()
/** In ms; on a machine without a redis-server one is fetched first. */
const START_TIMEOUT = 60_000
const LOG = '2026-03-01 10:00:00 INFO hello\n'
interface Job {
  readonly id: string
  readonly progress: { readonly stages: readonly { readonly status: string }[] }
}
/** A worker has long to do with it. */
const LONG = Array.from(
  { length: 1_000_000 },
  (_, n) => `2026-03-01 10:00:00 INFO job ${n} of user${n}@example.com\n`,
).join('')

describe.skipIf(chromium === null)('the page of a job', () => {
  let sluice: Sluice
  let url: string
  let directory: string
  let browser: Browser
  let visitor: Visitor
  let page: Page

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sluice-e2e-'))
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    sluice = startSluice({ PORT: String(port), SLUICE_DATA_DIR: directory }, { program: REAL })
    await vi.waitFor(() => expect(sluice.output()).toMatch(/Web UI/), START_TIMEOUT)
    browser = await launchBrowser(chromium!)
  })
  afterAll(async () => {
    await browser?.close()
    await sluice?.end()
    await rm(directory, { recursive: true, force: true })
  })
  beforeEach(async () => {
    visitor = await visit(browser, url)
    page = visitor.page
    // Longer than it takes until a dead worker's job is another's.
    page.setDefaultTimeout(60_000)
  })
  afterEach(() => visitor.leave())

  const pidOf = (program: RegExp) => childrenOf(sluice.pid).find(({ command }) => program.test(command))!.pid
  const killApi = async () => {
    process.kill(pidOf(/api\/main/), 'SIGKILL')
    await expect
      .poll(
        () =>
          fetch(`${url}/livez`).then(
            ({ ok }) => ok,
            () => false,
          ),
        { timeout: START_TIMEOUT },
      )
      .toBe(true)
  }
  const status = (word: string) => page.locator('header [role="status"]').getByText(word, { exact: true })
  const told = () =>
    page
      .locator('[aria-label="Events of run 1"] > li')
      .evaluateAll(lines =>
        lines.map(line => (line as unknown as { dataset: { type: string } }).dataset.type),
      )
  const api = async (method: string, path: string, body: string | FormData | null = null, type?: string) => {
    const headers = type === undefined ? {} : { 'content-type': type }
    const response = await fetch(`${url}/api/jobs${path}`, { method, body, headers })
    expect(response.ok).toBe(true)
    return response.status === 204 ? null : ((await response.json()) as Job)
  }
  /** Uploads until the worker was stopped in the first stage: whoever looks only when that is over looks at the next. */
  const stoppedInIngestion = async () => {
    const pid = pidOf(/workers\/main/)
    for (;;) {
      const form = new FormData()
      form.append('files', new Blob([LONG]), 'long.log')
      const { id } = (await api('POST', '', form))!
      const ingestion = async () => (await api('GET', `/${id}`))!.progress.stages[0]?.status
      await expect.poll(ingestion, { interval: 10 }).toMatch(/running|completed/)
      process.kill(pid, 'SIGSTOP')
      if ((await ingestion()) === 'running') return { id, pid }
      process.kill(pid, 'SIGCONT')
    }
  }

  test('of one under way goes on when the API is killed and comes back, and tells each event once', async () => {
    const { id } = (await api('POST', '', '{}', 'application/json'))!
    await page.goto(`/jobs/${id}`)
    await live(page)
    await killApi()
    const form = new FormData()
    form.append('files', new Blob([LOG]), 'late.log')
    await api('POST', `/${id}/files`, form)
    await api('POST', `/${id}/submit`)
    await status('Completed').waitFor()
    await page.getByRole('heading', { name: 'late.log', level: 1 }).waitFor()
    await page.locator('[data-type="job.completed"]').waitFor()
    const types = (await events(url, id)).map(({ type }) => type).filter(type => type !== 'job.log')
    expect(await told()).toEqual(types.filter((type, index) => type !== types[index - 1]))
    expect(await page.getByRole('alert').count()).toBe(0)
  })

  test('of one that is over stays as it is when the API is killed, and still learns what becomes of it', async () => {
    const id = await submit(url, { name: 'over.log', text: LOG })
    const followed = page.waitForResponse(each => each.url().includes(`/api/events?jobId=${id}`))
    await page.goto(`/jobs/${id}`)
    await status('Completed').waitFor()
    await followed
    await killApi()
    // It may have been asked for while it was away.
    await expect.poll(() => page.getByRole('alert').count(), { timeout: 60_000 }).toBe(0)
    await status('Completed').waitFor()
    await page.getByRole('link', { name: 'View report.json' }).waitFor()
    await api('DELETE', `/${id}`)
    await page.getByRole('heading', { name: 'This job was deleted' }).waitFor()
  })

  test('says that the service cannot be reached for as long as that is so, and no longer', async () => {
    const { id } = (await api('POST', '', '{}', 'application/json'))!
    let isAway = false
    // As a proxy does before it. From the beginning: what a page has open already is not sure to be asked for through it.
    await page.route(`**/api/jobs/${id}**`, route =>
      isAway ? route.fulfill({ status: 502, body: '' }) : route.continue(),
    )
    await page.goto(`/jobs/${id}`)
    await live(page)
    await page.locator('[data-type="job.created"]').waitFor()
    isAway = true
    await killApi()
    const alert = page.getByRole('alert').getByText('The service is not reachable behind its proxy')
    await alert.waitFor()
    isAway = false
    await live(page)
    await alert.waitFor({ state: 'detached' })
  })

  test('asks again for what was refused while its stream only paused', async () => {
    const { id } = (await api('POST', '', '{}', 'application/json'))!
    let isAway = false
    await page.route(`**/api/jobs/${id}`, route =>
      isAway ? route.fulfill({ status: 502, body: '' }) : route.continue(),
    )
    await page.goto(`/jobs/${id}`)
    await live(page)
    await page.locator('[data-type="job.created"]').waitFor()
    isAway = true
    const form = new FormData()
    form.append('files', new Blob([LOG]), 'told.log')
    await api('POST', `/${id}/files`, form)
    const alert = page.getByRole('alert').getByText('The service is not reachable behind its proxy')
    await alert.waitFor()
    isAway = false
    await killApi()
    await page.getByRole('heading', { name: 'told.log', level: 1 }).waitFor()
    await alert.waitFor({ state: 'detached' })
  })

  test('takes no answer that broke off for one, and asks again', async () => {
    const { id } = (await api('POST', '', '{}', 'application/json'))!
    let asked = 0
    // What a process that is killed while it answers leaves of it.
    await page.route(`**/api/jobs/${id}`, route =>
      asked++ === 0
        ? route.fulfill({ contentType: 'application/json', body: `{"id":"${id.slice(0, 8)}` })
        : route.continue(),
    )
    await page.goto(`/jobs/${id}`)
    await live(page)
    await page.locator('[data-type="job.created"]').waitFor()
    await page.getByRole('alert').waitFor({ state: 'detached' })
  })

  test('tells of a worker that was killed at it, and of the one that went on', async () => {
    const { id, pid } = await stoppedInIngestion()
    await page.goto(`/jobs/${id}`)
    await page.locator('[data-stage="ingestion"][data-status="running"]').waitFor()
    process.kill(pid, 'SIGKILL')
    const attempts = page.locator('[aria-labelledby="attempts"] tbody tr')
    await attempts.nth(1).waitFor()
    expect(await attempts.nth(1).textContent()).toMatch(
      new RegExp(`Worker lost.*Its worker died or fell silent\\. This costs no attempt\\..*:${pid}$`),
    )
    await page.locator('[data-type="job.retrying"]').getByText('The worker was lost').waitFor()
    await status('Completed').waitFor()
    await expect.poll(() => attempts.first().textContent()).toMatch(/^1Completed/)
    await page.getByRole('link', { name: 'View report.json' }).waitFor()
  })
})
