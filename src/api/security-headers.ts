/**
 * What every answer tells a browser, whatever it holds: that it is what its type says, that no other page may frame or
 * embed it, and that it may load and run nothing. Pages that need more (the UI, the reference, Bull Board, artifacts)
 * set a policy of their own in the place of this one.
 */
import type { MiddlewareHandler } from 'hono'
import type { Env } from './endpoint.ts'

export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

const ENTRIES = Object.entries(SECURITY_HEADERS)

/** A year, in s. Only said where the browser came by TLS: it would shut out whoever has none. */
const STRICT_TRANSPORT = 'max-age=31536000'

export const securityHeaders: MiddlewareHandler<Env> = (c, next) => {
  // On Node's own response, before any other: what an answer sets itself takes the place of what stands here.
  for (const [name, value] of ENTRIES) c.env.outgoing?.setHeader(name, value)
  if (c.get('client').secure) c.env.outgoing?.setHeader('strict-transport-security', STRICT_TRANSPORT)
  return next()
}
