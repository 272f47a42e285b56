/**
 * Where a request comes from: what its connection tells, and, where that is a proxy that the operator trusts, what the
 * proxy tells. Nobody else is believed: these headers can be sent by anybody.
 */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Context } from 'hono'
import ipaddr from 'ipaddr.js'
import type { By } from '../jobs/audit.ts'
import type { Asked, Env } from './endpoint.ts'

export interface Client {
  /** In its shortest form; IPv4 as such, also where it came by IPv6. */
  readonly address: string | undefined
  /** Whether the browser came by TLS. */
  readonly secure: boolean
  /** The `Host` that the client asked for, as far as it is known. */
  readonly host: string | undefined
}

/** Who is at the other end of a connection. */
interface Peer {
  readonly address: string | undefined
  readonly isTrusted: boolean
}

type Range = readonly [address: ipaddr.IPv4 | ipaddr.IPv6, bits: number]

/** @param trusted CIDRs of proxies. @returns what tells the client of a request. */
export function createClients(trusted: readonly string[]): (incoming: IncomingMessage | undefined) => Client {
  const ranges = trusted.map(parseRange)
  const isTrusted = (address: string) => {
    const parsed = ipaddr.process(address)
    return ranges.some(
      ([range, bits]) => parsed.kind() === range.kind() && parsed.match([range, bits] as never),
    )
  }
  const peers = new WeakMap<Socket, Peer>()
  /** Found out once a connection, which brings many requests. */
  const peerOf = (socket: Socket): Peer => {
    const address = canonical(socket.remoteAddress ?? '')
    const peer = { address, isTrusted: ranges.length > 0 && address !== undefined && isTrusted(address) }
    peers.set(socket, peer)
    return peer
  }
  return incoming => {
    if (!incoming) return { address: undefined, secure: false, host: undefined }
    const { socket, headers } = incoming
    const { address, isTrusted: isProxy } = peers.get(socket) ?? peerOf(socket)
    const direct: Client = { address, secure: 'encrypted' in socket, host: headers.host }
    if (!isProxy) return direct

    const hops = listOf(headers['x-forwarded-for'])
    let client = address!
    let passed = 0
    // From our end: each trusted hop is believed as to who it had the request from, and the first that is not, is the client.
    while (isTrusted(client) && passed < hops.length) {
      const before = canonical(hops.at(-1 - passed)!)
      if (before === undefined) break
      client = before
      passed += 1
    }
    const told = (name: string) => entryAt(listOf(headers[name]), Math.max(1, passed))
    return {
      address: client,
      secure: (told('x-forwarded-proto') ?? (direct.secure ? 'https' : 'http')).toLowerCase() === 'https',
      host: told('x-forwarded-host') ?? direct.host,
    }
  }
}

function parseRange(cidr: string): Range {
  const [address, bits] = ipaddr.parseCIDR(cidr)
  return [address, bits]
}

/** Of an address as proxies write it, with a port or in brackets; undefined where it is none. */
function canonical(text: string): string | undefined {
  const [, bracketed, v4] =
    /^(?:\[([^\]]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+)(?::\d+)?)$/.exec(text.trim()) ?? []
  const address = (bracketed ?? v4 ?? text.trim()).replace(/%.*$/, '')
  const isAddress = ipaddr.IPv4.isValidFourPartDecimal(address) || ipaddr.IPv6.isValid(address)
  return isAddress ? ipaddr.process(address).toString() : undefined
}

function listOf(header: string | string[] | undefined): string[] {
  const text = Array.isArray(header) ? header.join(',') : (header ?? '')
  return text
    .split(',')
    .map(entry => entry.trim())
    .filter(Boolean)
}

/** The one that the outermost trusted hop added: what stands before it may be the client's own invention. */
function entryAt(entries: readonly string[], passed: number): string | undefined {
  return entries[Math.max(0, entries.length - passed)]
}

export function clientOf(c: Context<Env>): Client {
  return c.get('client')
}

/** Who does what is asked, for the audit log. */
export function by({ c, caller }: Pick<Asked<unknown, unknown>, 'c' | 'caller'>): By {
  return { actor: caller.name, address: clientOf(c).address }
}
