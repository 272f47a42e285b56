/** `POST /login`, `POST /logout`: how a browser, which cannot send a bearer key by itself, gets in and out. */
import type { Context, Hono } from 'hono'
import { bodyMedia, readBody, readJson } from './body.ts'
import type { KeyRing } from './callers.ts'
import { type Env, unauthenticated } from './endpoint.ts'
import { invalid, Problem } from './problems.ts'
import type { Sessions } from './sessions.ts'

/** Bytes of what comes with a key; nobody has shown one yet. */
const LARGEST = 16 * 2 ** 10

export function mountLogin(app: Hono<Env>, keyRing: KeyRing, sessions: Sessions): void {
  app.post('/login', async c => {
    c.set('route', '/login')
    const text = await readKey(c)
    // Without keys there is nothing to prove, and whoever tries is in already.
    if (keyRing.isEmpty) return seeOther('/')
    const key = keyRing.find(text)
    if (!key) throw unauthenticated('This key is not known.')
    return seeOther('/', await sessions.open(key))
  })
  app.post('/logout', async c => {
    c.set('route', '/logout')
    return seeOther('/login', await sessions.close(c.req.header('cookie')))
  })
}

async function readKey(c: Context<Env>): Promise<string> {
  const media = bodyMedia(c.req.header('content-type'))
  if (media !== 'form' && media !== 'json') {
    throw new Problem('unsupported-media-type', 'Send the key as a form or as JSON.')
  }
  const body: unknown =
    media === 'json'
      ? await readJson(c, LARGEST)
      : Object.fromEntries(new URLSearchParams((await readBody(c, LARGEST)).toString()))
  const key = typeof body === 'object' && body !== null && 'key' in body ? body.key : undefined
  if (typeof key !== 'string') throw invalid({ pointer: '/key', message: 'the key is missing' })
  return key
}

function seeOther(location: string, cookie?: string): Response {
  const headers = {
    location,
    'cache-control': 'no-store',
    ...(cookie !== undefined && { 'set-cookie': cookie }),
  }
  return new Response(null, { status: 303, headers })
}
