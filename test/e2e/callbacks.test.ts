/** The pages of deliveries and endpoints, on the real service, in a real browser, with a real receiver. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Webhook } from '../../src/jobs/webhooks.ts'
import { findChromium, launchBrowser } from '../support/browser.ts'
import { answer, type Receiver, startReceiver } from '../support/receiver.ts'
import { violationsInBothThemes } from './axe.ts'
import { sideways } from './page.ts'
import { type RunningSluice, startProduct } from './product.ts'
import { clientOf, uploadAs, type Visitor, visit } from './visitor.ts'

const chromium = findChromium()
const ADMIN = 'an-admin-of-the-tests-01'
const UPLOADER = 'an-uploader-of-the-tests-01'
const VIEWER = 'a-viewer-of-the-tests-01'
const HOSTILE = '<img src=x onerror="document.title=1">'

describe.skipIf(chromium === null)('callbacks', () => {
  let sluice: RunningSluice
  let browser: Browser
  let receiver: Receiver
  let visitors: Visitor[]
  let admin: ReturnType<typeof clientOf>

  beforeAll(async () => {
    receiver = await startReceiver()
    sluice = await startProduct({
      SLUICE_API_KEYS: `ada:admin:${ADMIN},ci:uploader:${UPLOADER},eve:viewer:${VIEWER}`,
      SLUICE_WEBHOOK_ALLOW: receiver.allowEntry,
    })
    admin = clientOf(sluice.url, ADMIN)
    browser = await launchBrowser(chromium!)
  })
  afterAll(async () => {
    await browser?.close()
    await sluice?.stop()
    await receiver?.close()
  })
  beforeEach(() => {
    visitors = []
    receiver.respond(answer(204))
  })
  afterEach(async () => {
    for (const { id } of (await admin<{ items: { id: string }[] }>('GET', '/api/webhooks')).items) {
      await admin('DELETE', `/api/webhooks/${id}`)
    }
    await Promise.all(visitors.map(each => each.leave()))
  })

  async function as(key: string): Promise<Page> {
    const visitor = await visit(browser, sluice.url, key)
    visitors.push(visitor)
    return visitor.page
  }

  async function newEndpoint(rest: object = {}): Promise<{ id: string; secret: string }> {
    return admin('POST', '/api/webhooks', {
      url: receiver.url,
      events: ['job.completed'],
      description: 'Tickets',
      ...rest,
    })
  }

  test('a callback that was refused is told with its attempt in words, and sent again by a click', async () => {
    receiver.respond(answer(410, { body: HOSTILE }))
    const before = receiver.requests.length
    const job = await uploadAs(sluice.url, UPLOADER, 'refused.log', { callbackUrl: receiver.url })
    const first = await receiver.received(before + 1)

    const page = await as(UPLOADER)
    await page.goto(`/callbacks?jobId=${job}`)
    const row = page.getByRole('row', { name: 'job.completed' })
    await row.getByText('Failed').waitFor()
    expect(await row.getByRole('link', { name: job }).getAttribute('href')).toBe(`/jobs/${job}`)
    await row.getByRole('link', { name: 'job.completed' }).click()

    await page.waitForURL('**/callbacks/deliveries/*')
    await page.getByText('The receiver answered 410: it wants no more of this.').waitFor()
    await page.getByText('No attempt is left').waitFor()
    await page.getByText('What the receiver answered', { exact: true }).click()
    await page.getByText(HOSTILE).waitFor()
    await page.getByText(first.headers['webhook-id'] as string, { exact: true }).waitFor()

    receiver.respond(answer(200, { body: 'taken' }))
    await page.getByRole('button', { name: 'Send again' }).click()
    const second = await receiver.received(before + 2)
    expect(second.headers['webhook-id']).toBe(first.headers['webhook-id'])
    await page.getByRole('heading', { name: '2 attempts' }).waitFor()
    await page.getByText('Delivered', { exact: true }).first().waitFor()
    expect(await page.title()).toBe('job.completed · Sluice')
  })

  test('status, receiver and job narrow the list; the address keeps them, and one click widens it again', async () => {
    const { id } = await newEndpoint()
    const before = receiver.requests.length
    const job = await uploadAs(sluice.url, ADMIN, 'told.log', { callbackUrl: receiver.url })
    await receiver.received(before + 2)

    const page = await as(ADMIN)
    await page.goto(`/callbacks?jobId=${job}`)
    const rows = page.locator('tbody tr')
    await expect.poll(() => rows.count()).toBe(2)
    await page.getByLabel('Endpoint', { exact: true }).selectOption({ label: 'Tickets' })
    await page.waitForURL(`**/callbacks?jobId=${job}&webhookId=${id}`)
    await expect.poll(() => rows.count()).toBe(1)
    await page.getByRole('button', { name: 'Failed' }).click()
    await page.getByRole('heading', { name: 'No delivery matches' }).waitFor()

    await page.reload()
    await page.getByRole('heading', { name: 'No delivery matches' }).waitFor()
    expect(await page.getByRole('button', { name: 'Failed' }).getAttribute('aria-pressed')).toBe('true')
    expect(await page.getByLabel('Job', { exact: true }).inputValue()).toBe(job)
    await page.getByRole('button', { name: 'Clear filter' }).click()
    await page.waitForURL(url => url.pathname === '/callbacks' && url.search === '')
    await expect.poll(() => rows.count()).toBeGreaterThan(1)
  })

  test('a row that failed is sent again from the list, without the answers being fetched, and its button rests while it is open', async () => {
    const { id } = await newEndpoint({ events: ['job.cancelled'] })
    receiver.respond(answer(410, { body: 'the-answer-of-the-receiver' }))
    await admin('POST', `/api/webhooks/${id}/test`)
    const page = await as(ADMIN)
    const bodies: Promise<string>[] = []
    page.on('response', response => {
      if (response.url().includes('/api/deliveries?')) bodies.push(response.text())
    })
    await page.goto(`/callbacks?webhookId=${id}`)
    const row = page.getByRole('row', { name: 'ping' })
    await row.getByText('Failed').waitFor()
    await row.getByText('410').waitFor()

    // Refused, as where somebody else was faster: the reason is told, and the list looks again.
    await page.route('**/redeliver', route => {
      const body = JSON.stringify({ code: 'delivery-pending', detail: 'It is still open.' })
      return route.fulfill({ status: 409, contentType: 'application/problem+json', body })
    })
    const again = row.getByRole('button', { name: 'Send again: ping to Tickets' })
    await again.click()
    await page.getByText('It is still open.').first().waitFor()
    await page.unroute('**/redeliver')

    // Disabled by the 410, it fails at once if it is not enabled.
    await admin('PATCH', `/api/webhooks/${id}`, { enabled: true })
    receiver.respond(answer(500))
    await again.click()
    await row.getByText('Pending').waitFor()
    expect(await again.isDisabled()).toBe(true)
    await row.getByText(/next in/).waitFor()
    expect((await Promise.all(bodies)).join()).not.toContain('the-answer-of-the-receiver')
  })

  test('however many endpoints there are, how they do is asked for in one request', async () => {
    await Promise.all(Array.from({ length: 12 }, () => newEndpoint()))
    const page = await as(ADMIN)
    const asked: string[] = []
    page.on('request', request => {
      if (request.url().includes('/api/deliveries')) asked.push(request.url())
    })
    await page.goto('/callbacks/endpoints')
    await page.getByText('nothing sent yet').nth(11).waitFor()
    expect(asked).toEqual([])
  })

  test('endpoints that fail and that are disabled are found among many, from the page for whoever is on call', async () => {
    receiver.respond(answer(500))
    const failing = await newEndpoint({ description: 'Fails' })
    await newEndpoint({ description: 'Well' })
    await newEndpoint({ description: 'Put aside', enabled: false })
    await admin('POST', `/api/webhooks/${failing.id}/test`)
    const page = await as(ADMIN)
    await page.goto('/operations')
    await page.getByText('Every attempt fails at 1 endpoint.').waitFor()
    await page.getByRole('link', { name: 'Failing endpoints' }).click()
    await page.waitForURL('**/callbacks/endpoints?state=failing')
    const rows = page.locator('tbody tr')
    await page.getByRole('link', { name: 'Fails' }).waitFor()
    expect(await rows.count()).toBe(1)
    await page.getByRole('button', { name: 'Disabled 1' }).click()
    await page.getByRole('link', { name: 'Put aside' }).waitFor()
    expect(await rows.count()).toBe(1)
    await page.getByRole('button', { name: 'All 3' }).click()
    await expect.poll(() => rows.count()).toBe(3)
    await page.waitForURL(url => url.search === '')
  })

  test('on a phone a delivery is told in full, and nothing scrolls sideways', async () => {
    const before = receiver.requests.length
    const job = await uploadAs(sluice.url, UPLOADER, 'phone.log', { callbackUrl: receiver.url })
    await receiver.received(before + 1)
    const page = await as(UPLOADER)
    await page.setViewportSize({ width: 390, height: 844 })
    await page.goto(`/callbacks?jobId=${job}`)
    const row = page.getByRole('row', { name: 'job.completed' })
    for (const text of ['Delivered', new URL(receiver.url).host, '1 attempt']) {
      await row.getByText(text).waitFor()
    }
    await row.getByRole('link', { name: job }).waitFor()
    await row.getByRole('button', { name: /^Send again/ }).waitFor()
    expect(await sideways(page)).toEqual([])
  })

  test('more deliveries than a page holds are read page by page', async () => {
    const { id } = await newEndpoint()
    const before = receiver.requests.length
    for (let i = 0; i < 60; i++) await admin('POST', `/api/webhooks/${id}/test`)
    await receiver.received(before + 60)

    const page = await as(ADMIN)
    await page.goto(`/callbacks?webhookId=${id}`)
    await page.getByText('50 shown').waitFor()
    await page.getByRole('button', { name: 'Show older' }).click()
    await page.getByText('60 shown, that is all').waitFor()
    expect(await page.locator('tbody tr').count()).toBe(60)
  })

  test('an endpoint is made with the events it asks for; its secret is shown once, and signs a test whose result is told', async () => {
    const page = await as(ADMIN)
    await page.goto('/callbacks/endpoints')
    await page.getByRole('heading', { name: 'No endpoint is registered' }).waitFor()
    await page.getByRole('button', { name: 'New endpoint' }).click()
    const form = page.getByRole('dialog', { name: 'New endpoint' })

    // A refusal is told at the field that it is about.
    await form.getByLabel('URL').fill('http://10.1.2.3/hook')
    await form.getByRole('button', { name: 'Make the endpoint' }).click()
    const told = form.getByRole('alert')
    await told.filter({ hasText: 'SLUICE_WEBHOOK_ALLOW' }).waitFor()
    expect(await form.getByLabel('URL').getAttribute('aria-invalid')).toBe('true')
    expect(await form.getByLabel('URL').getAttribute('aria-describedby')).toContain(
      (await told.getAttribute('id'))!,
    )

    await form.getByLabel('URL').fill(receiver.url)
    await form.getByLabel('Description').fill(HOSTILE)
    await form.getByRole('checkbox', { name: 'job.cancelled' }).uncheck()
    await form.getByRole('checkbox', { name: 'file.attached' }).check()
    await form.getByRole('button', { name: 'Make the endpoint' }).click()

    const once = page.getByRole('alertdialog', { name: 'The endpoint’s secret' })
    const secret = await once.getByLabel('Secret').inputValue()
    expect(secret).toMatch(/^whsec_/)
    await page.keyboard.press('Escape')
    await once.getByRole('button', { name: 'I have kept it' }).click()
    await page.waitForURL('**/callbacks/endpoints/wh_*')
    await page.getByRole('heading', { name: HOSTILE }).waitFor()

    const before = receiver.requests.length
    await page.getByRole('button', { name: 'Send a test' }).click()
    const ping = await receiver.received(before + 1)
    expect(receiver.verify(ping, secret)).toMatchObject({ type: 'ping' })
    await page.getByText('The receiver took the ping and answered 204').waitFor()

    const { items } = await admin<{ items: { events: string[] }[] }>('GET', '/api/webhooks')
    expect(items[0]!.events).toEqual(['job.completed', 'job.failed', 'file.attached'])
    await page.reload()
    await page.getByRole('heading', { name: HOSTILE }).waitFor()
    expect(await page.content()).not.toContain(secret)
  })

  test('a test that is not taken says why, and when it is tried again', async () => {
    const { id } = await newEndpoint()
    receiver.respond(answer(500))
    const page = await as(ADMIN)
    await page.goto(`/callbacks/endpoints/${id}`)
    await page.getByRole('button', { name: 'Send a test' }).click()
    const test = page.getByRole('region', { name: 'The test' })
    await test.getByText('The receiver answered 500; only 2xx counts as delivered.').waitFor()
    await test.getByText('It is tried again').waitFor()
    await page.getByText('Every attempt has failed since').waitFor()
  })

  test('a change is sent as it is: a URL that was not touched is not asked about again', async () => {
    const { id } = await newEndpoint()
    const page = await as(ADMIN)
    await page.goto(`/callbacks/endpoints/${id}`)
    const [sent] = await Promise.all([
      page.waitForRequest(request => request.method() === 'PATCH'),
      (async () => {
        await page.getByRole('button', { name: 'Edit' }).click()
        const form = page.getByRole('dialog', { name: 'Change the endpoint' })
        await form.getByLabel('Description').fill('Tickets of tomorrow')
        await form.getByRole('button', { name: 'Save' }).click()
      })(),
    ])
    expect(sent.postDataJSON()).toEqual({ description: 'Tickets of tomorrow' })
    await page.getByRole('heading', { name: 'Tickets of tomorrow' }).waitFor()
  })

  test('after a rotation, which is asked about, old and new secret sign, and the page says until when', async () => {
    const { id, secret: old } = await newEndpoint()
    const page = await as(ADMIN)
    await page.goto(`/callbacks/endpoints/${id}`)
    await page.getByRole('button', { name: 'More actions' }).click()
    await page.getByRole('menuitem', { name: 'Rotate the secret…' }).click()
    const asked = page.getByRole('alertdialog', { name: 'Rotate the secret of “Tickets”?' })
    await asked.getByText('For 24 hours each message is signed with both').waitFor()
    await asked.getByRole('button', { name: 'Rotate' }).click()
    const once = page.getByRole('alertdialog', { name: 'The new secret' })
    const secret = await once.getByLabel('Secret').inputValue()
    expect(secret).not.toBe(old)
    await once.getByRole('button', { name: 'I have kept it' }).click()

    const before = receiver.requests.length
    await page.getByRole('button', { name: 'Send a test' }).click()
    const ping = await receiver.received(before + 1)
    for (const each of [old, secret]) expect(receiver.verify(ping, each)).toMatchObject({ type: 'ping' })

    const { previousSecretUntil } = await admin<Webhook>('GET', `/api/webhooks/${id}`)
    const told = page.getByText('the one before signs, too')
    await told.waitFor()
    expect(await told.locator('time').first().getAttribute('datetime')).toBe(previousSecretUntil)
    expect(await violationsInBothThemes(page)).toEqual([])
  })

  test('an endpoint that disabled itself says why; enabled again, what failed is sent again', async () => {
    const { id } = await newEndpoint()
    receiver.respond(answer(410))
    const before = receiver.requests.length
    await uploadAs(sluice.url, ADMIN, 'recovered.log')
    await receiver.received(before + 1)

    const page = await as(ADMIN)
    await page.goto(`/callbacks/endpoints/${id}`)
    await page.getByText('Its receiver answered 410: it wants no more.').waitFor()
    const more = page.getByRole('button', { name: 'More actions' })
    await more.click()
    await page.getByRole('menuitem', { name: 'Send again what failed…' }).click()
    const recover = page.getByRole('dialog', { name: 'Send again what failed' })
    await recover.getByRole('button', { name: 'Send again' }).click()
    await recover.getByText('Enable the endpoint first').waitFor()
    await recover.getByRole('button', { name: 'Cancel' }).click()

    receiver.respond(answer(204))
    await more.click()
    await page.getByRole('menuitem', { name: 'Enable' }).click()
    await page.getByText('Enabled', { exact: true }).waitFor()
    await more.click()
    await page.getByRole('menuitem', { name: 'Send again what failed…' }).click()
    await recover.getByRole('button', { name: 'Send again' }).click()
    await page.getByText('1 delivery is sent again.').waitFor()
    await receiver.received(before + 2)
    await page.getByRole('img', { name: '1 delivery: 1 delivered, 0 failed, 0 pending' }).waitFor()
    await page.getByText('100 %').waitFor()
  })

  test('disabling and deleting are asked about, and told as done', async () => {
    const { id } = await newEndpoint()
    const page = await as(ADMIN)
    await page.goto(`/callbacks/endpoints/${id}`)
    const more = page.getByRole('button', { name: 'More actions' })
    await more.click()
    await page.getByRole('menuitem', { name: 'Disable…' }).click()
    await page.getByRole('button', { name: 'Disable', exact: true }).click()
    await page.getByText('Disabled by hand: nothing is sent to it but tests.').waitFor()

    await more.click()
    await page.getByRole('menuitem', { name: 'Delete…' }).click()
    const asked = page.getByRole('alertdialog', { name: 'Delete “Tickets”?' })
    await asked.getByRole('button', { name: 'Keep it' }).click()
    expect(await admin('GET', `/api/webhooks/${id}`)).toMatchObject({ id, enabled: false })
    await more.click()
    await page.getByRole('menuitem', { name: 'Delete…' }).click()
    await asked.getByRole('button', { name: 'Delete' }).click()
    await page.waitForURL('**/callbacks/endpoints')
    await page.getByText('Deleted the endpoint “Tickets”.').waitFor()
    await page.getByRole('heading', { name: 'No endpoint is registered' }).waitFor()
    await page.goto(`/callbacks/endpoints/${id}`)
    await page.getByRole('heading', { name: 'There is no such endpoint' }).waitFor()
  })

  test('each role is offered what it may: endpoints to admins, what receivers answer not to viewers, others’ deliveries to no uploader', async () => {
    receiver.respond(answer(410, { body: 'a secret of the receiver' }))
    const before = receiver.requests.length
    const job = await uploadAs(sluice.url, ADMIN, 'not-yours.log', { callbackUrl: receiver.url })
    await receiver.received(before + 1)

    const viewer = await as(VIEWER)
    await viewer.goto(`/callbacks?jobId=${job}`)
    await viewer.getByRole('link', { name: 'job.completed' }).click()
    await viewer.getByText('What receivers answer is not shown to your role.').waitFor()
    expect(await viewer.content()).not.toContain('a secret of the receiver')
    expect(await viewer.getByRole('button', { name: 'Send again' }).count()).toBe(0)

    const uploader = await as(UPLOADER)
    await uploader.goto(new URL(viewer.url()).pathname)
    await uploader.getByRole('heading', { name: 'There is no such delivery' }).waitFor()
    await uploader.goto(`/callbacks?jobId=${job}`)
    await uploader.getByRole('heading', { name: 'No delivery matches' }).waitFor()

    for (const page of [viewer, uploader]) {
      expect(await page.getByRole('link', { name: 'Endpoints' }).count()).toBe(0)
      await page.goto('/callbacks/endpoints')
      await page.getByRole('heading', { name: 'Not for your role' }).waitFor()
      await page.getByText('This page is for the role admin.').waitFor()
    }
  })

  test('how to verify a message is told where messages are', async () => {
    const page = await as(UPLOADER)
    await page.goto('/callbacks')
    await page.getByRole('button', { name: 'Verifying' }).click()
    const help = page.getByRole('dialog', { name: 'How a receiver verifies a message' })
    await help.getByText("from 'standardwebhooks'").waitFor()
    await help.getByRole('link', { name: 'API reference' }).waitFor()
    expect(await violationsInBothThemes(page)).toEqual([])
    await page.keyboard.press('Escape')
    await help.waitFor({ state: 'hidden' })
  })

  test('axe finds nothing in either theme: lists, one delivery, one endpoint, its form', async () => {
    const { id } = await newEndpoint({ events: ['job.completed', 'job.created', 'job.ready', 'job.failed'] })
    receiver.respond([answer(204), answer(410, { body: 'no' })])
    const before = receiver.requests.length
    const job = await uploadAs(sluice.url, ADMIN, 'axe.log', { callbackUrl: receiver.url })
    await receiver.received(before + 2)
    const { items } = await admin<{ items: { id: string }[] }>('GET', `/api/deliveries?jobId=${job}`)

    const page = await as(ADMIN)
    await page.goto('/callbacks')
    await page.locator('tbody tr').first().waitFor()
    expect(await violationsInBothThemes(page)).toEqual([])
    await page.goto('/callbacks?status=failed&jobId=none')
    await page.getByRole('heading', { name: 'No delivery matches' }).waitFor()
    expect(await violationsInBothThemes(page)).toEqual([])
    await page.goto(`/callbacks/deliveries/${items[0]!.id}`)
    await page.getByRole('heading', { name: /attempt/ }).waitFor()
    expect(await violationsInBothThemes(page)).toEqual([])
    await page.goto('/callbacks/endpoints')
    await page.getByRole('img', { name: /deliver/ }).waitFor()
    expect(await violationsInBothThemes(page)).toEqual([])
    await page.getByRole('button', { name: 'New endpoint' }).click()
    await page.getByRole('dialog').waitFor()
    expect(await violationsInBothThemes(page)).toEqual([])
    await page.goto(`/callbacks/endpoints/${id}`)
    await page.locator('tbody tr').first().waitFor()
    expect(await violationsInBothThemes(page)).toEqual([])
  })
})
