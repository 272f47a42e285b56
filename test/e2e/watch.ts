/** What a browser complains about while a test uses it: scripts that fail, and whatever the page's policy forbids. */
import type { Page } from 'playwright-core'

/** @returns a list that grows; a refusal of the API's is not among them: the page has to show it, and is tested for that. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = []
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('console', message => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) {
      complaints.push(message.text())
    }
  })
  return complaints
}
