/**
 * The web UI: a static shell that talks to the API as any other client does, so it needs no key itself and can show
 * nothing that the API would not tell. What is served here was built from `app/` (`npm run build:ui`).
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { type Context, Hono, type Next } from 'hono'
import { accepts } from 'hono/accepts'
import { etag, RETAINED_304_HEADERS } from 'hono/etag'
import { contentType } from 'mime-types'

const BUILT = fileURLToPath(new URL('../../dist/ui/', import.meta.url))

/** Pages that the shell itself routes: each is the same document. */
const PAGES = [
  '/',
  '/upload',
  '/jobs/:id',
  '/jobs/:id/report',
  '/jobs/:id/view/*',
  '/callbacks',
  '/callbacks/*',
  '/operations',
  '/keys',
  '/audit',
]

/**
 * File names and metadata come from strangers. Trusted types make the browser itself refuse any attempt to turn a
 * string into markup, so that one careless `innerHTML` is a visible error and not a hole; the one policy of theirs that
 * may be made knows the address of the viewer's worker and nothing else. Frames show reports, which are sandboxed by
 * their own policy; `blob:` is the browser's own preview of a picture that is about to be sent.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "frame-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types sluice-workers',
].join('; ')

const POLICY: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
}

const UNBUILT = `Sluice's web UI has not been built: run "npm run build:ui" and start again. The API is not concerned.\n`

interface Asset {
  readonly body: Uint8Array<ArrayBuffer>
  /** Null where it would not be smaller. */
  readonly gzipped: Uint8Array<ArrayBuffer> | null
  readonly headers: Readonly<Record<string, string>>
}

export interface Ui {
  /** What answers at the UI's own addresses. */
  readonly app: Hono
  /** The shell for an address that nothing answers, which says so in words. Null where the UI was not built. */
  lost(): Response | null
}

/**
 * Serves the shell at its pages and at `/login`, and its parts under `/ui/`. `POST /login` and `POST /logout` are the
 * API's.
 *
 * The folder is read once: only names found there are ever looked up, so no path can lead out of it.
 *
 * @param folder with what was built; where there is none, the pages answer 503 with a sentence that says what to do
 */
export function createUi(folder = BUILT): Ui {
  const names = existsSync(folder) ? filesIn(folder) : []
  const assets = new Map(names.map(name => [name, read(folder, name)]))
  const send = (c: Context, name: string, next: Next) => {
    const asset = assets.get(name)
    if (!asset) return assets.size === 0 ? c.text(UNBUILT, 503) : next()
    if (asset.gzipped && takesGzip(c)) {
      return c.body(asset.gzipped, 200, { ...asset.headers, 'content-encoding': 'gzip' })
    }
    return c.body(asset.body, 200, asset.headers)
  }

  // With its policy also where nothing is sent: the browser puts what a 304 says in the place of what it has.
  const unlessKept = etag({ retainedHeaders: [...RETAINED_304_HEADERS, ...Object.keys(POLICY)] })

  const app = new Hono()
  for (const page of PAGES) app.get(page, unlessKept, (c, next) => send(c, 'index.html', next))
  app.get('/login', unlessKept, (c, next) => send(c, 'login.html', next))
  app.get('/ui/:name{.+}', unlessKept, (c, next) => send(c, c.req.param('name'), next))
  const lost = () => {
    const shell = assets.get('index.html')
    if (!shell) return null
    // Without its tag: that this address has nothing is not known for any other time. An API client is told in JSON.
    const { etag: _, ...headers } = shell.headers
    return new Response(shell.body, {
      status: 404,
      headers: { ...headers, 'cache-control': 'no-store', vary: 'accept' },
    })
  }
  return { app, lost }
}

function takesGzip(c: Context): boolean {
  return (
    accepts(c, { header: 'Accept-Encoding', supports: ['gzip', 'identity'], default: 'identity' }) === 'gzip'
  )
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => `${entry.parentPath}/${entry.name}`.slice(folder.length).replace(/^\//, ''))
}

function read(folder: string, name: string): Asset {
  const body = new Uint8Array(readFileSync(`${folder}/${name}`))
  const gzipped = new Uint8Array(gzipSync(body))
  return {
    body,
    gzipped: gzipped.length < body.length * 0.9 ? gzipped : null,
    headers: {
      'content-type': contentType(name.slice(name.lastIndexOf('/') + 1)) || 'application/octet-stream',
      // What lies in `assets/` carries a hash of its content in its name; all else is asked for each time.
      'cache-control': name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      vary: 'accept-encoding',
      // Weak, since it is the same for the bytes as they are and compressed.
      etag: `W/"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
      ...POLICY,
    },
  }
}
