/** `/api/openapi.json`, and `/api/docs`: the reference that is drawn from it. Every part of the page is served by us. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Hono } from 'hono'
import { EVERYONE } from './callers.ts'
import { admit, type Env } from './endpoint.ts'
import { type Described, describeApi } from './openapi.ts'

/** Swagger UI sets styles on its elements, and draws its icons from data. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sluice API</title>
<link rel="icon" href="/ui/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
</head>
<body>
<div id="api"></div>
<script src="/api/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/start.js"></script>
</body>
</html>
`

const START = `SwaggerUIBundle({ url: '/api/openapi.json', dom_id: '#api', deepLinking: true, validatorUrl: null })
`

interface Part {
  readonly type: string
  readonly body: string
}

export function mountDocs(app: Hono<Env>, endpoints: readonly Described[], version: string): void {
  const document = JSON.stringify(describeApi(endpoints, version))
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
  const read = (file: string) => readFileSync(join(folder, file), 'utf8')
  const parts: Readonly<Record<string, Part>> = {
    '/api/openapi.json': { type: 'application/json', body: document },
    '/api/docs': { type: 'text/html', body: PAGE },
    '/api/docs/start.js': { type: 'text/javascript', body: START },
    '/api/docs/swagger-ui.css': { type: 'text/css', body: read('swagger-ui.css') },
    '/api/docs/swagger-ui-bundle.js': { type: 'text/javascript', body: read('swagger-ui-bundle.js') },
  }
  for (const [path, { type, body }] of Object.entries(parts)) {
    app.get(path, c => {
      c.set('route', path)
      admit(c, EVERYONE)
      return new Response(body, {
        headers: {
          'content-type': `${type}; charset=utf-8`,
          'content-security-policy': CONTENT_SECURITY_POLICY,
          'cache-control': 'no-cache',
        },
      })
    })
  }
  app.get('/api/docs/', c => {
    admit(c, EVERYONE)
    return c.redirect('/api/docs')
  })
}
