/** The page of API keys, on the real service, in a real browser. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findChromium, launchBrowser } from '../support/browser.ts'
import { violationsInBothThemes } from './axe.ts'
import { type RunningSluice, startProduct } from './product.ts'
import { type Visitor, visit } from './visitor.ts'

const chromium = findChromium()
const ADMIN = 'an-admin-of-the-tests-01'
const UPLOADER = 'an-uploader-of-the-tests-01'

describe.skipIf(chromium === null)('keys', () => {
  let browser: Browser
  let visitors: Visitor[]
  beforeAll(async () => {
    browser = await launchBrowser(chromium!)
  })
  afterAll(() => browser?.close())
  beforeEach(() => {
    visitors = []
  })
  afterEach(() => Promise.all(visitors.map(each => each.leave())))

  async function visitAs(sluice: RunningSluice, key?: string): Promise<Page> {
    const visitor = await visit(browser, sluice.url, key)
    visitors.push(visitor)
    return visitor.page
  }

  /** What the service answers to whoever shows this key. */
  async function statusWith(sluice: RunningSluice, key?: string): Promise<number> {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` }
    return (await fetch(`${sluice.url}/api/jobs`, { headers })).status
  }

  async function fillAndMake(page: Page, name: string, role: string): Promise<void> {
    const form = page.getByRole('dialog', { name: 'New key' })
    await form.getByLabel('Name').fill(name)
    await form.getByRole('radio', { name: role }).check()
    await form.getByRole('button', { name: 'Make the key' }).click()
  }

  /** @returns the key that is shown this once, after saying that it was kept. */
  async function keep(page: Page): Promise<string> {
    const once = page.getByRole('alertdialog')
    const key = await once.getByLabel('API key').inputValue()
    await once.getByRole('button', { name: 'I have kept it' }).click()
    await once.waitFor({ state: 'hidden' })
    return key
  }

  describe('where keys are set', () => {
    let sluice: RunningSluice
    beforeAll(async () => {
      sluice = await startProduct({ SLUICE_API_KEYS: `ada:admin:${ADMIN},ci:uploader:${UPLOADER}` })
    })
    afterAll(() => sluice?.stop())

    test('a key is made, shown once, good at once, and refused from the moment that it is revoked', async () => {
      const page = await visitAs(sluice, ADMIN)
      await page.goto('/keys')
      await page.getByRole('button', { name: 'New key' }).click()
      await fillAndMake(page, 'support-bot', 'Viewer')
      await page.getByRole('alertdialog', { name: 'The key of “support-bot”' }).waitFor()
      // No slip of a hand takes it away before it is kept.
      await page.keyboard.press('Escape')
      const key = await keep(page)
      expect(await statusWith(sluice, key)).toBe(200)
      await page.reload()
      const row = page.getByRole('row', { name: /^support-bot/ })
      await row.getByRole('cell', { name: 'Viewer', exact: true }).waitFor()
      expect(await page.content()).not.toContain(key)

      await row.getByRole('button', { name: 'Revoke support-bot…' }).click()
      const asked = page.getByRole('alertdialog', { name: 'Revoke the key “support-bot”?' })
      await asked.getByRole('button', { name: 'Keep it' }).click()
      expect(await statusWith(sluice, key)).toBe(200)
      await row.getByRole('button', { name: 'Revoke support-bot…' }).click()
      await asked.getByRole('button', { name: 'Revoke' }).click()
      await page.getByText('Revoked the key “support-bot”.').waitFor()
      await row.waitFor({ state: 'hidden' })
      expect(await statusWith(sluice, key)).toBe(401)
    })

    test('a key is copied by a click; where the browser gives no clipboard, the button says so', async () => {
      const page = await visitAs(sluice, ADMIN)
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
      await page.goto('/keys')
      for (const [name, said] of [
        ['copied', 'Copied'],
        ['by-hand', 'Copy it by hand'],
      ] as const) {
        await page.getByRole('button', { name: 'New key' }).click()
        await fillAndMake(page, name, 'Viewer')
        await page.getByRole('button', { name: 'Copy' }).click()
        await page.getByRole('alertdialog').getByText(said, { exact: true }).waitFor()
        const key = await keep(page)
        if (said === 'Copied') {
          expect(await page.evaluate('navigator.clipboard.readText()')).toBe(key)
          await page.evaluate('Object.defineProperty(navigator, "clipboard", { value: undefined })')
        }
      }
    })

    test('what is wrong with a name is told at the name', async () => {
      const page = await visitAs(sluice, ADMIN)
      await page.goto('/keys')
      await page.getByRole('button', { name: 'New key' }).click()
      for (const [name, told] of [
        ['ada', 'Another key has this name.'],
        ['two words', 'A name of up to 64 letters, digits and ._@- is wanted.'],
      ] as const) {
        await fillAndMake(page, name, 'Uploader')
        await page.getByRole('alert').filter({ hasText: told }).waitFor()
        expect(await page.getByLabel('Name').getAttribute('aria-invalid')).toBe('true')
      }
    })

    test('a key of the environment cannot be revoked here, and the page says where it can', async () => {
      const page = await visitAs(sluice, ADMIN)
      await page.goto('/keys')
      const row = page.getByRole('row', { name: /^ada/ })
      await row.getByText('The environment').waitFor()
      await row.getByText('you', { exact: true }).waitFor()
      expect(await row.getByRole('button').count()).toBe(0)
      await page.getByText('take them out of SLUICE_API_KEYS').waitFor()
    })

    test('who is no admin is not led here, and is told so when they come by the address', async () => {
      const page = await visitAs(sluice, UPLOADER)
      await page.goto('/keys')
      await page.getByRole('heading', { name: 'Not for your role' }).waitFor()
      await page.getByText('You are signed in as ci, whose role is uploader.').waitFor()
      expect(await page.getByRole('link', { name: 'Keys' }).count()).toBe(0)
      expect(await violationsInBothThemes(page)).toEqual([])
      await page.getByRole('link', { name: 'To the jobs' }).click()
      await page.getByRole('heading', { name: 'Jobs', exact: true }).waitFor()
    })

    test('axe finds nothing in either theme: the list, the form, the question before a key is revoked', async () => {
      const page = await visitAs(sluice, ADMIN)
      await page.goto('/keys')
      await page.getByRole('button', { name: 'New key' }).click()
      await page.getByRole('dialog').waitFor()
      expect(await violationsInBothThemes(page)).toEqual([])
      await fillAndMake(page, 'axe', 'Uploader')
      await page.getByRole('alertdialog').waitFor()
      expect(await violationsInBothThemes(page)).toEqual([])
      await keep(page)
      await page.getByRole('button', { name: 'Revoke axe…' }).waitFor()
      expect(await violationsInBothThemes(page)).toEqual([])
      await page.getByRole('button', { name: 'Revoke axe…' }).click()
      await page.getByRole('alertdialog').waitFor()
      expect(await violationsInBothThemes(page)).toEqual([])
    })
  })

  test('the first key shuts the service: its maker is told before, stays signed in, and everybody else must sign in', async () => {
    const sluice = await startProduct()
    try {
      const page = await visitAs(sluice)
      await page.goto('/keys')
      await page.getByRole('heading', { name: 'No key is set: the service is open' }).waitFor()
      await page.getByText('The first key shuts it at once').waitFor()
      expect(await violationsInBothThemes(page)).toEqual([])
      await page.getByRole('button', { name: 'Make the first key' }).click()
      const form = page.getByRole('dialog', { name: 'The first key' })
      expect(await form.getByRole('radio').count()).toBe(1)
      await form.getByLabel('Name').fill('ada')
      await form.getByRole('button', { name: 'Make it, and shut the service' }).click()
      await page.getByText('From now on the service wants a key from everybody.').waitFor()
      expect(await statusWith(sluice)).toBe(401)

      const key = await keep(page)
      expect(await statusWith(sluice, key)).toBe(200)
      await page.getByRole('button', { name: 'Sign out' }).waitFor()
      await page.getByRole('row', { name: /^ada/ }).waitFor()

      const other = await visitAs(sluice)
      await other.goto('/keys')
      await other.waitForURL('**/login?next=*')

      // Whoever could lock everybody out is told what to do instead.
      await page.getByRole('button', { name: 'Revoke ada…' }).click()
      const asked = page.getByRole('alertdialog', { name: 'Revoke the key “ada”?' })
      await asked.getByText('You are signed in with this key').waitFor()
      await asked.getByRole('button', { name: 'Revoke' }).click()
      await asked.getByText('This is the last key of an admin: make another first').waitFor()
      await asked.getByRole('button', { name: 'Keep it' }).click()

      await page.getByRole('button', { name: 'New key' }).click()
      await fillAndMake(page, 'grace', 'Admin')
      await keep(page)
      await page.getByRole('button', { name: 'Revoke ada…' }).click()
      await asked.getByRole('button', { name: 'Revoke' }).click()
      await page.waitForURL('**/login?next=*')
    } finally {
      await sluice.stop()
    }
  })
})
