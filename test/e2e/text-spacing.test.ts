/** Whoever reads with larger letters, or with more room between them, reads all of it (WCAG 1.4.4, 1.4.10, 1.4.12). */
import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findChromium, launchBrowser } from '../support/browser.ts'
import { submit } from './page.ts'
import { type RunningSluice, startProduct } from './product.ts'

const chromium = findChromium()
const INCIDENT = readFileSync(new URL('../../examples/checkout-incident.log', import.meta.url), 'utf8')
const VIEWED = encodeURIComponent('redacted/incident.log')
/** As 1.4.12 has it. */
const SPACING = `* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }
  p { margin-bottom: 2em !important }`
/** What is wider than the page, and what must stay in one line but does not; of what scrolls by itself nothing. */
const FAULTS = `(() => {
  const { scrollWidth, clientWidth } = document.documentElement
  const wrapped = [...document.querySelectorAll('main ol time, [data-line] > a:first-child')].filter(element => {
    const range = document.createRange()
    range.selectNodeContents(element)
    return new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size > 1
  })
  const outside = [...document.querySelectorAll('main h1, main h2, main p, main a, main button, main td, main label')]
    .filter(element => !element.closest('[tabindex="0"]') && element.getBoundingClientRect().right > innerWidth + 1)
  return [
    ...(scrollWidth > clientWidth ? ['the page'] : []),
    ...[...wrapped, ...outside].map(element => element.outerHTML.slice(0, 120)),
  ]
})()`

describe.skipIf(chromium === null)('large and wide letters', () => {
  let sluice: RunningSluice
  let browser: Browser
  let id: string

  beforeAll(async () => {
    sluice = await startProduct()
    browser = await launchBrowser(chromium!)
    id = await submit(sluice.url, { name: 'incident.log', text: INCIDENT })
  })
  afterAll(async () => {
    await browser?.close()
    await sluice?.stop()
  })

  const PAGES: readonly { name: string; path: string; ready: (page: Page) => Promise<void> }[] = [
    { name: 'the page of a job', path: '', ready: page => page.getByText('Wrote report.json').waitFor() },
    {
      name: 'its report',
      path: '/report',
      ready: page => page.getByRole('heading', { name: 'Templates' }).waitFor(),
    },
    {
      name: 'the viewer',
      path: `/view/${VIEWED}?line=200`,
      ready: page => page.locator('[data-line="200"]').waitFor(),
    },
  ]
  test.each(PAGES)(
    'lose nothing on $name: at 200 %, at 400 %, and with room between letters, words and lines',
    async ({ path, ready }) => {
      // The style is the reader's own, which no policy of the page's forbids.
      const context = await browser.newContext({
        baseURL: sluice.url,
        reducedMotion: 'reduce',
        bypassCSP: true,
      })
      try {
        // A window of 1280 by 1024 has at 200 % half of its pixels, at 400 % a quarter.
        for (const [width, height, style] of [
          [640, 512, ''],
          [320, 256, ''],
          [1280, 1024, SPACING],
          [390, 844, SPACING],
        ] as const) {
          const page = await context.newPage()
          page.setDefaultTimeout(30_000)
          await page.setViewportSize({ width, height })
          await page.goto(`/jobs/${id}${path}`)
          await ready(page)
          if (style) await page.addStyleTag({ content: style })
          await page.evaluate('document.fonts.ready')
          expect(await page.evaluate(FAULTS), `${width} px${style && ', spaced'}`).toEqual([])
          await page.close()
        }
      } finally {
        await context.close()
      }
    },
  )
})
