/** The login form. Without this script it still works, but always leads to `/`. */
import './styles/tokens.css'
import './styles/base.css'
import './login.css'
import '@fontsource-variable/inter'
import { signInWith } from './service/call.ts'

const form = document.querySelector<HTMLFormElement>('#login')!
const key = document.querySelector<HTMLInputElement>('#key')!
const error = document.querySelector<HTMLElement>('#key-error')!

if (new URLSearchParams(location.search).has('ended')) {
  const ended = document.querySelector<HTMLElement>('#ended')!
  ended.textContent = 'Your session has ended. Sign in, and you go on where you were.'
  ended.hidden = false
}

// The page has one field and one purpose.
key.focus()

form.addEventListener('submit', async event => {
  event.preventDefault()
  error.textContent = ''
  try {
    await signInWith(key.value)
    location.replace(next())
  } catch (refused) {
    error.textContent = (refused as Error).message
    key.setAttribute('aria-invalid', 'true')
    key.select()
  }
})

/** Where the visitor wanted to go; only ever a page of this service, whatever the address says. */
function next(): string {
  const wanted = new URLSearchParams(location.search).get('next') ?? '/'
  const url = URL.canParse(wanted, location.origin) ? new URL(wanted, location.origin) : null
  // Whole, since a path may begin with two slashes: by itself that is another site.
  return url?.origin === location.origin ? url.href : '/'
}
