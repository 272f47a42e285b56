/** Secrets that a sentence tells: `the password is …`, `login … password …`. */
import { isStandIn, looksSecret, readsLikeWords } from '../randomness.ts'
import type { Rule } from '../rule.ts'
import { PROSE } from './values.ts'

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export const saidRules: readonly Rule[] = [
  {
    name: 'said-password',
    kind: 'password',
    keywords: [' is the password', ' is the secret', ' is the token', ' is my password', 'password is '],
    pattern:
      /(?<![\w.])(?<secret>[\w!@#$%^&*+=.-]{6,128}) (?:is the (?:password|secret|token)|is my password)|password is:? ["']?(?<bare>[^\s"',;]{6,128})/dgi,
    check: looksSecret,
  },
  {
    name: 'quoted-password',
    kind: 'password',
    keywords: ["password '", 'password "', 'password to ', 'password set to ', 'password changed to '],
    pattern:
      /\bpassword (?:(?:set |changed )?to )?(?:'(?<quoted>[^'\n]{4,128})'|"(?<bare>[^"\n]{4,128})")/dgi,
    check: password => !isStandIn(password) && /[^A-Za-z\s]/.test(password),
  },
  {
    name: 'said-token',
    kind: 'generic_api_key',
    keywords: ['token ', 'api key ', 'apikey ', 'secret '],
    reach: 8,
    pattern: /\b(?:token|api ?key|secret):? (?<secret>[\w+/=-]{20,512})(?![\w.])/dgi,
    check: token => looksSecret(token) && !readsLikeWords(token) && !UUID.test(token),
  },
  {
    name: 'netrc-entry',
    kind: 'password',
    keywords: ['login '],
    // https://www.gnu.org/software/inetutils/manual, "The .netrc file"
    pattern: /\blogin\s{1,4}\S{1,64}\s{1,4}password\s{1,4}(?<secret>\S{3,256})/dg,
    check: password => !isStandIn(password) && !PROSE.test(password),
  },
  {
    name: 'oracle-address',
    kind: 'url_credentials',
    keywords: ['jdbc:oracle:thin:'],
    pattern: /jdbc:oracle:thin:(?<secret>[^\s/@:]{1,64}\/[^\s@]{1,128})@/dgi,
  },
]
