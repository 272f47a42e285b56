/** The login form. Without this script it still works, but always leads to `/`. */
import './styles/tokens.css'
import './styles/base.css'
import './login.css'
import '@fontsource-variable/inter'
import { Refusal } from './service/call.ts'

const form = document.querySelector<HTMLFormElement>('#login')!
const key = document.querySelector<HTMLInputElement>('#key')!
const error = document.querySelector<HTMLElement>('#key-error')!

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

async function signInWith(text: string): Promise<void> {
  const response = await fetch('/login', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ key: text }),
    redirect: 'manual',
  }).catch(() => {
    throw new Refusal(0, null)
  })
  // The redirect to `/` is the success; where to go is decided here.
  if (response.type === 'opaqueredirect' || response.ok) return
  if (response.status === 401) {
    throw new Error('This key is not known here. Check that all of it was copied.')
  }
  throw new Refusal(response.status, await response.json().catch(() => null))
}

/** Where the visitor wanted to go; only ever a page of this service, whatever the address says. */
function next(): string {
  const wanted = new URLSearchParams(location.search).get('next') ?? '/'
  const url = URL.canParse(wanted, location.origin) ? new URL(wanted, location.origin) : null
  return url?.origin === location.origin ? url.pathname + url.search : '/'
}
