/**
 * Requests that a browser makes for somebody else: another site's form or script (CSRF), or a name that another site
 * has pointed at this machine (DNS rebinding).
 */
import { isLoopbackHost } from '../config.ts'

/** True where the browser says that a request was not caused by one of our own pages. */
export function comesFromElsewhere(headers: {
  readonly host: string | undefined
  readonly origin: string | undefined
  readonly fetchSite: string | undefined
}): boolean {
  const { host, origin, fetchSite } = headers
  if (fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'none') return true
  // Only the host is compared: behind a proxy that ends TLS, the scheme that the browser saw is not ours.
  return origin !== undefined && URL.parse(origin)?.host !== host?.toLowerCase()
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Whether a method changes nothing (RFC 9110, 9.2.1). */
export function isSafe(method: string): boolean {
  return SAFE.has(method)
}

/** The last header that was asked about: each request asks several times, and hardly any brings another. */
let last = { host: 'localhost', isLocal: true }

/** Whether a `Host` header names this machine only. */
export function isLocalHostHeader(host: string | undefined): boolean {
  if (host === undefined) return false
  if (host !== last.host) last = { host, isLocal: isLoopbackHost(host.replace(/:\d*$/, '')) }
  return last.isLocal
}
