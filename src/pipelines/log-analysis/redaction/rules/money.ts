/** What is a person's money. */
import type { Rule } from '../rule.ts'

/** Countries by the length of their IBANs: SWIFT's registry (ISO 13616). */
const IBAN_COUNTRIES: Readonly<Record<number, string>> = {
  15: 'NO',
  16: 'BE',
  18: 'DK FI FK FO GL NL SD',
  19: 'MK SI',
  20: 'AT BA EE KZ LT LU MN XK',
  21: 'CH HR LI LV',
  22: 'BG BH CR DE GB GE IE ME RS VA',
  23: 'AE GI IL IQ OM SO TL',
  24: 'AD CZ ES MD PK RO SA SE SK TN VG',
  25: 'LY PT ST',
  26: 'IS TR',
  27: 'BI DJ FR GR IT MC MR SM',
  28: 'AL AZ BY CY DO GT HN HU LB NI PL SV',
  29: 'BR EG PS QA UA',
  30: 'JO KW MU YE',
  31: 'MT SC',
  32: 'LC',
  33: 'RU',
}

/** Issuer ranges and lengths: Visa, Mastercard, American Express, Discover, JCB, Diners Club, UnionPay, Maestro,
 * Dankort, UATP. */
const ISSUERS =
  /^(?:4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}|3[47]\d{13}|6(?:011|5\d{2}|4[4-9]\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|3(?:0[0-5]|[68]\d)\d{11}|62\d{14,17}|(?:5018|5020|5038|6304|6759|676[1-3])\d{8,15}|5019\d{12}|1\d{14})$/

export const moneyRules: readonly Rule[] = [
  {
    name: 'payment-card',
    kind: 'credit_card',
    reach: 13,
    keywords: ['#############', '#### ####', '####-####', '#### ######', '####-######'],
    // All in one, in groups of four, or as American Express and Diners Club print it. Not behind `_`, `.` or a minus
    // sign: block ids.
    pattern:
      /(?<![\w.]|(?<![A-Za-z])-)(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{4,5})(?![\w]|[.-]\d)/g,
    check: card => ISSUERS.test(card.replace(/\D/g, '')) && passesLuhn(card.replace(/\D/g, '')),
  },
  {
    name: 'iban',
    kind: 'iban',
    keywords: Object.values(IBAN_COUNTRIES).flatMap(countries =>
      countries.split(' ').map(country => `${country.toLowerCase()}##`),
    ),
    reach: 4,
    pattern: new RegExp(`(?<![A-Za-z0-9])(?:${ibanForms()})(?![A-Za-z0-9])`, 'g'),
    check: passesMod97,
  },
]

/** Each country's code and as many characters as it has: in one piece, or in groups of four. */
function ibanForms(): string {
  return Object.entries(IBAN_COUNTRIES)
    .map(([length, countries]) => {
      const last = Number(length) % 4
      const groups = `(?:[ -][A-Z0-9]{4}){${Math.floor(Number(length) / 4) - 1}}${last ? `[ -][A-Z0-9]{${last}}` : ''}`
      return `(?:${countries.replaceAll(' ', '|')})\\d{2}(?:[A-Z0-9]{${Number(length) - 4}}|${groups})`
    })
    .join('|')
}

/** ISO/IEC 7812-1, annex B. */
export function passesLuhn(digits: string): boolean {
  let sum = 0
  for (let place = 0; place < digits.length; place++) {
    const digit = digits.charCodeAt(digits.length - 1 - place) - 48
    const doubled = digit * 2
    sum += place % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}

/** ISO 7064, mod 97-10, over an account number whose country and check digits were moved behind it. */
export function passesMod97(iban: string): boolean {
  const text = iban.replace(/[ -]/g, '')
  let rest = 0
  for (const character of text.slice(4) + text.slice(0, 4)) {
    const value = Number.parseInt(character, 36)
    rest = (value > 9 ? rest * 100 + value : rest * 10 + value) % 97
  }
  return rest === 1
}
