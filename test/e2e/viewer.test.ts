/** The viewer of text artifacts, on the real service, in a real browser. */
import { readFile } from 'node:fs/promises'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { findChromium, launchBrowser } from '../support/browser.ts'
import { violationsInBothThemes } from './axe.ts'
import { submit } from './page.ts'
import { type RunningSluice, startProduct } from './product.ts'
import { complaintsOf } from './watch.ts'

const chromium = findChromium()
const INCIDENT = await readFile(new URL('../../examples/checkout-incident.log', import.meta.url), 'utf8')

describe.skipIf(chromium === null)('the viewer', () => {
  let sluice: RunningSluice
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let complaints: string[]
  let incident: string

  beforeAll(async () => {
    sluice = await startProduct()
    browser = await launchBrowser(chromium!)
    incident = await submit(sluice.url, { name: 'incident.log', text: INCIDENT })
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
    context.setDefaultTimeout(30_000)
    page = await context.newPage()
    complaints = complaintsOf(page)
  })
  afterEach(async () => {
    await context.close()
    expect(complaints).toEqual([])
  })

  const open = (id: string, name: string, query = '') =>
    page.goto(`/jobs/${id}/view/${encodeURIComponent(name)}${query}`)
  const line = (number: number) => page.locator(`[data-line="${number}"]`)
  const marked = (number: number) => page.locator(`[data-line="${number}"][aria-current]`)
  const artifactLines = async (id: string, name: string) =>
    (await (await fetch(`${sluice.url}/api/jobs/${id}/artifacts/${name}`)).text()).split('\n')

  test('opens at the line of its address, marked, with what was redacted told from the rest', async () => {
    await open(incident, 'redacted/incident.log', '?line=200')
    await marked(200).waitFor()
    const lines = await artifactLines(incident, 'redacted/incident.log')
    for (const number of [195, 200, 205]) {
      await line(number)
        .getByText(lines[number - 1]!.slice(0, 40))
        .waitFor()
      expect(await line(number).textContent()).toContain(lines[number - 1]!)
    }
    await page.getByText(`${lines.length - 1} lines`).waitFor()
    await page.getByText('[REDACTED:email]', { exact: true }).first().waitFor()
    expect(await page.title()).toBe('incident.log · Sluice')
  })

  test('a line that is chosen stands in the address, and its link can be copied', async () => {
    await open(incident, 'redacted/incident.log')
    await page.getByRole('link', { name: 'Line 12', exact: true }).click()
    await marked(12).waitFor()
    await page.waitForURL('**?line=12')
    await page.getByRole('button', { name: 'Link to line 12' }).click()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(page.url())
    await page.reload()
    await marked(12).waitFor()
  })

  test('a search tells every line that holds the text, and goes through them in both directions', async () => {
    const lines = await artifactLines(incident, 'redacted/incident.log')
    const matching = lines.flatMap((each, at) => (/cardgateway/i.test(each) ? [at + 1] : []))
    await open(incident, 'redacted/incident.log')
    await line(1).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('cardgateway')
    await page.getByText(`${matching.length} lines`).first().waitFor()
    await page.keyboard.press('Enter')
    await marked(matching[0]!).locator('mark').first().waitFor()
    await page.getByText(`1 of ${matching.length} lines`).waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('n')
    await marked(matching[1]!).waitFor()
    await page.keyboard.press('N')
    await page.keyboard.press('N')
    await marked(matching.at(-1)!).waitFor()
    await page.waitForURL(url => url.searchParams.get('q') === 'cardgateway')

    await page.getByRole('button', { name: 'Match case' }).click()
    await page.getByText('Not found').waitFor()
    await page.getByRole('searchbox', { name: 'Search this file' }).fill('Card(Gate')
    await page.getByRole('button', { name: 'Regular expression' }).click()
    await page.getByRole('alert').getByText('Invalid regular expression').waitFor()
    await page.getByRole('searchbox', { name: 'Search this file' }).fill('Card(Gate)?way')
    await page.getByText(`${matching.length} lines`).first().waitFor()
  })

  test('is gone through with the keys of a pager', async () => {
    await open(incident, 'redacted/incident.log')
    await line(1).waitFor()
    const last = (await artifactLines(incident, 'redacted/incident.log')).length - 1
    await page.keyboard.press('G')
    await marked(last).waitFor()
    await page.keyboard.press('k')
    await marked(last - 1).waitFor()
    await page.keyboard.press('g')
    await marked(1).waitFor()
    await page.keyboard.press('PageDown')
    await line(1).waitFor({ state: 'detached' })
    await page.keyboard.press(':')
    await page.keyboard.type('77')
    await page.keyboard.press('Enter')
    await marked(77).waitFor()
    await page.keyboard.press('j')
    await marked(78).waitFor()
    await page.keyboard.press('w')
    await page.getByRole('button', { name: 'Wrap long lines', pressed: true }).waitFor()
    await marked(78).waitFor()
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
  })

  test('a line too long to lay out is cut, and shown whole on demand; markup in it is only text', async () => {
    const markup = '<img src=x onerror="document.title=1">'
    const long = `2026-03-01 10:00:00 INFO ${markup} ${'много '.repeat(20_000)}end`
    const id = await submit(sluice.url, { name: '50% <b>.log', text: `${long}\nnext\n` })
    await open(id, 'redacted/50% <b>.log')
    await line(2).getByText('next').waitFor()
    expect((await line(1).textContent())!.length).toBeLessThan(2_200)
    expect(await line(1).textContent()).toContain(markup)
    await line(1).getByRole('button', { name: 'show all' }).click()
    const dialog = page.getByRole('dialog', { name: 'Line 1' })
    await dialog.getByText(/ end$/).waitFor()
    expect(await dialog.locator('pre').textContent()).toBe(long)
    expect(await page.locator('main img, dialog img').count()).toBe(0)
  })

  test('other texts are shown, too; what is none, is empty or is not there says so', async () => {
    await open(incident, 'report.json')
    await line(1).getByText('{').waitFor()
    const id = await submit(sluice.url, { name: 'empty.log', text: '' })
    await open(id, 'redacted/empty.log')
    await page.getByRole('heading', { name: 'This file is empty' }).waitFor()
    await open(incident, 'redacted/other.log')
    await page.getByRole('heading', { name: 'This job has no such artifact' }).waitFor()
    await open('none', 'redacted/other.log')
    await page.getByRole('heading', { name: 'There is no such job' }).waitFor()
  })

  test('bytes that cannot be read for a while are asked for again on demand', async () => {
    await page.route('**/artifacts/**', route =>
      route.request().headers().range ? route.abort() : route.continue(),
    )
    await open(incident, 'redacted/incident.log')
    await page.getByText('The service cannot be reached.').waitFor()
    await page.unroute('**/artifacts/**')
    await page.getByRole('button', { name: 'Try again' }).click()
    await line(1).getByText('2024-03-07').waitFor()
    expect(await page.getByRole('alert').count()).toBe(0)
  })

  test('keeps to WCAG 2.2 AA in both themes, and to the width of a phone', async () => {
    await open(incident, 'redacted/incident.log', '?line=104&q=order')
    await marked(104).locator('mark').first().waitFor()
    expect(await violationsInBothThemes(page)).toEqual([])
    await page.setViewportSize({ width: 360, height: 740 })
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
    expect(await violationsInBothThemes(page)).toEqual([])
  })

  describe('a log of 200 MB', () => {
    const LINES = 2_000_000
    const textOf = (number: number) =>
      `2026-03-01 10:00:00 ${number % 1_000_000 === 0 ? 'ERROR' : 'INFO '} line ${number} ${'.'.repeat(67 - `${number}`.length)}`
    let id: string

    beforeAll(async () => {
      const parts: string[] = []
      for (let from = 1; from <= LINES; from += 10_000) {
        parts.push(Array.from({ length: 10_000 }, (_, n) => `${textOf(from + n)}\n`).join(''))
      }
      const form = new FormData()
      const log = new Blob(parts, { type: 'text/plain' })
      expect(log.size).toBe(200_000_000)
      form.append('files', log, 'big.log')
      const answer = await fetch(`${sluice.url}/api/jobs`, {
        method: 'POST',
        body: form,
        headers: { prefer: 'wait=60' },
      })
      id = ((await answer.json()) as { id: string }).id
      const status = async () => {
        const job = await (await fetch(`${sluice.url}/api/jobs/${id}`)).json()
        return (job as { status: string }).status
      }
      await vi.waitFor(async () => expect(await status()).toBe('completed'), {
        timeout: 110_000,
        interval: 250,
      })
    })

    test('any line is reached, with few of them in the page and few bytes in memory', async () => {
      await open(id, 'redacted/big.log', '?line=1234567')
      await marked(1_234_567).getByText(textOf(1_234_567)).waitFor()
      await page.getByText('2,000,000 lines').waitFor()
      await page.keyboard.press('G')
      await marked(LINES).getByText(textOf(LINES)).waitFor()
      for (const number of [1, 500_000, 1_999_000, 77]) {
        await page.keyboard.press(':')
        await page.getByRole('textbox', { name: 'Go to line' }).fill(`${number}`)
        await page.keyboard.press('Enter')
        await marked(number).getByText(textOf(number)).waitFor()
      }
      expect(await page.locator('[data-line]').count()).toBeLessThan(100)
      const session = await context.newCDPSession(page)
      await session.send('HeapProfiler.collectGarbage')
      const { usedSize } = await session.send('Runtime.getHeapUsage')
      expect(usedSize).toBeLessThan(60_000_000)
    })

    test('the wheel moves by what it is turned by, in the middle of the file as at its ends', async () => {
      await open(id, 'redacted/big.log', '?line=1000000')
      await marked(1_000_000).waitFor()
      const box = page.getByRole('region', { name: 'Lines' })
      const top = async () => Number(await box.locator('[data-line]').first().getAttribute('data-line'))
      const before = await top()
      await box.hover()
      await page.mouse.wheel(0, 400)
      await expect.poll(top).toBe(before + 20)
      await page.mouse.wheel(0, -200)
      await expect.poll(top).toBe(before + 10)
      await page.keyboard.press('G')
      await marked(LINES).waitFor()
      const last = await top()
      await page.mouse.wheel(0, -400)
      await expect.poll(top).toBe(last - 20)
      await page.mouse.wheel(0, 4_000)
      await line(LINES).waitFor()
    })

    test('the scroll bar leads to the place that it stands for', async () => {
      await open(id, 'redacted/big.log')
      await page.getByText('2,000,000 lines').waitFor()
      const box = page.getByRole('region', { name: 'Lines' })
      await box.evaluate(element => {
        const bar = element as unknown as { scrollTop: number; scrollHeight: number; clientHeight: number }
        bar.scrollTop = (bar.scrollHeight - bar.clientHeight) / 2
      })
      await line(1_000_000).getByText(textOf(1_000_000)).waitFor()
    })

    test('a search finds the only two lines, and can be stopped', async () => {
      await open(id, 'redacted/big.log', '?q=error')
      await page.getByText('2 lines', { exact: true }).waitFor()
      await page.getByRole('button', { name: 'Next match' }).click()
      await marked(1_000_000).waitFor()
      await page.getByRole('button', { name: 'Next match' }).click()
      await marked(2_000_000).waitFor()
      // An expression that tries every way through each line does not end by itself in anybody's time.
      await page.getByRole('button', { name: 'Regular expression' }).click()
      await page.getByRole('searchbox', { name: 'Search this file' }).fill('(\\.+)+x')
      await page.getByRole('button', { name: 'Stop searching' }).click()
      await page.getByText(/stopped at \d+ %/).waitFor()
      await page.keyboard.press('Escape')
      await page.keyboard.press('g')
      await marked(1).waitFor()
    })
  })
})
