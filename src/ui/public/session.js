/**
 * Whether this browser has signed in. The session itself is a cookie that no script can read; this only decides
 * whether "Sign out" is offered, for a service without keys has nothing to sign out of.
 */
const MARK = 'sluice.signed-in'

/** @param {boolean} signedIn */
export function rememberSession(signedIn) {
  if (signedIn) localStorage.setItem(MARK, 'yes')
  else localStorage.removeItem(MARK)
}

export function hasSession() {
  return localStorage.getItem(MARK) !== null
}

export async function endSession() {
  await fetch('/logout', { method: 'POST', redirect: 'manual' })
  rememberSession(false)
  location.assign('/login')
}
