/**
 * How a page was come to: by a link, or through the browser's history, where readers expect to find it as they left it.
 * The browser goes back to where they had scrolled at once, when a page that is read anew is not long enough yet.
 */
let back = false
/** The path of the page before this one. */
let left = ''
let address = here()
/** In px, by the page's address. */
const tops = new Map<string, number>()

const went = (byHistory: boolean) => () => {
  back = byHistory
  left = address.split('?')[0]!
  // What is seen is still the page that is left.
  tops.set(address, scrollY)
  address = here()
}
addEventListener('popstate', went(true))
// wouter's own events.
addEventListener('pushState', went(false))
addEventListener('replaceState', () => {
  address = here()
})

export function cameByHistory(): boolean {
  return back
}

/** @returns the path of the page that was left, or '' for whoever did not come through the history. */
export function leftByHistory(): string {
  return back ? left : ''
}

/** Where this page was left, in px. */
export function leftAt(): number {
  return tops.get(address) ?? 0
}

function here(): string {
  return location.pathname + location.search
}
