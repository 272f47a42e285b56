/**
 * Where callbacks may go. A service that posts to any URL a client names is a door into the network it stands in, so
 * every address is checked twice: when the URL is given, to tell the client at once, and at each connection, because
 * a name may resolve to something else by then (DNS rebinding). Only the second check is what keeps the door shut.
 */
import { lookup as resolveHost } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { AllowedRange } from '../config.ts'
import { createAllowList, isGlobal, parseAddress, unmapped } from './ranges.ts'

export type UrlVerdict =
  | { readonly ok: true; readonly url: URL }
  | {
      readonly ok: false
      readonly code: 'invalid-request' | 'callback-url-not-allowed'
      /** For the client: a sentence or two. */
      readonly detail: string
    }

/** A connection that was not opened. The message is for the client, and names the setting that would permit it. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused'
  readonly code = 'ADDRESS_REFUSED'
}

export interface AddressGuard {
  /** The check when a URL is given. Takes 2 s at most; never rejects. */
  checkUrl(text: string): Promise<UrlVerdict>
  /**
   * The check at connection, for a host that is an IP address: no lookup is made for one.
   *
   * @throws AddressRefused
   */
  checkLiteral(address: string, port: number): void
  /**
   * The check at connection, for a host that is a name: resolves it, and gives its addresses for a connection to
   * `port` only if every one of them may be reached; else the error is `AddressRefused`. To be passed as the `lookup`
   * of `net.connect`, `tls.connect` or undici's connector, which then connect to nothing else.
   */
  lookup(port: number): LookupFunction
}

export interface AddressGuardOptions {
  /** Ranges that may be reached although special, or at a low port. */
  readonly allow: readonly AllowedRange[]
  /** Gives every address of a name, in order of preference. Default: the system's resolver. */
  readonly lookup?: (hostname: string) => Promise<readonly string[]>
}

const RESOLVE_TIMEOUT_MS = 2_000

/** What no URL holds. The parser drops it or makes a slash of it, and others who read the same text would not. */
const BENT = /[\s\\\p{Cc}]/u
/** With two slashes and something behind them: the parser does not mind how many there are. */
const AUTHORITY = /^https?:\/\/([^/?#]+)/i
const NO_URL = {
  ok: false,
  code: 'invalid-request',
  detail: 'The callback URL is not an absolute URL.',
} as const satisfies UrlVerdict

export function createAddressGuard({
  allow,
  lookup: resolve = systemLookup,
}: AddressGuardOptions): AddressGuard {
  const listed = createAllowList(allow)

  function permits(text: string, port: number): boolean {
    const address = parseAddress(text)
    if (address === null) return false
    return listed(address, port) || (isOpenPort(port) && isGlobal(address))
  }

  /** Why these addresses may not be connected to at this port, in words; null if they may. */
  function refusal(host: string, addresses: readonly string[], port: number): string | null {
    const refused = addresses.filter(address => !permits(address, port))
    if (refused.length === 0) return null
    const entries = refused.map(address => allowEntry(address, port)).join(',')
    const special = refused.filter(text => {
      const address = parseAddress(text)
      return address === null || !isGlobal(address)
    })
    const reason =
      special.length === 0
        ? `Port ${port} is not open to callbacks: it is below 1024, and neither 80 nor 443.`
        : special.includes(host)
          ? `${host} is not a public address.`
          : `${host} resolves to ${special.join(' and ')}, which callbacks may not reach: only public addresses are open to them.`
    return `${reason} An operator permits it with SLUICE_WEBHOOK_ALLOW=${entries}`
  }

  async function checkUrl(text: string): Promise<UrlVerdict> {
    const url = BENT.test(text) || !text.isWellFormed() ? null : URL.parse(text)
    if (url === null) return NO_URL
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      return notAllowed('A callback URL starts with http:// or https://.')
    }
    const [, authority] = AUTHORITY.exec(text) ?? []
    if (authority === undefined) return NO_URL
    // Also where both are empty: the parser forgets them then.
    if (authority.includes('@')) return notAllowed('A callback URL holds no user name and no password.')
    const port = portOf(url.protocol, url.port)
    if (port === 0) return notAllowed('No connection can be made to port 0.')
    const host = bareHost(url.hostname)
    const addresses = isIP(host) ? [host] : await resolveInTime(resolve, host)
    if (addresses.length > 0) {
      const detail = refusal(host, addresses, port)
      return detail === null ? { ok: true, url } : notAllowed(detail)
    }
    // Its addresses will be checked at connection. A low port is open only to addresses that an entry lists, and as
    // yet there is none that could be listed.
    if (!isOpenPort(port)) {
      return notAllowed(
        `Port ${port} is not open to callbacks: it is below 1024, and neither 80 nor 443. ${host} does not resolve now; once it does, an operator permits it with SLUICE_WEBHOOK_ALLOW=<address of ${host}>/32:${port}`,
      )
    }
    return { ok: true, url }
  }

  async function permittedAddresses(hostname: string, port: number, family: number) {
    const addresses = await resolve(hostname)
    const detail = refusal(hostname, addresses, port)
    if (detail !== null) throw new AddressRefused(detail)
    const found = addresses.map(address => ({ address, family: isIP(address) }))
    const fitting = family === 0 ? found : found.filter(each => each.family === family)
    if (fitting.length === 0) {
      throw Object.assign(new Error(`${hostname} has no address.`), { code: 'ENOTFOUND', hostname })
    }
    return fitting
  }

  return {
    checkUrl,
    checkLiteral(address, port) {
      const detail = refusal(address, [address], port)
      if (detail !== null) throw new AddressRefused(detail)
    },
    lookup: port => (hostname, options, callback) => {
      const family = options.family === 'IPv4' ? 4 : options.family === 'IPv6' ? 6 : (options.family ?? 0)
      // Called back outside the promise, so that what the socket throws is not taken for a failed lookup.
      permittedAddresses(hostname, port, family).then(
        found =>
          setImmediate(() =>
            options.all ? callback(null, found) : callback(null, found[0]!.address, found[0]!.family),
          ),
        (error: NodeJS.ErrnoException) => setImmediate(callback, error, []),
      )
    },
  }
}

/** The entry of SLUICE_WEBHOOK_ALLOW that permits this address at this port, and no more. */
export function allowEntry(text: string, port: number): string {
  const parsed = parseAddress(text)
  if (parsed === null) return `${text}/128:${port}`
  const address = unmapped(parsed)
  return `${address}/${address.kind() === 'ipv4' ? 32 : 128}:${port}`
}

/** @param protocol with its colon. @param port empty for the scheme's own. */
export function portOf(protocol: string, port: string): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
}

/** A URL's host, an IPv6 address without its brackets. */
export function bareHost(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1')
}

function isOpenPort(port: number): boolean {
  return port >= 1024 || port === 80 || port === 443
}

function notAllowed(detail: string): UrlVerdict {
  return { ok: false, code: 'callback-url-not-allowed', detail }
}

async function systemLookup(hostname: string): Promise<string[]> {
  const found = await resolveHost(hostname, { all: true })
  return found.map(each => each.address)
}

/** No addresses for a name that does not resolve, or not in time: the contract takes such a name on trust for now. */
async function resolveInTime(
  resolve: (hostname: string) => Promise<readonly string[]>,
  hostname: string,
): Promise<readonly string[]> {
  const done = new AbortController()
  try {
    return await Promise.race([
      resolve(hostname).catch(() => []),
      wait(RESOLVE_TIMEOUT_MS, [], { signal: done.signal }),
    ])
  } finally {
    done.abort()
  }
}
