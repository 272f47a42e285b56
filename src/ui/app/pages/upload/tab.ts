/**
 * Which of the browser's stored uploads is this tab's.
 *
 * What one person left is neither shown to the next who signs in here nor sent in their name: stores are a person's.
 *
 * Stores are shared by all tabs of a site. Two that kept their upload in the same one would send each other's files,
 * into each other's drafts; so each tab holds the lock of a numbered store for as long as it lives. A reload gets its
 * own again, and a new tab the first that nobody holds: what a closed one left is found there.
 */
import type { Session } from '../../contract.ts'
import { call } from '../../service/call.ts'
import { persistently } from './patience.ts'

const OWN = 'sluice.upload.store'
/** In ms, for a page that is being reloaded to let go of its store. */
const UNLOADING = 1_000
/** Tabs that upload at once; more of them keep nothing over a reload. */
const MOST = 50

/** Who is signed in, as jobs name their owner. */
export const PERSON = await persistently('session', () => call<Session>('GET', '/api/session')).then(
  ({ name }) => name,
  // The page says why, in its own time.
  () => '',
)
const PREFIX = `sluice:${encodeURIComponent(PERSON)}:`
/** The name of this tab's store. */
export const STORE = await takeStore()

async function takeStore(): Promise<string> {
  const kept = sessionStorage.getItem(OWN)
  const own = kept?.startsWith(PREFIX) ? kept : null
  // Only pages that came over TLS, or from this very machine, have locks. Without, a store is found again by a reload alone.
  if (!navigator.locks) return keep(own ?? `${PREFIX}${Date.now()}-${Math.random().toString(36).slice(2)}`)
  if (own && (await hold(own, { signal: AbortSignal.timeout(UNLOADING) }))) return own
  for (let number = 1; number <= MOST; number++) {
    const name = `${PREFIX}${number}`
    if (await hold(name, { ifAvailable: true })) return keep(name)
  }
  return `${PREFIX}${Date.now()}`
}

function keep(name: string): string {
  sessionStorage.setItem(OWN, name)
  return name
}

/** Until the tab is closed or goes elsewhere. @returns whether it is held now */
function hold(name: string, options: LockOptions): Promise<boolean> {
  return new Promise(answer => {
    navigator.locks
      .request(name, options, lock => {
        answer(lock !== null)
        return lock && new Promise<never>(() => undefined)
      })
      // Its time was up: another tab has it, of which this one is a copy.
      .catch(() => answer(false))
  })
}
