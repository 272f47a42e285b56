/** What names or reaches a person. */
import type { Rule } from '../rule.ts'

/** Instances of systemd's templates (`getty@tty1.service`) look like addresses. */
const UNIT = /\.(?:service|socket|timer|target|mount|slice|scope|device|path)$/i

/** Said of what is a telephone's, so that a number needs no other sign of it. */
const PHONE_BEFORE =
  /(?:phones?|tel(?:ephone)?|mobile|cell(?:phone)?|fax|call(?:er|ed)?|msisdn|whatsapp|sms|dial(?:led)?|contact)(?:[\s_-]?(?:number|no|nr|num|to|from|us|me|at|is))?[\s"':=.#()]{0,5}$/i

export const personalRules: readonly Rule[] = [
  {
    name: 'email',
    kind: 'email',
    // The domain begins with a letter, or is all digits, as of some large providers.
    keywords: [...Array.from('abcdefghijklmnopqrstuvwxyz', letter => `@${letter}`), '@#.', '@##.', '@###.'],
    reach: behindLocalPart,
    // RFC 5321, section 4.5.3.1, gives a label's length, 63; RFC 6531 lets in letters beyond ASCII.
    pattern:
      /(?<![\w.%+\u00c0-\u024f-])[\w.%+\u00c0-\u024f-]+@(?:[A-Za-z0-9\u00c0-\u024f](?:[A-Za-z0-9\u00c0-\u024f-]{0,61}[A-Za-z0-9\u00c0-\u024f])?\.){1,8}[A-Za-z\u00c0-\u024f][A-Za-z0-9\u00c0-\u024f-]{1,23}/g,
    check: address => !UNIT.test(address) && !address.startsWith('git@'),
  },
  {
    // https://www.ssa.gov/employer/randomization.html: no area 000, 666 or 9xx, no group 00, no serial 0000. What
    // begins with 9 and has one of these groups is an ITIN: https://www.irs.gov, "ITIN"
    name: 'us-social-security-number',
    kind: 'us_ssn',
    keywords: ['###-##-####', '###.##.####', '### ## ####'],
    pattern: /(?<![\w.+/-])(?!000|666|9)\d{3}([-. ])(?!00)\d{2}\1(?!0000)\d{4}(?![\w/]|[.-]\d|[ ]\d{2})/g,
  },
  {
    name: 'us-taxpayer-number',
    kind: 'us_itin',
    keywords: ['#-##-####', '#.##.####', '# ## ####'],
    pattern: /(?<![\w.+/-])9\d{2}([- ])(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])\1\d{4}(?![\w/]|[.-]\d|[ ]\d{2})/g,
  },
  {
    // ITU-T E.164: a plus, up to 15 digits, however grouped
    name: 'phone-international',
    kind: 'phone',
    keywords: ['+#', '+(#', '##+', '(+#'],
    pattern:
      /(?<![\w.+*/-]|\d[ ])\+(?:[1-9]\d{0,2}|\([1-9]\d{0,2}\))[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d(?:[ .-]?\d){6,12}(?![\w*/=+]|[.:-]\d)/g,
    check: (number, { before }) => {
      const digits = number.replace(/\D/g, '')
      return digits.length >= 8 && digits.length <= 15 && !/\d\s*$/.test(before) && !isOneDigit(digits)
    },
  },
  {
    // North American Numbering Plan: area and exchange begin with 2 to 9
    name: 'phone-north-american',
    kind: 'phone',
    keywords: ['###-####', ') ###', ')###-', '###.###.####'],
    pattern:
      /(?<![\w.+/:-]|\d[ ])(?:1[ .-])?(?:\([2-9]\d{2}\)[ ]?|[2-9]\d{2}([.-]))[2-9]\d{2}(?:(?:\1|(?<=\)[ ]?\d{3})[ .-])\d{4})(?![\w/:]|[.-]\d|[ ]\d)/g,
    check: (number, { before }) => number.includes('(') || number.includes('-') || PHONE_BEFORE.test(before),
  },
  {
    name: 'phone-named',
    kind: 'phone',
    keywords: [
      ...Array.from(' :="\'_-.', after => ['phone', 'mobile', 'fax', 'tel'].map(word => word + after)).flat(),
      'phoneno',
      'phonenum',
      'msisdn',
      'whatsapp',
      'callerid',
      'number is',
    ],
    reach: 12,
    pattern:
      /(?:(?:tele|cell|mobile|home|work)?phone|\btel|mobile|fax|msisdn|whatsapp|caller|\bnumber is(?=[ ]\+?\(?0))(?:[\s_-]?(?:id|numbers?|no|nr|num|is))?["'\s:=.#(]{1,6}(?<secret>\+?\(?\d{2,5}\)?(?:[ ./-]{0,2}\d{2,5}){1,4})(?![\w:]|[.-]\d|[ ]\d)/dgi,
    check: number => {
      const digits = number.replace(/\D/g, '').length
      return digits >= 7 && digits <= 15 && !/^(?:19|20)\d{6}$/.test(number)
    },
  },
]

/** An address begins where the characters of a local part do, right before the `@` that its keyword has. */
function behindLocalPart(line: string, end: number): number {
  let start = line.lastIndexOf('@', end)
  while (isLocalPart(line.charCodeAt(start - 1))) start--
  return end - start
}

/** As in the pattern: NaN, before the line, is none. */
function isLocalPart(code: number): boolean {
  const letter = code | 32
  if (letter >= 97 && letter <= 122 && code < 128) return true
  if ((code >= 48 && code <= 57) || code === 46 || code === 95 || code === 45) return true
  return code === 37 || code === 43 || (code >= 0xc0 && code <= 0x24f)
}

function isOneDigit(digits: string): boolean {
  return new Set(digits).size < 3
}
