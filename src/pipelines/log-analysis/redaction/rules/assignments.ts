/** Secrets that are known by the key they are assigned to. */
import { entropy, isPlaceholder, isStandIn, isWordy, looksGenerated, looksSecret } from '../randomness.ts'
import type { Rule, Where } from '../rule.ts'
import { ASSIGN, ASSIGN_IN_XML, ASSIGN_ON_NEXT_LINE, isReference, PROSE, VALUE } from './values.ts'

const PASSWORD_WORDS = String.raw`passw(?:or)?d|passphrase|passcode|pwd|(?<![a-z])pass(?=["'\s:]{0,3}[=:](?!["'\s]{0,3}\d+\b))`
const SECRET_WORDS = [
  'secret',
  '(?<!(?:public|csrf|xsrf)[_-]?)token',
  'credentials?|creds?(?=["\'\\s]{0,3}[=:])',
  // As the end of a key: of `user_auth`, not of `oauth`.
  '(?<=[_.-])auth(?=["\'\\s]{0,3}[=:])',
  'cookie',
  'bearer',
  'access[_.-]?id',
  // What a key is for, where it is not said to be public.
  '(?:api|access|secret|private|sign(?:ing)?|encrypt(?:ion)?|account|auth|master|admin|client|consumer|app(?:lication)?|service|license|ssh|storage|shared|webhook|integration|write|read|deploy|subscription)[_. -]?key',
].join('|')

/** `secret_value`, `token2`, `secretAccessKey`, `password_prod`: still the secret. `token_count`, `tokens`: not. */
const SUFFIX = String.raw`(?:[_.-]?(?:value|val|key|key[_-]?base|string|str|text|data|raw|plain|b(?:ase)?64|enc(?:oded|rypted)?|hash|salt|access[_-]?key|prod(?:uction)?|dev|stag(?:e|ing)|live|test|sandbox|old|new|current|v\d|primary|secondary))?(?:[_-]?\d{1,4})?(?![\w-])`

/** Characters; `subscription_key` has 16, and a keyword may end some behind its word: `auth :`. */
const LONGEST_WORD = 24

const PASSWORD_KEYWORDS = [
  'passw',
  'passphrase',
  'passcode',
  'pwd',
  'pass=',
  'pass =',
  'pass:',
  'pass"',
  "pass'",
]
const SECRET_KEYWORDS = [
  'secret',
  'token',
  'key',
  'credential',
  'cookie',
  'bearer',
  'accessid',
  'access_id',
  'creds',
  'auth=',
  'auth:',
  'auth"',
  "auth'",
  'auth =',
  'auth :',
]

