/** The page of a job, on the real service, in a real browser. */
import { readFileSync } from 'node:fs'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findChromium, launchBrowser } from '../support/browser.ts'
import { answer, startReceiver } from '../support/receiver.ts'
import { violationsInBothThemes } from './axe.ts'
import { live, sideways, submit } from './page.ts'
import { type RunningSluice, startProduct } from './product.ts'
import { complaintsOf } from './watch.ts'

const chromium = findChromium()
const INCIDENT = readFileSync(new URL('../../examples/checkout-incident.log', import.meta.url), 'utf8')
const LOG = '2026-03-01 10:00:00,001 INFO  Accepted connection from 10.1.2.3\n'
const BINARY = `${LOG}\0`

interface Told {
  readonly id: string
  readonly type: string
}

describe.skipIf(chromium === null)('the page of a job', () => {
  let sluice: RunningSluice
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let complaints: string[]

  beforeAll(async () => {
    sluice = await startProduct({ SLUICE_WEBHOOK_ALLOW: '127.0.0.1/32' })
    browser = await launchBrowser(chromium!)
  })
  afterAll(async () => {
    await browser?.close()
    await sluice?.stop()
  })
  beforeEach(async () => {
    context = await browser.newContext({
      baseURL: sluice.url,
      reducedMotion: 'reduce',
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    // Shorter than a test may take, so that the sentence of a failure names what was waited for.
    context.setDefaultTimeout(30_000)
    page = await context.newPage()
    complaints = complaintsOf(page)
  })
  afterEach(async () => {
    await context.close()
    expect(complaints).toEqual([])
  })

  const api = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${sluice.url}/api${path}`, {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    })
    expect(response.ok).toBe(true)
    return response.status === 204 ? null : await response.json()
  }
  const history = async (id: string) => ((await api('GET', `/jobs/${id}/events`)) as { items: Told[] }).items
  const draft = async () => ((await api('POST', '/jobs', {})) as { id: string }).id
  const status = (word: string) => page.locator('header [role="status"]').getByText(word, { exact: true })
  const action = async (name: string | RegExp) => {
    await page.getByRole('button', { name: 'Actions' }).click()
    await page.getByRole('menuitem', { name }).click()
  }

  test('tells the whole story of a job: states, stages, files, report, events and callback', async () => {
    const receiver = await startReceiver({ respond: [answer(410, { body: 'moved away' }), answer(204)] })
    const id = await submit(
      sluice.url,
      { name: 'incident.log', text: INCIDENT },
      { callbackUrl: receiver.url, metadata: '{"ticket":"INC-42","attempt":3}', priority: '5' },
    )
    const { files } = (await api('GET', `/jobs/${id}`)) as { files: { sha256: string }[] }
    await page.goto(`/jobs/${id}`)
    await page.getByRole('heading', { name: 'incident.log', level: 1 }).waitFor()
    await status('Completed').waitFor()
    const here = page.locator('[aria-label="How it may end"] [aria-current="step"]')
    expect(await here.textContent()).toContain('Completed')
    for (const stage of ['ingestion', 'redaction', 'analysis', 'report']) {
      const step = page.locator(`[data-stage="${stage}"]`)
      expect(await step.getAttribute('data-status')).toBe('completed')
      await step.getByText(/^[\d.]+ m?s$/).waitFor()
    }

    await page.getByRole('button', { name: `${files[0]!.sha256.slice(0, 10)}…` }).click()
    await page.getByText('Copied').waitFor()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(files[0]!.sha256)
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Download incident.log' }).click()
    expect(readFileSync(await (await download).path(), 'utf8')).toBe(INCIDENT)

    await page
      .frameLocator('iframe[title="Preview of report.html"]')
      .getByRole('heading', { name: 'incident.log' })
      .waitFor()
    expect(await page.locator('iframe').getAttribute('sandbox')).toBe('')
    await page.getByRole('link', { name: 'View redacted/incident.log' }).waitFor()

    await page.getByText('Job ready for processing').waitFor()
    await page.getByText(/^Stage redaction completed in/).waitFor()
    await page.getByText('INC-42', { exact: true }).waitFor()
    await page.getByRole('table').getByText('Completed').waitFor()

    const delivery = page.getByRole('article', { name: 'Delivery of job.completed' })
    await delivery.getByText('Failed').waitFor()
    await delivery.getByText('410', { exact: true }).waitFor()
    await delivery.getByText('What was answered').click()
    await delivery.getByText('moved away').waitFor()
    await delivery.getByRole('button', { name: 'Send it again' }).click()
    await delivery.getByText('Delivered').waitFor()
    await delivery.getByText('204', { exact: true }).waitFor()
    expect(await violationsInBothThemes(page)).toEqual([])

    await page.getByRole('link', { name: 'Open report', exact: true }).click()
    await page.waitForURL(`**/jobs/${id}/report`)
    await receiver.close()
  })

  test('leads a draft to its end: files in and out, submitted, and followed to the report without a reload', async () => {
    const id = await draft()
    await page.goto(`/jobs/${id}`)
    await page.getByRole('heading', { name: 'This draft has no files yet' }).waitFor()
    await live(page)
    expect(await violationsInBothThemes(page)).toEqual([])
    const input = page.getByLabel('Files to add')
    await input.setInputFiles([
      { name: 'one.log', mimeType: 'text/plain', buffer: Buffer.from(LOG) },
      { name: 'two.log', mimeType: 'text/plain', buffer: Buffer.from(LOG) },
    ])
    await page.getByRole('button', { name: 'Take two.log out' }).click()
    await page.getByText('two.log taken out').waitFor()
    await page.getByRole('button', { name: 'Submit' }).click()
    await status('Completed').waitFor()
    await page.getByText('1 of 1 file attached').waitFor()
    await page.getByRole('link', { name: 'Download report.json' }).waitFor()
  })

  test('leads with the reason of a failure and what to do, and tells each run of a retried job', async () => {
    const id = await submit(sluice.url, { name: 'core.bin', text: BINARY })
    const over = page.waitForResponse(each => each.url().includes(`${id}/events`) && each.status() === 204)
    await page.goto(`/jobs/${id}`)
    const why = page.getByRole('region', { name: 'Why it failed' })
    await why.getByRole('heading', { name: /^"core\.bin" is not a text log/ }).waitFor()
    await why.getByText('run it again with another pipeline').waitFor()
    await why.getByText('unsupported-content').waitFor()
    // Nothing comes by the first run's stream any more.
    await over
    await why.getByRole('button', { name: 'Retry' }).click()
    await page.getByText('Retried by hand: run 2').waitFor()
    await page.locator('[aria-label="Events of run 2"] [data-type="job.failed"]').waitFor()
    await page.getByRole('table').getByText('"core.bin" is not a text log').nth(1).waitFor()
    await page.getByText('Run 1', { exact: false }).click()
    await page.locator('[aria-label="Events of run 1"] [data-type="job.created"]').waitFor()
    expect(await violationsInBothThemes(page)).toEqual([])
  })

  test('tells each event once, though its stream is cut and tells some again', async () => {
    const id = await submit(sluice.url, { name: 'cut.log', text: LOG }, { pipeline: 'inspect' })
    const told = await history(id)
    const asStream = (events: readonly Told[]) =>
      events.map(each => `id: ${each.id}\nevent: ${each.type}\ndata: ${JSON.stringify(each)}\n\n`).join('')
    let opened = 0
    await page.route(`**/api/jobs/${id}/events*`, route => {
      opened += 1
      // The first goes on as far as the middle; the second begins anew, as one does that knows of no other.
      if (opened === 1) return route.fulfill(stream(asStream(told.slice(0, 5))))
      if (opened === 2) return route.fulfill(stream(asStream(told)))
      return route.continue()
    })
    await page.goto(`/jobs/${id}`)
    const moments = page.locator('[aria-label="Events of run 1"] > li')
    await moments.filter({ hasText: /^[\d:.]+Completed/ }).waitFor()
    expect(opened).toBeGreaterThan(1)
    const types = await moments.evaluateAll(lines =>
      lines.map(line => (line as unknown as { dataset: { type: string } }).dataset.type),
    )
    const folded = told
      .map(({ type }) => type)
      .filter((type, index) => type !== told[index - 1]?.type && type !== 'job.log')
    expect(types).toEqual(folded)
  })

  test('says that a job was deleted while somebody looked at it, and that there never was one', async () => {
    const id = await draft()
    await page.goto(`/jobs/${id}`)
    await live(page)
    await api('DELETE', `/jobs/${id}`)
    await page.getByRole('heading', { name: 'This job was deleted' }).waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'There is no such job' }).waitFor()
    await page.getByRole('link', { name: 'To the jobs' }).click()
    await page.waitForURL(`${sluice.url}/`)
  })

  test('that has ended still learns that somebody else deletes it', async () => {
    const id = await draft()
    await api('POST', `/jobs/${id}/cancel`)
    // Only then has the job's own stream nothing left to tell.
    const over = page.waitForResponse(
      response => response.url().includes(`/jobs/${id}/events`) && response.status() === 204,
    )
    await page.goto(`/jobs/${id}`)
    await status('Cancelled').waitFor()
    await over
    await api('DELETE', `/jobs/${id}`)
    await page.getByRole('heading', { name: 'This job was deleted' }).waitFor()
  })

  test('is kept up to date over a stream that was refused, and says what cannot be reached', async () => {
    const id = await draft()
    const unavailable = { status: 503, contentType: 'application/problem+json', body: '{}' }
    await page.route(`**/api/jobs/${id}`, route => route.fulfill(unavailable), { times: 1 })
    await page.route(`**/api/jobs/${id}/events*`, route => route.fulfill(unavailable), { times: 1 })
    await page.goto(`/jobs/${id}`)
    await page.getByRole('heading', { name: 'This draft has no files yet' }).waitFor()
    await live(page)
    await api('POST', `/jobs/${id}/cancel`)
    await status('Cancelled').waitFor()
  })

  test('is where one left it when one comes back from its viewer or its report', async () => {
    const id = await submit(sluice.url, { name: 'incident.log', text: INCIDENT })
    const scrolled = () => page.evaluate<number>('scrollY')
    await page.setViewportSize({ width: 900, height: 500 })
    await page.goto(`/jobs/${id}`)
    await page.getByText('Wrote report.json').waitFor()
    for (const [name, there] of [
      ['View redacted/incident.log', '[data-line="5"]'],
      ['View report.json', '[data-line="5"]'],
      ['Open report', 'text=Templates'],
    ] as const) {
      const link = page.getByRole('link', { name, exact: true })
      // From the keyboard, so that nothing scrolls to be clicked.
      await link.focus()
      const from = await scrolled()
      await page.mouse.move(450, 100)
      await page.mouse.wheel(0, 300)
      await expect.poll(scrolled).toBeGreaterThan(from + 250)
      const before = await scrolled()
      await page.keyboard.press('Enter')
      await page.locator(there).first().waitFor()
      await expect.poll(scrolled).toBe(0)
      await page.goBack()
      await page.getByText('Wrote report.json').waitFor()
      await expect.poll(async () => Math.abs((await scrolled()) - before)).toBeLessThan(60)
    }
  })

  test('asks before it cancels and before it deletes', async () => {
    const id = await draft()
    await page.goto(`/jobs/${id}`)
    await page.getByRole('button', { name: 'Cancel job' }).click()
    await page.getByRole('button', { name: 'Let it go on' }).click()
    expect(await api('GET', `/jobs/${id}`)).toMatchObject({ status: 'draft' })
    await page.getByRole('button', { name: 'Cancel job' }).click()
    await page.getByRole('button', { name: 'Cancel the job' }).click()
    await status('Cancelled').waitFor()

    await action('Delete…')
    await page.getByRole('button', { name: 'Keep it' }).click()
    expect(await api('GET', `/jobs/${id}`)).toMatchObject({ status: 'cancelled' })
    await action('Delete…')
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
    await page.waitForURL(`${sluice.url}/`)
    expect((await fetch(`${sluice.url}/api/jobs/${id}`)).status).toBe(404)
  })

  test('copies its id, itself and its upload as curl', async () => {
    const id = await submit(sluice.url, { name: "it's.log", text: LOG }, { pipeline: 'inspect' })
    await page.goto(`/jobs/${id}`)
    const clipboard = () => page.evaluate('navigator.clipboard.readText()')
    await action('Copy id')
    await expect.poll(clipboard).toBe(id)
    await action('Copy as curl: this job')
    await expect.poll(clipboard).toBe(`curl ${sluice.url}/api/jobs/${id}`)
    await action('Copy as curl: the upload')
    await expect
      .poll(clipboard)
      .toBe(`curl ${sluice.url}/api/jobs \\\n  -F 'files=@it'\\''s.log' \\\n  -F pipeline=inspect`)
  })

  test('runs its files again with what was changed, and says beside a setting what was refused about it', async () => {
    const id = await submit(sluice.url, { name: 'again.log', text: LOG }, { metadata: '{"n":3}' })
    await page.goto(`/jobs/${id}`)
    await action('Run again with other settings…')
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Pipeline').selectOption('inspect')
    await dialog.getByLabel('Callback URL').fill('http://10.0.0.1/')
    expect(await violationsInBothThemes(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Run again' }).click()
    await dialog.getByText(/SLUICE_WEBHOOK_ALLOW/).waitFor()
    await dialog.getByLabel('Callback URL').fill('')
    await dialog.getByRole('button', { name: 'Run again' }).click()
    await page.getByText('A new job was made of the same files.').waitFor()
    await page.waitForURL(url => !url.pathname.endsWith(id))
    await status('Completed').waitFor()
    await page.getByRole('link', { name: 'Download manifest.json' }).waitFor()
    const other = new URL(page.url()).pathname.split('/').at(-1)
    expect(await api('GET', `/jobs/${other}`)).toMatchObject({
      pipeline: 'inspect',
      callbackUrl: null,
      metadata: { n: 3 },
      files: [{ name: 'again.log' }],
    })
  })

  test('offers another pipeline where the one it had cannot read the file', async () => {
    const id = await submit(sluice.url, { name: 'core.bin', text: BINARY })
    await page.goto(`/jobs/${id}`)
    const why = page.getByRole('region', { name: 'Why it failed' })
    await why.getByRole('button', { name: 'Run again…' }).click()
    await page.getByRole('dialog').getByLabel('Pipeline').selectOption('inspect')
    await page.getByRole('dialog').getByRole('button', { name: 'Run again' }).click()
    await page.waitForURL(url => !url.pathname.endsWith(id))
    await status('Completed').waitFor()
  })

  test('of a hundred files shows few until asked, and scrolls nothing sideways on a phone', async () => {
    const form = new FormData()
    for (let n = 0; n < 100; n++) form.append('files', new Blob([LOG]), `service-${n}.log`)
    const headers = { prefer: 'wait=30' }
    const made = await fetch(`${sluice.url}/api/jobs`, { method: 'POST', body: form, headers })
    const { id } = (await made.json()) as { id: string }
    await page.setViewportSize({ width: 390, height: 844 })
    await page.goto(`/jobs/${id}`)
    await status('Completed').waitFor()
    await page.getByText('service-0.log', { exact: true }).first().waitFor()
    expect(await page.locator('[data-file]').count()).toBeLessThan(20)
    expect(await sideways(page)).toEqual([])
    expect(await violationsInBothThemes(page)).toEqual([])
    await page.getByRole('button', { name: 'Show all 100', exact: true }).click()
    expect(await page.locator('[data-file]').count()).toBe(100)
    await page.getByRole('button', { name: 'Show all 103' }).click()
    await page.getByRole('link', { name: 'View redacted/service-99.log' }).waitFor()
  })

  test('shows names and metadata of strangers as text', async () => {
    const hostile = '"><img src=x onerror="document.title=1">.log'
    const id = await submit(
      sluice.url,
      { name: hostile, text: LOG },
      { pipeline: 'inspect', metadata: JSON.stringify({ [hostile]: hostile }) },
    )
    await page.goto(`/jobs/${id}`)
    await status('Completed').waitFor()
    expect(await page.locator('img[src="x"]').count()).toBe(0)
    expect(await page.locator('dl').getByText('onerror').count()).toBe(2)
  })
})

describe.skipIf(chromium === null)('the page of a job, for who may only look', () => {
  let sluice: RunningSluice
  let browser: Browser
  beforeAll(async () => {
    sluice = await startProduct({
      SLUICE_API_KEYS: 'ann:uploader:a-long-secret-of-ann,vic:viewer:a-long-secret-of-vic',
    })
    browser = await launchBrowser(chromium!)
  })
  afterAll(async () => {
    await browser?.close()
    await sluice?.stop()
  })

  test('offers neither the uploaded bytes nor anything that changes the job', async () => {
    const form = new FormData()
    form.append('files', new Blob([BINARY]), 'core.bin')
    const made = await fetch(`${sluice.url}/api/jobs`, {
      method: 'POST',
      body: form,
      headers: { authorization: 'Bearer a-long-secret-of-ann', prefer: 'wait=30' },
    })
    const { id } = (await made.json()) as { id: string }
    const open = async (key: string) => {
      const context = await browser.newContext({ baseURL: sluice.url })
      const page = await context.newPage()
      await page.goto(`/login?next=/jobs/${id}`)
      await page.getByLabel('API key').fill(key)
      await page.keyboard.press('Enter')
      await page.getByRole('region', { name: 'Why it failed' }).waitFor()
      return page
    }
    const viewer = await open('a-long-secret-of-vic')
    await viewer.getByRole('cell', { name: 'core.bin' }).first().waitFor()
    expect(await viewer.getByRole('link', { name: /^Download/ }).count()).toBe(0)
    expect(await viewer.getByRole('button', { name: 'Retry' }).count()).toBe(0)
    await viewer.getByRole('button', { name: 'Actions' }).click()
    expect(await viewer.getByRole('menuitem').allInnerTexts()).toEqual([
      'Copy id',
      'Copy as curl: this job',
      'Copy as curl: the upload',
    ])
    const uploader = await open('a-long-secret-of-ann')
    await uploader.getByRole('link', { name: 'Download core.bin' }).waitFor()
    await uploader.getByRole('button', { name: 'Retry' }).waitFor()
  })
})

function stream(body: string) {
  return { status: 200, contentType: 'text/event-stream', body }
}
