/**
 * Which addresses belong to the open Internet, by the special-purpose registries of IANA
 * (https://www.iana.org/assignments/iana-ipv4-special-registry, …/iana-ipv6-special-registry).
 *
 * ipaddr.js knows most of them and calls the rest `unicast`. For IPv6 that is too kind: it says so of every block
 * that nobody has been given yet. Only 2000::/3 has been, so only that is global here.
 */
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { AllowedRange } from '../config.ts'

export type Address = ipaddr.IPv4 | ipaddr.IPv6

const GLOBAL_UNICAST: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3]
/** RFC 6052. Its sibling 64:ff9b:1::/48 is for local use: there nobody can tell where the IPv4 address stands. */
const WELL_KNOWN_NAT64: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('64:ff9b::'), 96]

/** Reads what a resolver or a parsed URL gives; an IPv4-mapped address comes out as the IPv4 address that it is. */
export function parseAddress(text: string): Address | null {
  const bare = text.replace(/%.*$/, '')
  // ipaddr.js takes the long obsolete `::1.2.3.4` for the IPv4-mapped `::ffff:1.2.3.4`, which is another address.
  if (isIP(bare) === 0 || /^::\d+\./.test(bare)) return null
  return ipaddr.process(bare)
}

/** True where anybody on the Internet could be meant; a tunnel's address is judged by the IPv4 addresses inside it. */
export function isGlobal(address: Address): boolean {
  if (address instanceof ipaddr.IPv4) return address.range() === 'unicast'
  const site = isatap(address)
  if (site && !isGlobal(site)) return false
  const inside = embedded(address)
  if (inside.length > 0) return inside.every(isGlobal)
  return address.range() === 'unicast' && address.match(GLOBAL_UNICAST)
}

/** The IPv4 addresses that a translator or tunnel would really send to. */
function embedded(address: ipaddr.IPv6): ipaddr.IPv4[] {
  const bytes = address.toByteArray()
  const at = (offset: number, mask = 0) =>
    new ipaddr.IPv4(bytes.slice(offset, offset + 4).map(byte => byte ^ mask))
  if (address.match(WELL_KNOWN_NAT64)) return [at(12)]
  if (address.range() === '6to4') return [at(2)]
  // RFC 4380: the server in the open, the client with every bit turned over.
  if (address.range() === 'teredo') return [at(4), at(12, 0xff)]
  return []
}

/**
 * The IPv4 address that a router of ISATAP would send to (RFC 5214, 6.1): it stands in the identifier of the interface,
 * whose `u` bit tells a global one. Any prefix may stand before it, which is judged besides.
 */
function isatap({ parts }: ipaddr.IPv6): ipaddr.IPv4 | null {
  const [, , , , flags, kind, high, low] = parts
  if ((flags !== 0x0000 && flags !== 0x0200) || kind !== 0x5efe) return null
  return new ipaddr.IPv4([high! >> 8, high! & 0xff, low! >> 8, low! & 0xff])
}

/** Compiles the operator's list into the question whether it covers an address at a port. */
export function createAllowList(
  entries: readonly AllowedRange[],
): (address: Address, port: number) => boolean {
  const ranges = entries.map(({ cidr, port }) => {
    const [base, bits] = ipaddr.parseCIDR(cidr)
    const mapped = base instanceof ipaddr.IPv6 && base.isIPv4MappedAddress() && bits >= 96
    return { base: mapped ? base.toIPv4Address() : base, bits: mapped ? bits - 96 : bits, port }
  })
  return (address, port) =>
    ranges.some(
      range =>
        (range.port === null || range.port === port) &&
        range.base.kind() === address.kind() &&
        address.match(range.base, range.bits),
    )
}
