/** Addresses of machines. */
import { isIPv6 } from 'node:net'
import type { Rule } from '../rule.ts'

const OCTET = String.raw`(?:25[0-5]|2[0-4]\d|1\d\d|0{0,2}\d|0?[1-9]\d)`

/** `1.2.3.4` after one of these is a version, not an address. */
const VERSION_BEFORE =
  /(?:~|\b(?:v|ver|version|versions|release|rev|revision|build|driver|firmware)[\s:="']{0,3})$/i

/** Three groups between colons, of which no time of day has the last: a keyword for each combination of lengths. */
const COLON_GROUPS = ['%', '%%', '%%%', '%%%%'].flatMap(one =>
  ['%', '%%', '%%%', '%%%%'].map(other => `:${one}:${other}:`),
)

export const networkRules: readonly Rule[] = [
  {
    name: 'ipv4',
    kind: 'ipv4',
    keywords: ['#.#.#', '#.##.#', '#.###.#'],
    reach: 8,
    pattern: new RegExp(String.raw`(?<![\w.~])${OCTET}(?:\.${OCTET}){3}(?![\w~]|\.\d)`, 'g'),
    check: (_, { before }) => !VERSION_BEFORE.test(before.slice(-16)),
  },
  {
    // RFC 4291, section 2.2, and a zone (RFC 4007, section 11)
    name: 'ipv6',
    kind: 'ipv6',
    keywords: ['::%', '%::', ...COLON_GROUPS],
    // Whole, perhaps with a port behind it; or shortened, perhaps with an IPv4 address at its end.
    pattern:
      /(?:(?<![\w:.])|(?<=[g-zG-Z]:))(?:(?:[\dA-Fa-f]{1,4}:){7}[\dA-Fa-f]{1,4}(?!\w)|(?:[\dA-Fa-f]{1,4}:|:)(?:[\dA-Fa-f]{0,4}:){1,6}(?:[\dA-Fa-f]{1,4}(?:\.\d{1,3}){0,3})?(?!\w|:[\w:]))(?:%[A-Za-z0-9]{1,16})?/g,
    check: isAddress,
  },
  {
    // IEEE 802: in pairs, or, as Cisco prints it, in fours
    name: 'mac',
    kind: 'mac',
    keywords: ['%%:%%:%%:%%', '%%-%%-%%-%%', '%%%%.%%%%.%%%%'],
    pattern:
      /(?<![\w:.-])(?:[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4})(?![\w:]|[.-]\w)/g,
    // Nobody's: all zeros, and the broadcast. Digits alone in fours are more often a number than an address.
    check: address =>
      !/^(?:0|f|[:.-])+$/i.test(address) && (!address.includes('.') || /[a-f]/i.test(address)),
  },
]

/** Only zeros name no machine; `a::b` of C++ and `1::2` of a slice are no addresses, or not surely. */
function isAddress(text: string): boolean {
  const address = text.replace(/%.*$/, '')
  return (
    isIPv6(address) &&
    /[1-9a-f]/i.test(address) &&
    /\d/.test(address) &&
    (address === '::1' || address.replace(/:/g, '').length >= 3)
  )
}
