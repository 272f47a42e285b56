/** What the stages log, and jobs that ran many times, on the page of a job: the real service, a real browser. */
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { findChromium } from '../support/browser.ts'
import { violationsInBothThemes } from './axe.ts'
import { live, sideways } from './page.ts'
import type { RunningSluice } from './product.ts'
import { visiting } from './visiting.ts'

const chromium = findChromium()
const INCIDENT = readFileSync(new URL('../../examples/checkout-incident.log', import.meta.url))
const LOG = Array.from({ length: 9_000 }, (_, n) => `2026-03-01 10:00:00 INFO job ${n * 7919}\n`).join('')
const PACKED = gzipSync(LOG)
const RUNS = 20

type Upload = readonly [name: string, content: string | Buffer]

describe.skipIf(chromium === null)('the log of a job', () => {
  let sluice: RunningSluice
  let page: Page

  visiting(chromium, begun => ({ sluice, page } = begun))

  const post = async (path: string, body?: FormData, wait = 0) => {
    const headers = { prefer: `wait=${wait}` }
    const response = await fetch(`${sluice.url}/api/jobs${path}`, {
      method: 'POST',
      headers,
      ...(body && { body }),
    })
    expect(response.ok).toBe(true)
    return (await response.json()) as { id: string; run: number; status: string }
  }
  const formOf = (uploads: readonly Upload[]) => {
    const form = new FormData()
    for (const [name, content] of uploads) form.append('files', new Blob([Buffer.from(content)]), name)
    return form
  }
  const box = () => page.getByRole('region', { name: 'Log lines' })

  test('shows what the stages log as they log it, what they warn of beside the results, and finds lines in it', async () => {
    const { id } = await post('', formOf([['incident.log', INCIDENT]]))
    await page.goto(`/jobs/${id}`)
    await box()
      .getByText(/^"incident\.log" \(utf-8\): 357 entries in 463 lines/)
      .waitFor()
    await box().getByText('135 private details redacted: 89 × ipv4, 39 × email').waitFor()
    await box()
      .getByText(/^Wrote report\.json/)
      .waitFor()
    expect(await page.getByRole('region', { name: 'Warnings' }).count()).toBe(0)

    await page.getByRole('searchbox', { name: 'Search in the log' }).fill('TEMPLATES')
    await page.getByText('1 of 5 lines').waitFor()
    expect(await box().locator('mark').textContent()).toBe('templates')
    await page.getByRole('searchbox', { name: 'Search in the log' }).fill('nowhere')
    await page.getByText('No line is like that.').waitFor()
    expect(await violationsInBothThemes(page)).toEqual([])
  })

  test('grows under the eyes of whoever opened the page before there was any', async () => {
    const upload = await fetch(`${sluice.url}/api/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
    const { id } = (await upload.json()) as { id: string }
    await post(
      `/${id}/files`,
      formOf([
        ...Array.from(
          { length: 9 },
          (_, n): Upload => [`cut-${n}.log.gz`, PACKED.subarray(0, PACKED.length >> 1)],
        ),
        ['plain.txt', 'no time\n'],
      ]),
    )
    await page.goto(`/jobs/${id}`)
    await live(page)
    expect(await box().count()).toBe(0)
    await post(`/${id}/submit`)
    await box()
      .getByText(/^Wrote report\.json/)
      .waitFor()

    const warnings = page.getByRole('region', { name: 'Warnings' })
    await warnings.getByText('"cut-0.log.gz" is not whole: it breaks off or is damaged.').waitFor()
    await warnings.getByRole('link', { name: '7 more warnings in the log' }).click()
    const top = () =>
      page.evaluate("document.querySelector('#log').getBoundingClientRect().top / innerHeight")
    await expect.poll(top).toBeLessThan(1)
    await page.getByLabel('Level').selectOption('Warnings and errors')
    await page.getByText(/^10 of \d+ lines$/).waitFor()
    expect(await violationsInBothThemes(page)).toEqual([])
  })

  test(`of a job of ${RUNS} runs draws only what is in view, begins with the newest, and tells of the others when asked`, async () => {
    const uploads = Array.from({ length: 20 }, (_, n): Upload => [`${n}.log`, 'no time\n'])
    const { id } = await post('', formOf([...uploads, ['core.bin', 'a\0b']]), 30)
    for (let run = 2; run <= RUNS; run++) {
      const retried = await post(`/${id}/retry`)
      expect(retried.run).toBe(run)
      await expect
        .poll(async () => (await fetch(`${sluice.url}/api/jobs/${id}`)).json(), { timeout: 30_000 })
        .toMatchObject({ run, status: 'failed' })
    }
    await page.setViewportSize({ width: 390, height: 844 })
    await page.goto(`/jobs/${id}`)
    // Each of its files has a line in every run.
    await page.getByText(`${RUNS * 20} lines`).waitFor()
    await box().getByText(`${RUNS}/ingestion`).first().waitFor()
    expect(await box().getByRole('listitem').count()).toBeLessThan(100)

    const attempts = page.locator('[aria-labelledby="attempts"] tbody tr')
    expect(await attempts.first().textContent()).toMatch(new RegExp(`^${RUNS}1Failed`))
    expect(await attempts.count()).toBeLessThan(10)
    await page.getByText(`Run ${RUNS - 1} Failed`, { exact: false }).waitFor()
    expect(await page.getByText('Run 1 Failed', { exact: false }).count()).toBe(0)
    expect(await sideways(page)).toEqual([])
    expect(await violationsInBothThemes(page)).toEqual([])

    const all = page.getByRole('button', { name: `Show all ${RUNS}` })
    await all.first().click()
    expect(await attempts.count()).toBe(RUNS)
    await all.click()
    await page.getByText('Run 1 Failed', { exact: false }).click()
    await page.locator('[aria-label="Events of run 1"] [data-type="job.created"]').waitFor()

    await box().hover()
    const toEnd = page.getByRole('button', { name: 'To the end' })
    // A wheel that is turned while the lines are being drawn may move none.
    const turned = async () => {
      await page.mouse.wheel(0, -2_000)
      return toEnd.isVisible()
    }
    await expect.poll(turned, { timeout: 30_000 }).toBe(true)
    await toEnd.click()
    await box().getByText(`${RUNS}/ingestion`).first().waitFor()
  })
})
