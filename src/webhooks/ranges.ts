/**
 * Which addresses belong to the open Internet, by the special-purpose registries of IANA
 * (https://www.iana.org/assignments/iana-ipv4-special-registry, …/iana-ipv6-special-registry).
 *
 * ipaddr.js knows most of them and calls the rest `unicast`. For IPv6 that is too kind: it says so of every block
 * that nobody has been given yet. Only 2000::/3 has been, so only that is global here. What leads to an IPv4 address by
 * another way (mapped, 6to4, Teredo, NAT64) is special whatever that address is: where its packets come out is for
 * the network to say, not for us.
 */
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { AllowedRange } from '../config.ts'

export type Address = ipaddr.IPv4 | ipaddr.IPv6

const GLOBAL_UNICAST: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3]
/** Public by the registry, but from inside of Azure it is the host that hands out the machine's own credentials. */
const AZURE_WIRE_SERVER = '168.63.129.16'

/** Reads what a resolver or a parsed URL gives. */
export function parseAddress(text: string): Address | null {
  const bare = text.replace(/%.*$/, '')
  // ipaddr.js takes the long obsolete `::1.2.3.4` for the IPv4-mapped `::ffff:1.2.3.4`, which is another address.
  if (isIP(bare) === 0 || /^::\d+\./.test(bare)) return null
  return ipaddr.parse(bare)
}

/** True where anybody on the Internet could be meant. */
export function isGlobal(address: Address): boolean {
  if (address instanceof ipaddr.IPv4) {
    return address.range() === 'unicast' && address.toString() !== AZURE_WIRE_SERVER
  }
  const site = isatap(address)
  if (site && !isGlobal(site)) return false
  return address.range() === 'unicast' && address.match(GLOBAL_UNICAST)
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

/** The IPv4 address that an IPv4-mapped one is when it is connected to; any other as it is. */
export function unmapped(address: Address): Address {
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address
}

/**
 * Compiles the operator's list into the question whether it covers an address at a port. Mapped addresses are listed as
 * the IPv4 addresses that they are.
 */
export function createAllowList(
  entries: readonly AllowedRange[],
): (address: Address, port: number) => boolean {
  const ranges = entries.map(({ cidr, port }) => {
    const [base, bits] = ipaddr.parseCIDR(cidr)
    const mapped = base instanceof ipaddr.IPv6 && base.isIPv4MappedAddress() && bits >= 96
    return { base: mapped ? base.toIPv4Address() : base, bits: mapped ? bits - 96 : bits, port }
  })
  return (address, port) => {
    const plain = unmapped(address)
    return ranges.some(
      range =>
        (range.port === null || range.port === port) &&
        range.base.kind() === plain.kind() &&
        plain.match(range.base, range.bits),
    )
  }
}
