/** Uppy, as a page of one's own would use it, in a real browser against the real service. */
import { createHash } from 'node:crypto'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findChromium, launchBrowser } from '../support/browser.ts'
import { bundle } from '../support/bundle.ts'
import { type RunningSluice, startProduct } from './product.ts'

const chromium = findChromium()
const MiB = 2 ** 20
const SIZE = 6 * MiB + 5
/** What the page makes its file of. */
const BYTES = Buffer.alloc(SIZE, 'uppy, a line of a log\n')
const SHA256 = createHash('sha256').update(BYTES).digest('hex')

/** The page's own, as far as it is used here. */
interface OnPage {
  readonly uppy: {
    Uppy: new (options: object) => UppyOnPage
    Tus: unknown
  }
  /** The upload under way. */
  current?: { uppy: UppyOnPage; done: Promise<string> }
  readonly Blob: new (parts: Uint8Array[], options: object) => unknown
}
interface UppyOnPage {
  use(plugin: unknown, options: object): UppyOnPage
  addFile(file: object): string
  setMeta(meta: object): void
  upload(): Promise<{ successful: { uploadURL: string }[]; failed: { error: string }[] }>
  pauseAll(): void
  resumeAll(): void
  on(event: string, heard: (...args: unknown[]) => void): void
  getFiles(): { progress: { bytesUploaded: number } }[]
}

describe.skipIf(chromium === null)('Uppy', () => {
  let sluice: RunningSluice
  let browser: Browser
  let page: Page
  let script: string

  beforeAll(async () => {
    sluice = await startProduct()
    browser = await launchBrowser(chromium!)
    script = await bundle(
      'uppy',
      "export { Uppy } from '@uppy/core'\nexport { default as Tus } from '@uppy/tus'\n",
    )
  })
  afterAll(async () => {
    await browser?.close()
    await sluice?.stop()
  })
  beforeEach(async () => {
    // Its script is the page's own; ours forbid all but theirs.
    const context = await browser.newContext({ baseURL: sluice.url, bypassCSP: true })
    page = await context.newPage()
    await page.goto('/')
    await page.addScriptTag({ content: script })
  })
  afterEach(() => page.context().close())

  /** Begins an upload on the page. @param meta of it, as a page would set it. */
  const begin = (meta: Record<string, string>) =>
    page.evaluate(
      ({ meta, size }) => {
        const on = globalThis as unknown as OnPage
        const uppy = new on.uppy.Uppy({ autoProceed: false })
        uppy.use(on.uppy.Tus, {
          endpoint: '/api/uploads',
          chunkSize: 512 * 1024,
          retryDelays: [100, 200, 400, 800, 1_600, 3_200, 5_000],
          removeFingerprintOnSuccess: true,
        })
        uppy.setMeta(meta)
        const line = Array.from('uppy, a line of a log\n', letter => letter.charCodeAt(0))
        const bytes = Uint8Array.from({ length: size }, (_, index) => line[index % line.length]!)
        uppy.addFile({
          name: 'from-uppy.log',
          type: 'text/plain',
          data: new on.Blob([bytes], { type: 'text/plain' }),
        })
        const done = uppy.upload().then(({ successful, failed }) => {
          if (failed.length > 0) throw new Error(failed[0]!.error)
          return successful[0]!.uploadURL
        })
        done.catch(() => undefined)
        on.current = { uppy, done }
      },
      { meta, size: SIZE },
    )
  const uploadUrl = () => page.evaluate(() => (globalThis as unknown as OnPage).current!.done)
  const uploadedBytes = () =>
    page.evaluate(
      () => (globalThis as unknown as OnPage).current!.uppy.getFiles()[0]?.progress.bytesUploaded ?? 0,
    )
  const job = async (id: string) =>
    (await (await fetch(`${sluice.url}/api/jobs/${id}`)).json()) as {
      status: string
      files: { sha256: string; name: string; type: string }[]
    }
  const jobOf = (url: string) => url.split('/').at(-1)!.split('_')[0]!

  test('uploads a file, and its job completes', async () => {
    await begin({ pipeline: 'inspect', submit: 'true' })
    const id = jobOf(await uploadUrl())
    await expect.poll(async () => (await job(id)).status, { timeout: 60_000 }).toBe('completed')
    expect((await job(id)).files).toMatchObject([{ name: 'from-uppy.log', sha256: SHA256 }])
  })

  test('cut off in the middle goes on by itself when the network is back', async () => {
    let patches = 0
    await page.route('**/api/uploads/*', async route => {
      if (route.request().method() === 'PATCH' && ++patches === 4) {
        await page.context().setOffline(true)
        await route.abort('connectionreset')
        return page.context().setOffline(false)
      }
      return route.continue()
    })
    await begin({ pipeline: 'inspect', submit: 'true' })
    const id = jobOf(await uploadUrl())
    expect((await job(id)).files).toMatchObject([{ sha256: SHA256 }])
  })

  test('paused, it stands still; resumed, it goes on where it was', async () => {
    await begin({ pipeline: 'inspect', submit: 'true' })
    await expect.poll(uploadedBytes).toBeGreaterThan(MiB)
    await page.evaluate(() => (globalThis as unknown as OnPage).current!.uppy.pauseAll())
    await page.evaluate(() => (globalThis as unknown as OnPage).current!.uppy.resumeAll())
    const id = jobOf(await uploadUrl())
    expect((await job(id)).files).toMatchObject([{ sha256: SHA256 }])
  })
})
