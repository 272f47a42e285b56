/** The product of a test file, with one browser, and a visitor of their own for each test. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { type RunningSluice, startProduct } from './product.ts'
import { type Visitor, visit } from './visitor.ts'

export interface Visit {
  readonly sluice: RunningSluice
  readonly browser: Browser
  readonly visitor: Visitor
  /** The visitor's. */
  readonly page: Page
}

/**
 * Started before the tests of a file, and ended after them.
 *
 * @param chromium its path @param begin is told before each test @param expected what browsers may complain about
 */
export function visiting(chromium: string | null, begin: (visit: Visit) => void, expected?: RegExp): void {
  let sluice: RunningSluice
  let browser: Browser
  let visitor: Visitor

  beforeAll(async () => {
    sluice = await startProduct()
    browser = await launchBrowser(chromium!)
  })
  afterAll(async () => {
    await browser?.close()
    await sluice?.stop()
  })
  beforeEach(async () => {
    visitor = await visit(browser, sluice.url)
    begin({ sluice, browser, visitor, page: visitor.page })
  })
  afterEach(() => visitor.leave(expected))
}