export const assignmentRules: readonly Rule[] = [
  {
    name: 'password-value',
    kind: 'password',
    keywords: PASSWORD_KEYWORDS,
    reach: LONGEST_WORD,
    pattern: new RegExp(`(?:${PASSWORD_WORDS})${SUFFIX}(?:${ASSIGN}|${ASSIGN_IN_XML})(?:${VALUE})`, 'dgi'),
    check: isPassword,
  },
  {
    name: 'secret-value',
    kind: 'generic_api_key',
    keywords: SECRET_KEYWORDS,
    reach: LONGEST_WORD,
    pattern: new RegExp(`(?:${SECRET_WORDS})${SUFFIX}(?:${ASSIGN}|${ASSIGN_IN_XML})(?:${VALUE})`, 'dgi'),
    check: isSecret,
  },
  {
    name: 'secret-on-next-line',
    kind: 'generic_api_key',
    keywords: [':', '|', '>', '>-', '|-'].flatMap(end => [`${end}\n`, `${end}\r\n`]),
    twoLines: true,
    pattern: new RegExp(
      `(?:${SECRET_WORDS}|${PASSWORD_WORDS})${SUFFIX}${ASSIGN_ON_NEXT_LINE}(?:${VALUE})(?=[ \\t]*\\r?(?:\\n|$))`,
      'dgi',
    ),
    check: secret =>
      secret.length >= 12 && /\d/.test(secret) && (/^\d+$/.test(secret) || looksGenerated(secret)),
  },
  {
    name: 'secret-in-longer-key',
    kind: 'generic_api_key',
    keywords: SECRET_KEYWORDS,
    reach: LONGEST_WORD + 40,
    // `secret_do_not_commit`, `tokenForStaging`: most such keys name no secret, so the value must look like one.
    pattern: new RegExp(
      `(?:${SECRET_WORDS}|passw(?:or)?d)(?![\\w-]{0,40}(?:id|ids|length|count|name|type|url|uri|path|file|size)(?![\\w-]))[\\w-]{1,40}${ASSIGN}(?:${VALUE})`,
      'dgi',
    ),
    check: secret =>
      /^[\w+/=.-]{20,512}$/.test(secret) &&
      /[A-Z]/.test(secret) &&
      /[a-z]/.test(secret) &&
      looksSecret(secret),
  },
  {
    name: 'command-line-flag',
    kind: 'generic_api_key',
    keywords: [
      ' --',
      '"--',
      "'--",
      '\n--',
      '-pass',
      '-token',
      '-secret',
      '-api',
      '-vault',
      '-auth',
      '-access',
    ],
    // `--token VALUE`; with `=` between them it is an assignment as any other.
    pattern: new RegExp(
      String.raw`(?<=^|[\s"'\[(])--?[\w-]{0,40}(?:${SECRET_WORDS}|passw(?:or)?d|passphrase|pwd)[ \t]{1,4}(?!-)(?:${VALUE})`,
      'dgi',
    ),
    check: (secret, where) => !isPlaceholder(secret) && !isReference(secret) && notOfWords(secret, where),
  },
  {
    name: 'command-line-credentials',
    kind: 'url_credentials',
    keywords: [' -u ', " -u'", ' -u"', ' --user ', ' --user=', ' --proxy-user'],
    // curl's `-u user:password`; not docker's `-u 1000:1000`.
    pattern: /(?<=\s)(?:-u|--user|--proxy-user)[ =]?["']?(?<secret>[^\s"':]{1,64}:[^\s"':/][^\s"']{2,256})/dg,
    check: secret => !/^\d+:\d+$/.test(secret) && !isStandIn(secret.slice(secret.indexOf(':') + 1)),
  },
  {
    name: 'bundler-credentials',
    kind: 'vendor_token',
    keywords: ['bundle_'],
    // https://bundler.io/man/bundle-config.1.html, "Credentials for gem sources"
    pattern: new RegExp(
      String.raw`bundle_[\w]{4,80}__[a-z]{2,12}\w{0,12}${ASSIGN}["'\`]?(?<secret>[^\s"'\`:@]{3,64}:[^\s"'\`@]{3,64})`,
      'dgi',
    ),
    check: secret => !isPlaceholder(secret),
  },
]

function isPassword(password: string, { groups }: Where): boolean {
  if (isStandIn(password)) return false
  // `password: authentication failed` and `Password for root` tell of passwords, they hold none.
  if (groups.bare === undefined) return !isReference(password) || /\d/.test(password)
  return password.length >= 4 && !isReference(password) && !PROSE.test(password)
}

function isSecret(secret: string, where: Where): boolean {
  if (secret.length < 4 || isPlaceholder(secret)) return false
  if (where.groups.bare !== undefined && isReference(secret)) return false
  return notOfWords(secret, where)
}

/** "Unexpected token: identifier" is a sentence, not a secret; a secret has a digit, or no words in it. */
function notOfWords(secret: string, { groups }: Where): boolean {
  if (/^[\d.,:/-]+$/.test(secret))
    return /^\d{10,}$/.test(secret) || (groups.bare === undefined && /^\d{8,}/.test(secret))
  if (/\s/.test(secret)) return groups.bare === undefined && /\d/.test(secret) && !/ \w+ /.test(secret)
  if (/\d/.test(secret)) return entropy(secret) >= 2.2
  return secret.length >= 12 && !isWordy(secret) && entropy(secret) >= 3
}
