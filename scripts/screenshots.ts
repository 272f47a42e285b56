/**
 * `npm run screenshots`: every page of the web UI in both themes, of a service that was started for it and did real work,
 * into `docs/images/`.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { REAL, startSluice } from '../test/supervisor/sluice.ts'
import { findChromium, launchBrowser } from '../test/support/browser.ts'
import { eventually } from '../test/support/eventually.ts'
import { answer, startReceiver } from '../test/support/receiver.ts'

const ROOT = join(import.meta.dirname, '..')
const IMAGES = join(ROOT, 'docs/images')
const KEY = 'a-key-for-the-pictures'
const SIZE = { width: 1280, height: 800 }

const directory = await mkdtemp(join(tmpdir(), 'sluice-screenshots-'))
const receiver = await startReceiver({
  respond: request =>
    request.path === '/billing' ? answer(500, { body: 'Billing is down for maintenance.' }) : answer(204),
})
const sluice = startSluice(
  {
    SLUICE_DATA_DIR: directory,
    SLUICE_API_KEYS: `ada:admin:${KEY},support:uploader:a-key-of-the-support,grafana:viewer:a-key-of-dashboards`,
    SLUICE_WEBHOOK_ALLOW: '127.0.0.1/32',
  },
  { program: REAL },
)
let browser: Browser | undefined
try {
  const url = await eventually(
    async () => /Web UI +(\S+)\/\n/.exec(sluice.output())?.[1],
    found => found !== undefined,
  )
  const jobs = await work(url!)
  const chromium = findChromium()
  if (!chromium) throw new Error('the pictures need a Chromium')
  browser = await launchBrowser(chromium)
  for (const colorScheme of ['light', 'dark'] as const) await photograph(browser, url!, colorScheme, jobs)
} finally {
  await browser?.close()
  await sluice.end()
  await receiver.close()
  await rm(directory, { recursive: true, force: true })
}

async function ask<T>(url: string, method: string, path: string, body?: FormData | object): Promise<T> {
  const isForm = body instanceof FormData
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${KEY}`,
      prefer: 'wait=30',
      ...(body && !isForm && { 'content-type': 'application/json' }),
    },
    ...(body && { body: isForm ? body : JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return response.json() as Promise<T>
}

/** Something of everything that a page can show. */
async function work(url: string): Promise<{ done: string; failed: string }> {
  await ask(url, 'POST', '/api/webhooks', {
    url: `${receiver.url}on-call`,
    events: ['job.completed', 'job.failed'],
    description: 'Tells the support team',
  })
  await ask(url, 'POST', '/api/webhooks', {
    url: `${receiver.url}billing`,
    events: ['job.completed'],
    description: 'Counts what customers used',
  })
  await ask(url, 'POST', '/api/keys', { name: 'ci', role: 'uploader' })
  const incident = await readFile(join(ROOT, 'examples/checkout-incident.log'))
  const upload = (files: Record<string, Uint8Array<ArrayBuffer>>, fields: Record<string, string>) => {
    const form = new FormData()
    for (const [name, value] of Object.entries(fields)) form.append(name, value)
    for (const [name, content] of Object.entries(files)) form.append('files', new Blob([content]), name)
    return ask<{ id: string }>(url, 'POST', '/api/jobs', form)
  }
  const log = new Uint8Array(incident)
  for (const [ticket, team] of [
    ['INC-38', 'payments'],
    ['INC-39', 'search'],
    ['INC-40', 'payments'],
  ]) {
    await upload(
      { [`${team}-api.log`]: log, 'gateway.log': log.subarray(0, 20_000) },
      { metadata: JSON.stringify({ ticket, team }) },
    )
  }
  await upload({ 'backup.tar': new Uint8Array(3_000) }, { pipeline: 'inspect', priority: '-5' })
  const failed = await upload(
    { 'core-dump.bin': new Uint8Array(60_000), 'app.log': log },
    { metadata: '{"ticket":"INC-41"}' },
  )
  const done = await upload(
    { 'checkout-incident.log': log },
    { metadata: '{"ticket":"INC-42","team":"payments"}', priority: '10', callbackUrl: receiver.url },
  )
  await ask(url, 'POST', '/api/jobs', { metadata: { ticket: 'INC-43' } })
  return { done: done.id, failed: failed.id }
}

async function photograph(
  browser: Browser,
  url: string,
  colorScheme: 'light' | 'dark',
  { done, failed }: { done: string; failed: string },
): Promise<void> {
  const context = await browser.newContext({
    baseURL: url,
    viewport: SIZE,
    colorScheme,
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
  })
  const page = await context.newPage()
  const take = async (name: string, path: string) => {
    if (path) await page.goto(path)
    await page.waitForLoadState('load')
    await page.waitForTimeout(1_500)
    await page.screenshot({ path: join(IMAGES, `${name}-${colorScheme}.png`) })
    process.stdout.write(`${name}-${colorScheme}.png\n`)
  }
  await take('login', '/login')
  await page.getByLabel('API key').fill(KEY)
  await page.keyboard.press('Enter')
  await page.waitForURL('**/')
  await take('jobs', '/')
  await take('job', `/jobs/${done}`)
  await take('job-failed', `/jobs/${failed}`)
  await take('report', `/jobs/${done}/report`)
  await take('viewer', `/jobs/${done}/view/redacted%2Fcheckout-incident.log`)
  await page.goto('/upload')
  await page
    .locator('.uppy-Dashboard-input')
    .first()
    .setInputFiles([
      { name: 'app.log', mimeType: 'text/plain', buffer: Buffer.alloc(4_200_000, 'a line\n') },
      { name: 'db.log.gz', mimeType: 'application/gzip', buffer: Buffer.alloc(820_000, 1) },
    ])
  await take('upload', '')
  await take('callbacks', '/callbacks')
  await take('endpoints', '/callbacks/endpoints')
  await take('operations', '/operations')
  await take('keys', '/keys')
  await take('audit', '/audit')
  await page.goto('/')
  await page.keyboard.press('Control+k')
  await take('palette', '')
  await context.close()
}
