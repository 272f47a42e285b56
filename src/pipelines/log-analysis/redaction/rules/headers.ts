/** What a request carries to be let in: headers, cookies, the user part of an address. */
import { isPlaceholder, isStandIn, isWordy } from '../randomness.ts'
import type { Rule } from '../rule.ts'
import { ASSIGN, QUOTE } from './values.ts'

export const headerRules: readonly Rule[] = [
  {
    // RFC 7616, section 3.4: the answer, what it is computed with, and whose it is. OAuth 1 (RFC 5849, section 3.5.1),
    // Hawk and HTTP signatures have the same form.
    name: 'digest-credentials',
    kind: 'authorization',
    keywords: ['digest ', 'oauth ', 'hawk ', 'signature '],
    pattern:
      /\b(?:digest|oauth|hawk|signature)\s(?=[^\n]{0,2000}?\b(?:response|cnonce|oauth_signature|mac|signature)=)(?<secret>(?:[a-z_]{2,24}=(?:\\?"[^"\n]{0,1000}"|[^\s,"]{0,200})(?:,\s{0,3}|(?=\s|$|["'])))+)/dgi,
  },
  {
    // AWS Signature Version 4: Credential, SignedHeaders, Signature
    name: 'aws-signature',
    kind: 'authorization',
    keywords: ['aws#-hmac-sha###', 'x-amz-signature=', 'x-amz-credential=', 'x-amz-security-token='],
    pattern:
      /AWS4-HMAC-SHA256\s{1,3}(?<secret>Credential=[^\n"']{10,1000}?Signature=[0-9a-f]{64})|X-Amz-(?:Signature|Credential|Security-Token)=(?<bare>[^\s&"'<>]{16,4000})/dgi,
  },
  {
    name: 'authorization-header',
    kind: 'authorization',
    keywords: ['authorization', 'x-auth'],
    // A scheme is left, so that the log tells which one it was.
    pattern: new RegExp(
      String.raw`(?:(?:proxy-)?authorization|x-auth(?:-(?:token|key))?)${ASSIGN}\[?(?:${QUOTE})?(?:(?:bearer|basic|digest|token|apikey|api-key|key|negotiate|ntlm|hmac|splunk|bot|aws|hawk|oauth|signature|genie-?key|sso-key|aws4-hmac-sha256)[ \t=:]{1,3})?(?<secret>[^\s"'\`,;<>\\\]]{4,})`,
      'dgi',
    ),
    check: secret => !isPlaceholder(secret) && !(isWordy(secret) && secret.length < 20),
  },
  {
    name: 'bearer-token',
    kind: 'authorization',
    keywords: ['bearer '],
    pattern: /\bbearer[ \t]{1,3}(?<secret>[A-Za-z0-9._~+/-]{12,}={0,2})/dgi,
    check: secret => /\d/.test(secret) && !isPlaceholder(secret),
  },
  {
    name: 'basic-credentials',
    kind: 'authorization',
    keywords: ['basic '],
    // RFC 7617: user and password in base64
    pattern: /\bbasic[ \t]{1,3}(?<secret>[A-Za-z0-9+/]{8,1000}={0,2})(?![\w+/=])/dgi,
    check: isUserAndPassword,
  },
  {
    // RFC 6265, section 4: every value of a `Cookie`, and what a `Set-Cookie` sets
    name: 'cookie',
    kind: 'cookie',
    keywords: ['cookie'],
    pattern: new RegExp(
      String.raw`\b(?:set-)?cookies?${ASSIGN}(?:${QUOTE})?(?<secret>[\w!#$%&*.^|~+-]{1,80}=[^\s;,"'\\]{4,4096}(?:;[ ]?(?!(?:path|domain|expires|max-age|samesite|secure|httponly)\b)[\w!#$%&*.^|~+-]{1,80}=[^\s;,"'\\]{0,4096}){0,60})`,
      'dgi',
    ),
    check: secret => !isPlaceholder(secret.slice(secret.indexOf('=') + 1)),
  },
  {
    name: 'session-cookie',
    kind: 'cookie',
    keywords: [
      'sessid',
      'sessionid',
      '_session=',
      '.sid=',
      'aspxauth=',
      'remember_token',
      'csrftoken',
      'xsrf-token',
    ],
    // The usual names of frameworks, wherever they stand.
    pattern:
      /\b(?:JSESSIONID|PHPSESSID|ASPSESSIONID[A-Z]*|ASP\.NET_SessionId|\.ASPXAUTH|connect\.sid|laravel_session|_?[a-z]{2,20}_session|sessionid|remember_token|csrftoken|XSRF-TOKEN)=(?<secret>[^\s;,"'&<>\\]{8,4096})/dgi,
    check: secret => /\d/.test(secret) && !isPlaceholder(secret),
  },
  {
    name: 'url-credentials',
    kind: 'url_credentials',
    keywords: ['://'],
    // RFC 3986, section 3.2.1. To the last @ before the path: passwords hold @ unescaped more often than they should.
    // The host is matched so that nobody takes the password's end and the host for an address.
    pattern:
      /:\/\/(?<secret>[^\s:/?#@"'<>]{0,256}:[^\s"'<>/]{1,512}|[^\s:/?#@"'<>]{20,512})@[^\s/?#"'<>]{0,255}/dg,
    // A lone name is a user's (`git@`, `scheduler@`), a long one with digits in it a token.
    check: secret =>
      secret.includes(':') ? !isStandIn(secret.slice(secret.indexOf(':') + 1)) : /\d.*\d.*\d/.test(secret),
  },
]

function isUserAndPassword(base64: string): boolean {
  const text = Buffer.from(base64, 'base64').toString('utf8')
  return /^[\x20-\x7e]{1,64}:[\x20-\x7e]+$/.test(text)
}
