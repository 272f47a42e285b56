/** The login form. Without this script it still works, but always leads to `/`. */

import { Problem } from './api.js'
import { byId, say } from './dom.js'
import { rememberSession } from './session.js'

const form = byId('login', HTMLFormElement)
const key = byId('key', HTMLInputElement)
const error = byId('key-error', HTMLElement)

// The page has one field and one purpose.
key.focus()

form.addEventListener('submit', async event => {
  event.preventDefault()
  say(error, '')
  try {
    const response = await fetch('/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ key: key.value }),
      redirect: 'manual',
    }).catch(() => {
      throw new Problem(0, null)
    })
    // The redirect to `/` is the success; where to go is decided here.
    if (response.type !== 'opaqueredirect' && !response.ok) {
      if (response.status === 401)
        throw new Error('This key is not known here. Check that all of it was copied.')
      throw new Problem(response.status, await response.json().catch(() => null))
    }
    rememberSession(true)
    location.replace(next())
  } catch (problem) {
    say(error, /** @type {Error} */ (problem).message)
    key.setAttribute('aria-invalid', 'true')
    key.select()
  }
})

/** Where the visitor wanted to go; only ever a page of this service, whatever the address says. */
function next() {
  const wanted = new URLSearchParams(location.search).get('next') ?? '/'
  const url = URL.canParse(wanted, location.origin) ? new URL(wanted, location.origin) : null
  return url?.origin === location.origin ? url.pathname + url.search : '/'
}
