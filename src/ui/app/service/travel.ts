/**
 * How a page was come to: by a link, or through the browser's history, where readers expect to find it as they left it.
 */
let back = false
addEventListener('popstate', () => {
  back = true
})
// wouter's own events.
addEventListener('pushState', () => {
  back = false
})

export function cameByHistory(): boolean {
  return back
}
