/** Somebody with a browser of their own, and what their browser complained about. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { expect } from 'vitest'
import { complaintsOf } from './watch.ts'

export interface Visitor {
  readonly context: BrowserContext
  readonly page: Page
  /** What the browser complained about, so far. */
  readonly complaints: string[]
  /** Fails where a script of the page failed, or its policy forbade something; but for what was `expected`. */
  leave(expected?: RegExp): Promise<void>
}

/** @param key signs in with it; without, as whoever comes by. */
export async function visit(browser: Browser, url: string, key?: string): Promise<Visitor> {
  const context = await browser.newContext({ baseURL: url, reducedMotion: 'reduce' })
  // Shorter than a test may take, so that the sentence of a failure names what was waited for.
  context.setDefaultTimeout(30_000)
  if (key !== undefined) {
    const response = await context.request.post('/login', { data: { key }, maxRedirects: 0 })
    expect(response.status()).toBe(303)
  }
  const page = await context.newPage()
  const complaints = complaintsOf(page)
  return {
    context,
    page,
    complaints,
    async leave(expected) {
      await context.close()
      expect(complaints.filter(line => !expected?.test(line))).toEqual([])
    },
  }
}

/** A client of the API that shows its key. @returns the JSON of each answer. @throws where it is refused. */
export function clientOf(url: string, key: string) {
  return async <T = unknown>(method: string, path: string, body?: object): Promise<T> => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (response.status === 204 ? null : await response.json()) as T
  }
}

/** Uploads a small file as the holder of a key. @returns the job's id once it is final. */
export async function uploadAs(
  url: string,
  key: string,
  name: string,
  fields: Readonly<Record<string, string>> = {},
): Promise<string> {
  const form = new FormData()
  form.append('files', new Blob(['hello\n'], { type: 'text/plain' }), name)
  for (const [field, value] of Object.entries({ pipeline: 'inspect', ...fields })) form.append(field, value)
  const headers = { authorization: `Bearer ${key}`, prefer: 'wait=30' }
  const response = await fetch(`${url}/api/jobs`, { method: 'POST', body: form, headers })
  if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`)
  return ((await response.json()) as { id: string }).id
}
