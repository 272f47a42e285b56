/**
 * What is variable by its looks: numbers, hexadecimal ids, UUIDs, and what redaction left. It is masked before
 * templates are mined (as Drain's authors do with an expression a system; here once for all), so that Drain has to
 * find out only what cannot be seen.
 *
 * Every line of every log goes through here: one pass over the characters, and nothing is built where nothing is masked.
 */
export const WILDCARD = '<*>'

const OTHER = 0
const DIGIT = 1
const HEX_LETTER = 2
const LETTER = 3
const CLASSES = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code)
  if (/[0-9]/.test(character)) return DIGIT
  if (/[a-f]/i.test(character)) return HEX_LETTER
  return /[a-z]/i.test(character) ? LETTER : OTHER
})

/** Left by redaction: `[REDACTED:email]`, or `[email:1f2e3d]` where pseudonyms are wanted. */
const MARK = /\[(?:REDACTED:\w{1,32}|[a-z][a-z_0-9]{1,31}:[0-9a-f]{6})\]/y
const UUID_REST = /(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9A-Za-z])/y
/** `Mon Jun 20 03:40:59 2005`, and parts of it from the month on. */
const DATE =
  /(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}\d{1,2}(?: \d\d:\d\d:\d\d)?(?: \d{4})?(?![0-9A-Za-z])/y
/** Of sizes, which grow from `B` to `KB` as they like. */
const SPACED_UNIT = / [kKMGT]?i?B(?![0-9A-Za-z])/y
const UNIT = /^(?:[kKMGT]i?B?|[num]?s|B)$/
const LONGEST_HEX = 64
const LEAST_HEX = 6

/** Replaces what looks variable by `<*>`; the whitespace stays. */
export function mask(message: string): string {
  let out = ''
  let kept = 0
  let at = 0
  const { length } = message
  while (at < length) {
    const code = message.charCodeAt(at)
    const kind = classOf(code)
    let start = at
    let end: number
    if (kind === OTHER) {
      end = code === OPEN_BRACKET ? match(MARK, message, at) : -1
      if (end < 0) at++
    } else {
      // A word, from its first to its last letter or digit.
      let digits = kind === DIGIT ? 1 : 0
      let letters = kind === LETTER
      at++
      for (; at < length; at++) {
        const next = classOf(message.charCodeAt(at))
        if (next === OTHER) break
        if (next === DIGIT) digits++
        else if (next === LETTER) letters = true
      }
      if (digits === 0) {
        end =
          at - start === 3
            ? match(DATE, message, start)
            : at - start === 8 && !letters
              ? match(UUID_REST, message, at)
              : -1
        if (end < 0) continue
      } else {
        end = variableEnd(message, start, at, digits, letters)
        if (end >= 0 && kind === DIGIT && start > kept && isSign(message, start - 1)) start--
      }
    }
    if (end < 0) continue
    out += message.slice(kept, start) + WILDCARD
    kept = end
    at = end
  }
  return kept === 0 ? message : out + message.slice(kept)
}

/** @returns where the variable ends that begins with this word, or −1 where the word is a name. */
function variableEnd(text: string, start: number, end: number, digits: number, letters: boolean): number {
  const size = end - start
  if (size === 8 && !letters) {
    const uuid = match(UUID_REST, text, end)
    if (uuid >= 0) return uuid
  }
  if (classOf(text.charCodeAt(start)) === DIGIT) {
    if (digits === size) {
      const number = numberEnd(text, end)
      const unit = text.charCodeAt(number) === SPACE ? match(SPACED_UNIT, text, number) : -1
      return unit < 0 ? number : unit
    }
    if (text.charCodeAt(start) === ZERO && isX(text.charCodeAt(start + 1)) && isHex(text, start + 2, end))
      return end
    if (UNIT.test(text.slice(start + leadingDigits(text, start), end))) return end
  }
  const hexadecimal = !letters && digits > 0 && size >= LEAST_HEX && size <= LONGEST_HEX
  return hexadecimal ? end : -1
}

/** Goes on behind digits: groups, decimals, clock times and ports (`1,024`, `0.5`, `10:31`, `10.0.0.1:80`), a unit. */
function numberEnd(text: string, from: number): number {
  let end = from
  for (;;) {
    const separator = text.charCodeAt(end)
    if (separator === PERCENT && classOf(text.charCodeAt(end + 1)) === OTHER) return end + 1
    if (separator !== DOT && separator !== COMMA && separator !== COLON) return end
    const next = end + 1 + leadingDigits(text, end + 1)
    if (next === end + 1) return end
    if (classOf(text.charCodeAt(next)) === OTHER) {
      end = next
      continue
    }
    const unit = wordEnd(text, next)
    return UNIT.test(text.slice(next, unit)) ? unit : end
  }
}

const OPEN_BRACKET = 91
const SPACE = 32
const ZERO = 48
const PERCENT = 37
const DOT = 46
const COMMA = 44
const COLON = 58

/** A sign belongs to its number unless it joins two words (`page-2`). */
function isSign(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return (code === 45 || code === 43) && classOf(text.charCodeAt(at - 1)) === OTHER
}

function isX(code: number): boolean {
  return code === 120 || code === 88
}

function isHex(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (classOf(text.charCodeAt(at)) === LETTER) return false
  return to > from
}

function leadingDigits(text: string, from: number): number {
  let at = from
  while (classOf(text.charCodeAt(at)) === DIGIT) at++
  return at - from
}

function wordEnd(text: string, from: number): number {
  let at = from
  while (classOf(text.charCodeAt(at)) !== OTHER) at++
  return at
}

/** NaN, beyond the end, is of no class. */
function classOf(code: number): number {
  return code < 128 ? CLASSES[code]! : OTHER
}

function match(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : -1
}
