/** Filters of the list of jobs that a reader gave a name. */
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { findChromium } from '../support/browser.ts'
import { violationsInBothThemes } from './axe.ts'
import { visiting } from './visiting.ts'
import type { Visitor } from './visitor.ts'

const chromium = findChromium()

describe.skipIf(chromium === null)('a view of the list of jobs', () => {
  let visitor: Visitor
  let page: Page

  visiting(chromium, begun => ({ visitor, page } = begun))

  const choose = async (item: string, on = page) => {
    await on.getByRole('button', { name: 'Views' }).click()
    await on.getByRole('menuitem', { name: item, exact: true }).click()
  }
  const save = async (search: string, name: string) => {
    await page.goto(`/?${search}`)
    await choose('Save this view…')
    await page.getByLabel('Name').fill(name)
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  }
  const names = async (on = page) => {
    await on.getByRole('button', { name: 'Views' }).click()
    await on.getByRole('menu').waitFor()
    const all = await on.getByRole('menuitem').allTextContents()
    await on.keyboard.press('Escape')
    await on.getByRole('menu').waitFor({ state: 'detached' })
    return all.slice(3, -2)
  }

  test('is kept under its name, over a reload', async () => {
    await save('status=failed', 'Broken ones')
    await page.goto('/')
    await choose('Broken ones')
    await page.waitForURL('**/?status=failed')
  })

  test('is renamed and removed, and two may change names', async () => {
    await save('status=failed', 'One')
    await save('status=cancelled', 'Two')
    await save('status=draft', 'Three')
    await choose('Change your views…')
    expect(await violationsInBothThemes(page)).toEqual([])
    await page.getByLabel('Name of “One”').fill('two')
    await page.getByText('Another view has this name.').first().waitFor()
    expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)
    await page.getByLabel('Name of “Two”').fill('One')
    await page.getByRole('button', { name: 'Remove “Three”' }).click()
    await page.getByRole('button', { name: 'Save' }).click()
    expect(await names()).toEqual(['two', 'One'])
    await page.reload()
    await choose('two')
    await page.waitForURL('**/?status=failed')
  })

  test('takes no name that everybody’s views have, and replaces its namesake', async () => {
    await page.goto('/?status=failed')
    await choose('Save this view…')
    await page.getByLabel('Name').fill(' failed TODAY')
    await page.getByText('A view that everybody has is called so.').waitFor()
    await page.keyboard.press('Enter')
    expect(await page.getByRole('dialog').count()).toBe(1)
    await save('status=failed', 'Mine')
    await save('status=draft', 'mine')
    expect(await names()).toEqual(['mine'])
  })

  test('that was saved in another tab is there at once, and not lost to what is saved here', async () => {
    await page.goto('/?status=failed')
    const other = await visitor.context.newPage()
    await other.goto('/?status=draft')
    await save('status=failed', 'Here')
    await expect.poll(() => names(other)).toEqual(['Here'])
    await choose('Save this view…', other)
    await other.getByLabel('Name').fill('There')
    await other.getByRole('button', { name: 'Save', exact: true }).click()
    await expect.poll(() => names()).toEqual(['Here', 'There'])
  })

  test('of a pipeline that is there no more says which one it was', async () => {
    await page.goto('/?pipeline=long-gone')
    await page.getByRole('heading', { name: 'No job matches' }).waitFor()
    expect(await page.getByLabel('Pipeline').inputValue()).toBe('long-gone')
  })
})
