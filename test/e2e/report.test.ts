/** The page of a report, on the real service, in a real browser. */
import { readFile } from 'node:fs/promises'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findChromium, launchBrowser } from '../support/browser.ts'
import { violationsInBothThemes } from './axe.ts'
import { sideways, submit } from './page.ts'
import { type RunningSluice, startProduct } from './product.ts'
import { complaintsOf } from './watch.ts'

const chromium = findChromium()
const INCIDENT = await readFile(new URL('../../examples/checkout-incident.log', import.meta.url), 'utf8')

interface Report {
  totals: { entries: number; redactions: Record<string, number> }
  templates: { id: string; template: string; count: number; level: string }[]
  findings: { title: string; severity: string; line: number; at: string }[]
}

describe.skipIf(chromium === null)('the report', () => {
  let sluice: RunningSluice
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let complaints: string[]
  let id: string
  let report: Report

  beforeAll(async () => {
    sluice = await startProduct()
    browser = await launchBrowser(chromium!)
    id = await submit(sluice.url, { name: 'incident.log', text: INCIDENT })
    const answer = await fetch(`${sluice.url}/api/jobs/${id}/artifacts/report.json`)
    report = (await answer.json()) as Report
  })
  afterAll(async () => {
    await browser?.close()
    await sluice?.stop()
  })
  beforeEach(async () => {
    context = await browser.newContext({ baseURL: sluice.url, reducedMotion: 'reduce', timezoneId: 'UTC' })
    context.setDefaultTimeout(30_000)
    page = await context.newPage()
    complaints = complaintsOf(page)
  })
  afterEach(async () => {
    await context.close()
    expect(complaints).toEqual([])
  })

  const findings = () => page.getByRole('region', { name: 'Findings' }).getByRole('listitem')
  const templates = () => page.getByRole('list', { name: 'Templates' }).getByRole('listitem')
  const chart = () => page.getByRole('img', { name: /^Chart of the time/ })

  test('tells the figures, and each finding leads to its line', async () => {
    await page.goto(`/jobs/${id}/report`)
    await page.getByText(report.totals.entries.toLocaleString('en'), { exact: true }).first().waitFor()
    const worst = report.findings.find(({ severity }) => severity === 'high')!
    expect(await findings().count()).toBe(report.findings.length)
    const first = findings().first()
    await first.getByText(worst.title).waitFor()
    await first.getByRole('link').click()
    await page.waitForURL(`**/jobs/${id}/view/redacted%2Fincident.log?line=${worst.line}`)
    await page.locator(`[data-line="${worst.line}"][aria-current]`).waitFor()
  })

  test('where the clock is not UTC, it is told that the texts of findings are', async () => {
    const elsewhere = await browser.newContext({ baseURL: sluice.url, timezoneId: 'Asia/Kolkata' })
    try {
      const there = await elsewhere.newPage()
      await there.goto(`/jobs/${id}/report`)
      await there.getByText('Times within the texts are UTC').waitFor()
      await page.goto(`/jobs/${id}/report`)
      await findings().first().waitFor()
      expect(await page.getByText('Times within the texts are UTC').count()).toBe(0)
    } finally {
      await elsewhere.close()
    }
  })

  test('dragging over the chart shows that time only, in the address, too, until all is shown again', async () => {
    await page.goto(`/jobs/${id}/report`)
    await chart().waitFor()
    const { x, y, width, height } = (await chart().locator('.u-over').boundingBox())!
    await page.mouse.move(x + width * 0.05, y + height / 2)
    await page.mouse.down()
    await page.mouse.move(x + width * 0.2, y + height / 2, { steps: 4 })
    await page.mouse.up()
    await page.waitForURL('**/report?from=*&to=*')
    const params = new URL(page.url()).searchParams
    const [from, to] = [params.get('from')!, params.get('to')!]
    const within = report.findings.filter(({ at }) => at >= from && at < to).length
    expect(within).toBeLessThan(report.findings.length)
    await expect.poll(() => findings().count()).toBe(within)
    await page.getByText(/^\d+ of \d+ kinds of message$/).waitFor()

    await page.reload()
    await page.getByText(/^\d+ of \d+ kinds of message$/).waitFor()
    expect(await findings().count()).toBe(within)
    await page.getByRole('button', { name: 'Show all of the time' }).click()
    await expect.poll(() => findings().count()).toBe(report.findings.length)
    expect(new URL(page.url()).search).toBe('')
  })

  test('the time is chosen from the keyboard as well', async () => {
    await page.goto(`/jobs/${id}/report`)
    await page.getByLabel('From', { exact: true }).fill('2024-03-07T14:07:00')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/report?from=2024-03-07T14%3A07%3A00.000Z*')
    await page.getByText('Nothing stood out in this time.').or(findings().first()).waitFor()
    await page.getByText(/^In this time: /).waitFor()
  })

  test('templates are ranked, searched and narrowed by level; each shows its first entry', async () => {
    await page.goto(`/jobs/${id}/report`)
    const most = report.templates.toSorted((a, b) => b.count - a.count)[0]!
    const top = templates().first()
    await top.getByText(most.count.toLocaleString('en'), { exact: true }).waitFor()
    expect(await top.getByRole('button').textContent()).toBe(most.template)
    await top.getByRole('button').click()
    await top.getByText('Its first entry, in incident.log').waitFor()

    await page.getByRole('button', { name: /^Error \d/ }).click()
    const errors = report.templates.filter(({ level }) => level === 'error').length
    await page.getByText(`${errors} of ${report.templates.length} kinds of message`).waitFor()
    await page.getByRole('searchbox', { name: 'Search templates' }).fill('PLACE ORDER')
    await expect.poll(() => templates().count()).toBe(1)
    await page.waitForURL('**/report?level=error&q=PLACE+ORDER')
    await page.getByRole('searchbox', { name: 'Search templates' }).fill('no such words')
    await page.getByRole('button', { name: 'Show all templates' }).click()
    await page.getByText(`${report.templates.length} kinds of message`, { exact: true }).waitFor()
  })

  test('redactions are counted by kind, and files lead to their texts', async () => {
    await page.goto(`/jobs/${id}/report`)
    const redacted = page.getByRole('region', { name: 'Redacted' })
    for (const [kind, count] of Object.entries(report.totals.redactions)) {
      await redacted
        .getByText(`${kind.replaceAll('_', ' ')}${count}`)
        .first()
        .waitFor()
    }
    await page.getByRole('table').getByRole('link', { name: 'incident.log' }).click()
    await page.waitForURL(`**/view/redacted%2Fincident.log`)
  })

  test('appears by itself where its job is still under way', async () => {
    const json = { 'content-type': 'application/json' }
    const draft = await fetch(`${sluice.url}/api/jobs`, { method: 'POST', headers: json, body: '{}' })
    const later = ((await draft.json()) as { id: string }).id
    await page.goto(`/jobs/${later}/report`)
    await page.getByRole('heading', { name: 'The report is not written yet' }).waitFor()
    const form = new FormData()
    form.append('files', new Blob([INCIDENT]), 'later.log')
    await fetch(`${sluice.url}/api/jobs/${later}/files`, { method: 'POST', body: form })
    await fetch(`${sluice.url}/api/jobs/${later}/submit`, { method: 'POST' })
    await page.getByRole('heading', { name: 'Findings' }).waitFor()
    await page.getByRole('heading', { name: 'Report on later.log' }).waitFor()
  })

  test('where there is none, the page says why', async () => {
    const inspected = await submit(sluice.url, { name: 'a.log', text: INCIDENT }, { pipeline: 'inspect' })
    await page.goto(`/jobs/${inspected}/report`)
    await page.getByRole('heading', { name: 'This job makes no report' }).waitFor()
    const failed = await submit(sluice.url, { name: 'a.bin', text: 'a\0b' })
    await page.goto(`/jobs/${failed}/report`)
    await page.getByRole('heading', { name: 'The job failed before its report' }).waitFor()
    await page.goto('/jobs/none/report')
    await page.getByRole('heading', { name: 'There is no such report' }).waitFor()
  })

  test('a log without times, and an empty one, have a report as well', async () => {
    const timeless = await submit(sluice.url, { name: 'plain.txt', text: 'one\ntwo\n' })
    await page.goto(`/jobs/${timeless}/report`)
    await page.getByText('No entry tells its time').waitFor()
    const empty = await submit(sluice.url, { name: 'empty.log', text: '' })
    await page.goto(`/jobs/${empty}/report`)
    await page.getByRole('heading', { name: 'There is no message' }).waitFor()
  })

  test('twenty thousand templates: only those in view are in the page, and the last one is reached', async () => {
    const [one] = report.templates
    const many = Array.from({ length: 20_000 }, (_, n) => ({
      ...one!,
      id: `t${n}`,
      template: `Kind ${n} of <*>`,
      count: 20_000 - n,
    }))
    await page.route('**/artifacts/report.json', route =>
      route.fulfill({ json: { ...report, templates: many } }),
    )
    await page.goto(`/jobs/${id}/report`)
    await page.getByText('20,000 kinds of message').waitFor()
    expect(await templates().count()).toBeLessThan(80)
    await expect
      .poll(async () => {
        await page.keyboard.press('End')
        return await templates().last().getByRole('button').textContent()
      })
      .toBe('Kind 19999 of <*>')
    expect(await templates().count()).toBeLessThan(80)
  })

  test('says that its job was deleted while it was waited for', async () => {
    const json = { 'content-type': 'application/json' }
    const draft = await fetch(`${sluice.url}/api/jobs`, { method: 'POST', headers: json, body: '{}' })
    const gone = ((await draft.json()) as { id: string }).id
    const followed = page.waitForResponse(each => each.url().includes(`${gone}/events`))
    await page.goto(`/jobs/${gone}/report`)
    await followed
    await fetch(`${sluice.url}/api/jobs/${gone}`, { method: 'DELETE' })
    await page.getByRole('heading', { name: 'There is no such report' }).waitFor()
  })

  test('of two uploads of one name, what was found leads to the lines of the right one', async () => {
    const form = new FormData()
    form.append('files', new Blob(['2024-03-07 10:00:00 INFO fine\n']), 'app.log')
    const trace =
      'ERROR Exception in thread "main" java.lang.IllegalStateException: x\n\tat com.example.A.b(A.java:1)'
    const second = `2024-03-07 11:00:00 INFO start\n2024-03-07 11:00:01 ${trace}\n`
    form.append('files', new Blob([second]), 'app.log')
    const headers = { prefer: 'wait=30' }
    const made = await fetch(`${sluice.url}/api/jobs`, { method: 'POST', body: form, headers })
    const twins = ((await made.json()) as { id: string }).id
    await page.goto(`/jobs/${twins}/report`)
    await findings().first().getByRole('link', { name: 'app-2.log, line 2' }).click()
    await page.waitForURL(`**/jobs/${twins}/view/redacted%2Fapp-2.log?line=2`)
    await page.locator('[data-line="2"][aria-current]').getByText('Exception in thread').waitFor()
    await page.goBack()
    const started = templates().filter({ hasText: 'start' })
    await started.getByRole('link', { name: 'line 1' }).click()
    await page.waitForURL(`**/jobs/${twins}/view/redacted%2Fapp-2.log?line=1`)
  })

  test('a finger chooses a time as well', async () => {
    await page.goto(`/jobs/${id}/report`)
    await chart().waitFor()
    const { x, y, width, height } = (await chart().locator('.u-over').boundingBox())!
    const touch = await context.newCDPSession(page)
    const at = (share: number) => [{ x: x + width * share, y: y + height / 2 }]
    await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: at(0.05) })
    for (const share of [0.1, 0.15, 0.2]) {
      await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: at(share) })
    }
    await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
    await page.waitForURL('**/report?from=*&to=*')
    await page.getByText(/^In this time: /).waitFor()
  })

  test('at every width its figures fill their rows, and on a phone nothing scrolls sideways', async () => {
    const timeless = await submit(sluice.url, { name: 'plain.txt', text: 'one\ntwo\n' })
    await page.goto(`/jobs/${timeless}/report`)
    await page.getByText('None told').waitFor()
    for (const width of [1440, 1024, 720, 390]) {
      await page.setViewportSize({ width, height: 844 })
      const rows = (await page.evaluate(
        `Object.values(Object.groupBy([...document.querySelectorAll('[aria-label="Figures"] > div')], each => each.offsetTop)).map(row => row.length)`,
      )) as number[]
      expect(new Set(rows).size, `${width} px: ${rows}`).toBe(1)
      const wrapped = await page.getByText('None told').evaluate(rectsOf)
      expect(wrapped, `${width} px`).toBe(1)
    }
    expect(await sideways(page)).toEqual([])
  })

  test('keeps to WCAG 2.2 AA in both themes, and to the width of a phone', async () => {
    await page.goto(`/jobs/${id}/report?level=error`)
    await templates().first().getByRole('button').click()
    await chart().waitFor()
    expect(await violationsInBothThemes(page)).toEqual([])
    await page.setViewportSize({ width: 360, height: 740 })
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
    expect(await violationsInBothThemes(page)).toEqual([])
  })
})

/** More than one: its text is broken. */
function rectsOf(element: unknown): number {
  return (element as { getClientRects(): unknown[] }).getClientRects().length
}
