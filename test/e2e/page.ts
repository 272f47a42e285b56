/** What the tests of the web UI do as a visitor, in the browser, and as somebody else, over the API. */
import type { Page } from 'playwright-core'

export interface TextFile {
  readonly name: string
  readonly text: string
}

/** What the browser has and Node has not, as far as it is used here. */
interface InBrowser {
  readonly File: new (parts: string[], name: string, options: { type: string }) => unknown
  readonly DataTransfer: new () => { readonly items: { add(file: unknown): void } }
}

/** Drags a file in over the page, as a hand would; the browser allows no other way to make such an event. */
export async function dragOver(page: Page, file: TextFile): Promise<void> {
  await page.dispatchEvent('body', 'dragenter', { dataTransfer: await carrying(page, [file]) })
}

/** Drops files on the page. */
export async function drop(page: Page, files: readonly TextFile[]): Promise<void> {
  const dataTransfer = await carrying(page, files)
  await page.dispatchEvent('body', 'dragover', { dataTransfer })
  await page.dispatchEvent('body', 'drop', { dataTransfer })
}

function carrying(page: Page, files: readonly TextFile[]) {
  return page.evaluateHandle(carried => {
    const { DataTransfer, File } = globalThis as unknown as InBrowser
    const transfer = new DataTransfer()
    for (const { name, text } of carried) transfer.items.add(new File([text], name, { type: 'text/plain' }))
    return transfer
  }, files)
}

/** Chooses files on the page for uploads. */
export async function choose(
  page: Page,
  ...files: { name: string; content: string | Buffer }[]
): Promise<void> {
  const chosen = files.map(({ name, content }) => ({
    name,
    mimeType: 'text/plain',
    buffer: Buffer.from(content),
  }))
  await page.locator('.uppy-Dashboard-input').first().setInputFiles(chosen)
}

/** Of the button that begins an upload of this many files. */
export function uploadButton(page: Page) {
  return page.getByRole('button', { name: /^Upload \d+ files? and process$/ })
}

/** The row of a job in the list. */
export function row(page: Page, id: string) {
  return page.locator(`#jobs li[data-job="${id}"]`)
}

/** Waits until the page follows the events. */
export async function live(page: Page): Promise<void> {
  await page.locator('[data-testid="live"][data-state="live"]').waitFor()
}

/** What is wider than its place, of the page and of the tables on it. */
export function sideways(page: Page): Promise<unknown> {
  return page.evaluate(
    `[document.documentElement, ...document.querySelectorAll('section[tabindex]')]
      .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
      .map(({ outerHTML }) => outerHTML.slice(0, 80))`,
  )
}

/** Uploads past the UI. @returns the job's id once it is final */
export async function submit(
  url: string,
  { name, text }: TextFile,
  fields: Readonly<Record<string, string>> = {},
): Promise<string> {
  const form = new FormData()
  form.append('files', new Blob([text], { type: 'text/plain' }), name)
  for (const [field, value] of Object.entries(fields)) form.append(field, value)
  const response = await fetch(`${url}/api/jobs`, {
    method: 'POST',
    body: form,
    headers: { prefer: 'wait=30' },
  })
  if (response.status !== 202)
    throw new Error(`The upload was answered ${response.status}: ${await response.text()}`)
  return ((await response.json()) as { id: string }).id
}

/** Of every job there is, newest first. */
export async function jobIds(url: string): Promise<string[]> {
  const response = await fetch(`${url}/api/jobs?limit=200`)
  const page = (await response.json()) as { items: { id: string }[] }
  return page.items.map(job => job.id)
}

/** A job's history, oldest first. */
export async function events(url: string, id: string): Promise<{ id: string; type: string }[]> {
  const response = await fetch(`${url}/api/jobs/${id}/events`)
  return ((await response.json()) as { items: { id: string; type: string }[] }).items
}
