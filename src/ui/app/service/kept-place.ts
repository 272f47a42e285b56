/** Where on a page somebody was when their session ended: once they are back, they go on there. */

const KEY = 'sluice.place'
/** How long a page may take to be as long again as it was, in ms; somebody who scrolls by hand has their own way. */
const PATIENCE = 15_000
const BY_HAND = ['wheel', 'touchmove', 'keydown', 'pointerdown'] as const

/** Told before a page is left for the login: what knows its place better than by pixels writes it into the address. */
export const LEAVING = 'sluice:leaving'

/** @returns the address to come back to */
export function keepPlace(): string {
  dispatchEvent(new Event(LEAVING))
  const address = here()
  sessionStorage.setItem(KEY, JSON.stringify({ address, top: scrollY }))
  return address
}

/** Scrolls back to where this page was left, if it was. */
export function takePlace(): void {
  const kept = sessionStorage.getItem(KEY)
  if (kept === null) return
  sessionStorage.removeItem(KEY)
  const { address, top } = JSON.parse(kept) as { address: string; top: number }
  if (address === here()) scrollBackTo(top)
}

let waiting: AbortController | undefined

/** As soon as the page is long enough; unless the reader scrolls or goes on first. @param top 0: nowhere any more */
export function scrollBackTo(top: number): void {
  waiting?.abort()
  if (top === 0) return
  const given = new AbortController()
  waiting = given
  const { signal } = given
  const length = new ResizeObserver(() => {
    if (document.documentElement.scrollHeight < top + innerHeight) return
    scrollTo(0, top)
    given.abort()
  })
  signal.addEventListener('abort', () => length.disconnect())
  for (const type of BY_HAND) addEventListener(type, () => given.abort(), { signal, passive: true })
  setTimeout(() => given.abort(), PATIENCE)
  length.observe(document.body)
}

function here(): string {
  return location.pathname + location.search + location.hash
}
