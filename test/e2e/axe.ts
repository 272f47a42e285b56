/** What axe finds on a page: the rules of WCAG 2.2 A and AA that a program can check. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

interface Violation {
  readonly id: string
  readonly help: string
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[]
}

/**
 * @param page as it is shown now
 * @returns one line a violation, empty where there is none
 */
export async function violations(page: Page): Promise<string[]> {
  // By the debugger's own evaluation: the page's policy would refuse a script tag.
  await page.evaluate(AXE)
  const found = (await page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(RULES)}, resultTypes: ['violations'] }).then(({ violations }) => violations)`,
  )) as Violation[]
  return found.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} (${help}) at ${target.join(' ')}: ${failureSummary}`),
  )
}

/** In both themes, one after the other. @returns violations, each with its theme */
export async function violationsInBothThemes(page: Page): Promise<string[]> {
  const found: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    // What the change of colours set off has to be drawn before it can be judged.
    await page.evaluate(
      'new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn))).then(() => Promise.allSettled(document.getAnimations().filter(each => each.constructor.name === "CSSTransition").map(each => each.finished)))',
    )
    found.push(...(await violations(page)).map(line => `${colorScheme}: ${line}`))
  }
  return found
}
