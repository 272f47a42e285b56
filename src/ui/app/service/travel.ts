/**
 * How a page was come to: by a link, or through the browser's history, where readers expect to find it as they left it.
 */
let back = false
let left = ''
let here = location.pathname
const went = (byHistory: boolean) => () => {
  back = byHistory
  left = here
  here = location.pathname
}
addEventListener('popstate', went(true))
// wouter's own events.
addEventListener('pushState', went(false))

export function cameByHistory(): boolean {
  return back
}

/** @returns the path of the page that was left, or '' for whoever did not come through the history. */
export function leftByHistory(): string {
  return back ? left : ''
}
