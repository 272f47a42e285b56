/**
 * The web UI: a static shell that talks to the API as any other client does, so it needs no key itself and can show
 * nothing that the API would not tell. No build step: what lies in `public/` is what the browser gets.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { type Context, Hono, type Next } from 'hono'
import { contentType } from 'mime-types'

const PUBLIC = new URL('./public/', import.meta.url)

/**
 * File names and metadata come from strangers. `trusted-types 'none'` makes the browser itself refuse any attempt to
 * turn a string into markup, so that one careless `innerHTML` is a visible error and not a hole.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

interface Asset {
  readonly body: Uint8Array<ArrayBuffer>
  readonly etag: string
  readonly headers: Readonly<Record<string, string>>
}

/**
 * Serves the shell at `/`, `/jobs/:id` (routed by the page) and `/login`, and its parts under `/ui/`. `POST /login`
 * and `POST /logout` are the API's.
 *
 * The folder is read once: only names found there are ever looked up, so no path can lead out of it.
 */
export function createUi(): Hono {
  const assets = new Map(readdirSync(PUBLIC).map(name => [name, read(name)]))
  const send = (c: Context, name: string, next: Next) => {
    const asset = assets.get(name)
    if (!asset) return next()
    if (c.req.header('if-none-match') === asset.etag) return c.body(null, 304, asset.headers)
    return c.body(asset.body, 200, asset.headers)
  }

  const app = new Hono()
  app.get('/', (c, next) => send(c, 'index.html', next))
  app.get('/jobs/:id', (c, next) => send(c, 'index.html', next))
  app.get('/login', (c, next) => send(c, 'login.html', next))
  app.get('/ui/:name', (c, next) => send(c, c.req.param('name'), next))
  return app
}

function read(name: string): Asset {
  const body = new Uint8Array(readFileSync(new URL(name, PUBLIC)))
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
  return {
    body,
    etag,
    headers: {
      'content-type': contentType(name) || 'application/octet-stream',
      // The names carry no hash: the browser asks each time, and mostly hears 304.
      'cache-control': 'no-cache',
      etag,
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
    },
  }
}
