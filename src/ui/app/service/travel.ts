/**
 * How a page was come to: by a link, or through the browser's history, where readers expect to find it as they left it.
 * The browser goes back to where they had scrolled at once, when a page that is read anew is not long enough yet.
 */
let back = false
/** In px, by the page's address. */
const tops = new Map<string, number>()
let address = here()

addEventListener('popstate', () => {
  back = true
  leave()
})
// wouter's own events.
addEventListener('pushState', () => {
  back = false
  leave()
})
addEventListener('replaceState', () => {
  address = here()
})

export function cameByHistory(): boolean {
  return back
}

/** Where this page was left, in px. */
export function leftAt(): number {
  return tops.get(address) ?? 0
}

/** What is seen is still the page that is left. */
function leave(): void {
  tops.set(address, scrollY)
  address = here()
}

function here(): string {
  return location.pathname + location.search
}
