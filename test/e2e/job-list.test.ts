/** The list of jobs, on the real service, in a real browser. */
import type { Browser, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { findChromium } from '../support/browser.ts'
import { violationsInBothThemes } from './axe.ts'
import { jobIds, live, row, submit } from './page.ts'
import type { RunningSluice } from './product.ts'
import { visiting } from './visiting.ts'
import type { Visitor } from './visitor.ts'

const chromium = findChromium()
const LOG = '2026-03-01 10:00:00,001 INFO  Accepted connection from 10.1.2.3\n'
const HOSTILE = '"><img src=x onerror="document.title=1">.log'
const NOTHING = 'No job matches'

describe.skipIf(chromium === null)('the list of jobs', () => {
  let sluice: RunningSluice
  let browser: Browser
  let visitor: Visitor
  let page: Page

  visiting(chromium, begun => ({ sluice, browser, visitor, page } = begun))

  const add = (name: string, fields?: Record<string, string>) =>
    submit(sluice.url, { name, text: LOG }, { pipeline: 'inspect', ...fields })

  const cancelled = async (): Promise<string> => {
    const draft = { method: 'POST', body: '{"pipeline":"inspect"}' }
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${sluice.url}/api/jobs`, { ...draft, headers })
    const { id } = (await response.json()) as { id: string }
    await fetch(`${sluice.url}/api/jobs/${id}/cancel`, { method: 'POST' })
    return id
  }

  test('says what to do where there is nothing yet', async () => {
    await page.goto('/')
    await page.getByRole('heading', { name: 'No jobs yet' }).waitFor()
    await page.getByRole('link', { name: 'Upload files' }).click()
    await page.waitForURL('**/upload')
  })

  test('shows what others submit, and how it goes on, without a reload', async () => {
    await page.goto('/')
    await live(page)
    const id = await add('from-elsewhere.log')
    await row(page, id).getByText('Completed').waitFor()
    await row(page, id).getByRole('link', { name: 'from-elsewhere.log' }).waitFor()
  })

  test('lets go of a job that somebody else deletes', async () => {
    const id = await add('soon-deleted.log')
    const other = await add('stays.log')
    await page.goto('/')
    await live(page)
    await row(page, id).waitFor()
    expect((await fetch(`${sluice.url}/api/jobs/${id}`, { method: 'DELETE' })).status).toBe(204)
    await row(page, id).waitFor({ state: 'detached' })
    expect(await row(page, other).count()).toBe(1)
  })

  test('opens a refused stream again, and is loaded anew where it missed events', async () => {
    const unavailable = { status: 503, contentType: 'application/problem+json', body: '{}' }
    await page.route('**/api/events*', route => route.fulfill(unavailable), { times: 1 })
    await page.goto('/')
    await page.locator('[data-testid="live"][data-state="connecting"]').waitFor()
    const id = await add('meanwhile.log')
    await live(page)
    await row(page, id).waitFor()
  })

  test('keeps its filter in the address, over a reload and back from a job', async () => {
    const id = await add('kept.log')
    await page.goto('/')
    await row(page, id).waitFor()
    await page.getByRole('button', { name: 'Cancelled' }).click()
    await page.getByRole('heading', { name: NOTHING }).waitFor()
    expect(new URL(page.url()).search).toBe('?status=cancelled')
    await page.reload()
    await page.getByRole('heading', { name: NOTHING }).waitFor()
    expect(await page.getByRole('button', { name: 'Cancelled' }).getAttribute('aria-pressed')).toBe('true')

    await page.getByRole('button', { name: 'Cancelled' }).click()
    await page.getByRole('button', { name: 'Completed' }).click()
    await row(page, id).getByRole('link', { name: 'kept.log' }).click()
    await page.waitForURL(`**/jobs/${id}`)
    await page.goBack()
    await row(page, id).waitFor()
    expect(new URL(page.url()).search).toBe('?status=completed')
  })

  test('is narrowed by a click on a value of the metadata, and by text in names', async () => {
    const [wanted, other] = [
      await add('one.log', { metadata: '{"ticket":"INC-1"}' }),
      await add('two.log', { metadata: '{"ticket":"INC-2"}' }),
    ]
    await page.goto('/')
    await row(page, wanted).getByRole('button', { name: 'ticket: INC-1' }).click()
    await row(page, other).waitFor({ state: 'detached' })
    await row(page, wanted).waitFor()
    expect(new URL(page.url()).searchParams.get('metadata.ticket')).toBe('INC-1')
    await page.getByRole('button', { name: 'Clear filter' }).click()
    await row(page, other).waitFor()

    await page.getByRole('searchbox', { name: 'Search' }).fill('TWO.l')
    await row(page, wanted).waitFor({ state: 'detached' })
    await row(page, other).waitFor()
    await page.getByRole('searchbox', { name: 'Search' }).fill('ticket=INC-1')
    await row(page, wanted).waitFor()
    await row(page, other).waitFor({ state: 'detached' })
  })

  test('is typed into without a break, while it is narrowed by what was typed so far', async () => {
    const [wanted, other] = [await add('axolotl.log'), await add('axis.log')]
    await page.goto('/')
    await row(page, other).waitFor()
    await page.getByRole('searchbox', { name: 'Search' }).pressSequentially('axo')
    await row(page, other).waitFor({ state: 'detached' })
    await row(page, wanted).waitFor()
    await page.keyboard.type('lx')
    await page.waitForURL(({ searchParams }) => searchParams.get('q') === 'axolx')
    await row(page, wanted).waitFor({ state: 'detached' })
  })

  test('is up to date under a filter that one comes back to', async () => {
    await page.goto('/')
    await live(page)
    await row(page, await add('before.log')).waitFor()
    await page.getByRole('button', { name: 'Cancelled' }).click()
    await page.getByRole('heading', { name: NOTHING }).waitFor()
    const id = await add('while-elsewhere.log')
    // What the events have told is taken in, in their order, by the list that is shown then, and by no other.
    await row(page, await cancelled()).waitFor()
    await page.getByRole('button', { name: 'Cancelled' }).click()
    await row(page, id).waitFor()
  })

  test('deletes what was selected, once that was confirmed, and tells what could not be', async () => {
    const ids = [await add('first.log'), await add('second.log'), await add('third.log')]
    await page.goto('/')
    await row(page, ids[0]!).getByRole('checkbox').check()
    await row(page, ids[2]!).getByRole('checkbox').check()
    await page.getByText('2 selected').waitFor()
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('button', { name: 'Leave them' }).click()
    expect(await jobIds(sluice.url)).toEqual(expect.arrayContaining(ids))

    await page.getByRole('button', { name: 'Retry' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Retry' }).click()
    await page.getByText('Retried 0 jobs. 2 jobs could not be (job-not-failed).').waitFor()

    await row(page, ids[0]!).getByRole('checkbox').check()
    await row(page, ids[2]!).getByRole('checkbox').check()
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
    await page.getByText('Deleted 2 jobs.').waitFor()
    expect(await jobIds(sluice.url)).toContain(ids[1])
    expect(await jobIds(sluice.url)).not.toEqual(expect.arrayContaining([ids[0]]))
    await row(page, ids[0]!).waitFor({ state: 'detached' })
  })

  test('is used from the keyboard alone', async () => {
    const older = await add('older.log')
    const newer = await add('newer.log')
    await page.goto('/')
    await row(page, older).waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('x')
    await page.getByText('1 selected').waitFor()
    expect(await row(page, newer).getByRole('checkbox').isChecked()).toBe(true)
    await page.keyboard.press('Escape')
    await page.getByText('1 selected').waitFor({ state: 'detached' })
    await page.keyboard.press('/')
    await page.keyboard.type('older')
    await page.waitForURL('**/?q=older')
    await row(page, newer).waitFor({ state: 'detached' })
    await row(page, older).waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('g')
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/jobs/${older}`)
  })

  test('keeps the keyboard at its job when others are let in, and does nothing to one that is gone', async () => {
    const id = await add('at-hand.log')
    await page.goto('/')
    await live(page)
    await row(page, id).waitFor()
    await page.keyboard.press('ArrowDown')
    await page.locator(`[data-job="${id}"][data-current]`).waitFor()
    const newer = await add('comes-in.log')
    await page.getByRole('button', { name: '1 new job' }).waitFor()
    await page.keyboard.press('Escape')
    await row(page, newer).waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Space')
    await page.getByText('1 selected').waitFor()
    expect(await row(page, id).getByRole('checkbox').isChecked()).toBe(true)
    await fetch(`${sluice.url}/api/jobs/${id}`, { method: 'DELETE' })
    await row(page, id).getByText('No longer in this list').waitFor()
    await page.keyboard.press('Enter')
    await page.keyboard.press('x')
    expect(await page.getByText(/selected/).count()).toBe(0)
    expect(new URL(page.url()).pathname).toBe('/')
    await page.keyboard.press('Escape')
    await row(page, id).waitFor({ state: 'detached' })
  })

  test('and everything else is found from the command palette', async () => {
    const id = await add('needle-in-the-palette.log')
    await page.goto('/')
    await live(page)
    await page.keyboard.press('Control+k')
    await page.keyboard.type('needle-in')
    await page.getByRole('option', { name: /needle-in-the-palette/ }).waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/jobs/${id}`)
    await page.keyboard.press('Control+k')
    await page.keyboard.type('upl')
    await page.getByRole('option', { name: 'Upload' }).waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL('**/upload')
  })

  test('the command palette comes and goes by its key, with the newest jobs before what is seldom wanted', async () => {
    const name = `${'very-'.repeat(40)}long.log`
    await add(name)
    await page.setViewportSize({ width: 360, height: 740 })
    await page.goto('/')
    await live(page)
    await page.keyboard.press('Control+k')
    const job = page.getByRole('option', { name })
    await job.waitFor()
    expect((await job.boundingBox())!.height).toBeLessThan(50)
    const options = await page.getByRole('option').allTextContents()
    expect(options.findIndex(each => each.startsWith('very-'))).toBeLessThan(options.indexOf('Light theme'))
    await page.keyboard.press('Control+k')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.keyboard.down('Control')
    for (let held = 0; held < 4; held++) await page.keyboard.down('k')
    await page.getByRole('dialog').waitFor()
  })

  test('the command palette says that it looks, and that nothing was found only once that is known', async () => {
    await page.goto('/')
    await live(page)
    const { promise: held, resolve: go } = Promise.withResolvers<void>()
    const asked: string[] = []
    await page.route('**/api/jobs?*', async route => {
      asked.push(new URL(route.request().url()).searchParams.get('q') ?? '')
      await held
      await route.continue()
    })
    await page.keyboard.press('Control+k')
    await page.keyboard.type('no-such-job')
    await page.getByText('Looking for jobs…').waitFor()
    expect(await page.getByText('Nothing fits.').count()).toBe(0)
    go()
    await page.getByText('Nothing fits.').waitFor()
    expect(asked.at(-1)).toBe('no-such-job')
  })

  test('that is refused for a minute says so at once, and is asked again by hand', async () => {
    const id = await add('limited.log')
    const body = JSON.stringify({ code: 'rate-limited', detail: 'Too much was asked. Try again in 59 s.' })
    await page.route('**/api/jobs?*', route =>
      route.fulfill({
        status: 429,
        contentType: 'application/problem+json',
        headers: { 'retry-after': '59' },
        body,
      }),
    )
    await page.goto('/')
    // When its stream opens, the list is asked by itself once more.
    await live(page)
    await page.getByText('Too much was asked.').waitFor()
    await page.unroute('**/api/jobs?*')
    await page.getByRole('button', { name: 'Try again' }).click()
    await row(page, id).waitFor()
  })

  test('a file name made of markup is only ever text', async () => {
    const id = await add(HOSTILE)
    await page.goto('/')
    await row(page, id).getByText(HOSTILE).first().waitFor()
    expect(await page.locator('main img').count()).toBe(0)
  })

  test('the browser itself refuses to make markup of a string', async () => {
    await page.goto('/')
    const refused = await page.evaluate("try { document.body.innerHTML = '<p>'; false } catch { true }")
    expect(refused).toBe(true)
    visitor.complaints.splice(
      0,
      visitor.complaints.length,
      ...visitor.complaints.filter(line => !line.includes('TrustedHTML')),
    )
  })

  test('on a phone nothing is wider than the screen', async () => {
    const id = await add(`${'long-'.repeat(40)}name.log`, { metadata: `{"ticket":"${'INC-'.repeat(40)}"}` })
    await page.setViewportSize({ width: 360, height: 740 })
    await page.goto('/')
    await row(page, id).waitFor()
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
    await page.getByRole('button', { name: 'Menu' }).click()
    await page.getByRole('link', { name: 'Callbacks' }).click()
    await page.waitForURL('**/callbacks')
  })

  test('can be read by everybody, in both themes, with a selection and a dialog', async () => {
    const id = await add('seen.log', { metadata: '{"ticket":"INC-7"}', priority: '5' })
    await page.goto('/')
    await row(page, id).getByRole('checkbox').check()
    expect(await violationsInBothThemes(page)).toEqual([])
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('alertdialog').waitFor()
    expect(await violationsInBothThemes(page)).toEqual([])
  })
})
