/** The list of jobs under a burst of others: calm for whoever is at it, and sparing of the service. */
import type { Page, Request } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { findChromium } from '../support/browser.ts'
import { violationsInBothThemes } from './axe.ts'
import { live, row, submit } from './page.ts'
import type { RunningSluice } from './product.ts'
import { visiting } from './visiting.ts'

const chromium = findChromium()
const LOG = '2026-03-01 10:00:00,001 INFO  Accepted connection from 10.1.2.3\n'
const SAID = 'New jobs came in. They wait above the list.'

describe.skipIf(chromium === null)('the list of jobs, while many come in,', () => {
  let sluice: RunningSluice
  let page: Page

  visiting(chromium, begun => ({ sluice, page } = begun))

  const ask = async (method: string, path: string, body?: object) => {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(sluice.url + path, {
      method,
      ...(body && { body: JSON.stringify(body), headers }),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response.status === 204 ? null : ((await response.json()) as { id: string })
  }
  const submitted = (name: string) => submit(sluice.url, { name, text: LOG }, { pipeline: 'inspect' })
  const draft = async (ticket = 'T'): Promise<string> =>
    (await ask('POST', '/api/jobs', { pipeline: 'inspect', metadata: { ticket } }))!.id
  const burst = (count: number) => Promise.all(Array.from({ length: count }, () => draft()))
  const gone = (id: string) => page.locator(`#jobs li[data-job="${id}"][data-gone]`)
  const held = (words: string | RegExp) => page.getByRole('button', { name: words })
  const top = async (id: string) => (await row(page, id).boundingBox())!.y
  const isOlder = (url: URL) => url.searchParams.has('cursor')
  const isNewest = (url: URL) => url.pathname === '/api/jobs' && !isOlder(url)
  const isNextPage = (request: Request) => isOlder(new URL(request.url()))
  /** Time in which the page could do what it must not. */
  const beat = () => page.evaluate('new Promise(done => setTimeout(done, 800))')
  const letGo = () => page.mouse.move(2, 2)

  test('keeps the row under the pointer in its place, tells its progress there, and lets the others in after it', async () => {
    const first = await draft()
    await page.goto('/')
    await live(page)
    await row(page, first).hover()
    const before = await top(first)
    const [last] = await Promise.all([submitted('comes-last.log'), burst(20)])
    await held('21 new jobs').waitFor()
    await ask('POST', `/api/jobs/${first}/cancel`)
    await row(page, first).getByText('Cancelled').waitFor()
    expect(await top(first)).toBe(before)
    expect(await row(page, last).count()).toBe(0)

    await letGo()
    await row(page, last).getByText('Completed').waitFor()
    expect(await held(/new jobs/).count()).toBe(0)
    await row(page, await draft()).waitFor()
  })

  test('keeps rows that are deleted or do not fit any more where they are, until the pointer has left', async () => {
    const [below, unfit, deleted] = [await draft('kept'), await draft('kept'), await draft('kept')]
    await page.goto('/?status=draft&metadata.ticket=kept')
    await live(page)
    await row(page, below).hover()
    const before = await top(below)
    await ask('POST', `/api/jobs/${unfit}/cancel`)
    await ask('DELETE', `/api/jobs/${deleted}`)
    await gone(unfit).waitFor()
    await gone(deleted).getByText('No longer in this list').waitFor()
    expect(await top(below)).toBe(before)
    expect(await violationsInBothThemes(page)).toEqual([])

    await letGo()
    await row(page, deleted).waitFor({ state: 'detached' })
    expect(await row(page, unfit).count()).toBe(0)
    expect(await row(page, below).count()).toBe(1)
  })

  test('holds new ones back from the keyboard and from a selection, says so once, and shows them when asked', async () => {
    const id = await draft()
    await page.goto('/')
    await live(page)
    await row(page, id).waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('x')
    await draft()
    await held('1 new job').waitFor()
    const said = (await page.getByText(SAID).elementHandle())!
    const newest = await draft()
    await held('2 new jobs').waitFor()
    expect([await said.isVisible(), await said.textContent()]).toEqual([true, SAID])
    expect(await row(page, newest).count()).toBe(0)

    await held('2 new jobs').press('Enter')
    await row(page, newest).waitFor()
    await page.getByText('1 selected').waitFor()
    expect(await row(page, id).getByRole('checkbox').isChecked()).toBe(true)
    await draft()
    await held('1 new job').waitFor()
  })

  test('holds new ones back from whoever has scrolled, and begins anew where more came in than a page', async () => {
    await burst(60)
    const [somewhere] = await burst(1)
    await burst(60)
    await page.goto('/')
    await live(page)
    await page.locator('#jobs li').first().waitFor()
    await page.evaluate('scrollTo(0, 59 * 60)')
    await row(page, somewhere!).waitFor()
    const before = await top(somewhere!)
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    await page.route('**/api/jobs?*', async route => {
      await released
      await route.continue()
    })
    await burst(110)
    const newest = await draft()
    release()
    await held('Many new jobs').waitFor()
    expect(await top(somewhere!)).toBe(before)
    await held('Many new jobs').click()
    await row(page, newest).waitFor()
    expect(await page.evaluate('scrollY')).toBe(0)
    await row(page, await draft()).waitFor()
  })

  test('keeps what became of its jobs while an older page was on its way', async () => {
    await burst(120)
    const [changed, deleted] = await burst(2)
    await page.goto('/')
    await live(page)
    await row(page, deleted!).waitFor()
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const asked = page.waitForRequest(isNextPage)
    await page.route(isOlder, async route => {
      const response = await route.fetch()
      await released
      await route.fulfill({ response })
    })
    await page.evaluate('scrollTo(0, 80 * 60)')
    await asked
    await ask('POST', `/api/jobs/${changed}/cancel`)
    const newest = await draft()
    await ask('DELETE', `/api/jobs/${deleted}`)
    await beat()
    release()
    await held('1 new job').waitFor()
    await page.evaluate('scrollTo(0, 0)')
    await row(page, newest).waitFor()
    await row(page, changed!).getByText('Cancelled').waitFor()
    expect(await row(page, deleted!).count()).toBe(0)
  })

  test('asks once for an older page that is refused, says so at its end, and asks again by hand', async () => {
    const [oldest] = await burst(1)
    await burst(120)
    await page.goto('/?status=draft')
    await live(page)
    await page.locator('#jobs li').first().waitFor()
    const asked: string[] = []
    page.on('request', request => isNextPage(request) && asked.push(request.url()))
    const refusal = {
      status: 403,
      contentType: 'application/problem+json',
      body: '{"detail":"Not for you."}',
    }
    await page.route(isOlder, route => route.fulfill(refusal))
    await page.evaluate('scrollTo(0, 80 * 60)')
    await page
      .locator('section', { has: page.locator('#jobs') })
      .getByText('Not for you.')
      .waitFor()
    expect(await violationsInBothThemes(page)).toEqual([])
    await beat()
    expect(asked).toHaveLength(1)
    await page.unroute(isOlder)
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('Not for you.').waitFor({ state: 'detached' })
    await page.evaluate('scrollTo(0, 119 * 60)')
    await row(page, oldest!).waitFor()
  })

  test('is read anew to the end where it missed events, before it is read on', async () => {
    await burst(120)
    const opened = Promise.withResolvers<void>()
    await page.route('**/api/events*', async route => {
      await opened.promise
      await route.continue()
    })
    await page.goto('/')
    await page.locator('#jobs li').first().waitFor()
    await draft()
    const anew = Promise.withResolvers<void>()
    await page.route(isNewest, async route => {
      await anew.promise
      await route.continue().catch(() => {})
    })
    const begun = page.waitForRequest(request => isNewest(new URL(request.url())))
    opened.resolve()
    await begun
    await page.evaluate('scrollTo(0, 80 * 60)')
    await beat()
    anew.resolve()
    await held('1 new job').waitFor()
  })

  test('keeps place and keyboard of whoever opens a job and comes back', async () => {
    await burst(60)
    const [opened] = await burst(1)
    await burst(60)
    await page.goto('/')
    await live(page)
    await page.locator('#jobs li').first().waitFor()
    await page.evaluate('scrollTo(0, 59 * 60)')
    await row(page, opened!).waitFor()
    const before = await top(opened!)
    await row(page, opened!).getByRole('link').click()
    await page.getByRole('heading', { level: 1, name: 'No files yet' }).waitFor()
    await burst(2)
    await page.goBack()
    await page.locator(`[data-job="${opened}"] a:focus`).waitFor()
    await held('2 new jobs').waitFor()
    expect(await top(opened!)).toBe(before)
    await page.keyboard.press('j')
    await page.locator(`[data-job="${opened}"][data-current]`).waitFor()
  })

  test('begins at its top, though the page before it waited to be scrolled back to where it was left', async () => {
    await burst(60)
    await page.goto('/keys')
    await page.evaluate(`sessionStorage.setItem('sluice.place', '{"address":"/keys","top":1200}')`)
    await page.reload()
    await page.getByRole('heading', { level: 1, name: 'Keys' }).waitFor()
    // As who listens to a page clicks: without a pointer.
    await page.getByRole('link', { name: 'Jobs', exact: true }).dispatchEvent('click')
    await page.locator('#jobs li').first().waitFor()
    await beat()
    expect(await page.evaluate('scrollY')).toBe(0)
  })

  test('asks the service for none that a status would not show, and otherwise for a page now and then', async () => {
    await page.goto('/?status=cancelled')
    await live(page)
    const asked: string[] = []
    page.on('request', request => /\/api\/jobs[/?]/.test(request.url()) && asked.push(request.url()))
    const [wanted] = await burst(30)
    // Its event comes after all the others.
    await ask('POST', `/api/jobs/${wanted}/cancel`)
    await row(page, wanted!).waitFor()
    expect(asked).toEqual([`${sluice.url}/api/jobs/${wanted}`])

    await page.goto('/')
    await live(page)
    await page.locator('#jobs li').first().waitFor()
    const began = await page.evaluate('performance.now()')
    for (let round = 0; round < 3; round++) await row(page, (await burst(8))[0]!).waitFor()
    const reads = (await page.evaluate(
      `performance.getEntriesByType('resource')
        .filter(({ name, startTime }) => name.includes('/api/jobs') && startTime > ${began})
        .map(({ startTime }) => startTime)`,
    )) as number[]
    // Up to three jobs one by one, or the first page, and the next ones 1.5 s later.
    const begins = reads.filter((at, index) => index === 0 || at - reads[index - 1]! > 100)
    expect(begins.length).toBeGreaterThan(1)
    for (const [index, at] of begins.entries()) {
      if (index > 0) expect(at - begins[index - 1]!).toBeGreaterThan(1_400)
    }
    expect(reads.length).toBeLessThanOrEqual(3 * begins.length)
  })
})
