/** Tokens of nobody in particular: forms that many agree on. */
import { looksGenerated, looksSecret } from '../../randomness.ts'
import type { Rule } from '../../rule.ts'
import { word } from '../word.ts'

export const genericTokens: readonly Rule[] = [
  {
    name: 'jwt',
    kind: 'jwt',
    keywords: ['eyj'],
    // RFC 7519: base64url parts joined by dots; a JSON object that begins with `{"` begins with `eyJ` in it. The
    // look-behind also keeps the search linear: without it each `eyJ` in a run would be tried to the run's end.
    pattern: /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{5,}\.eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){0,3}/g,
  },
  {
    // The same, once more in base64: `ZXlK` is `eyJ`.
    name: 'jwt-in-base64',
    kind: 'jwt',
    keywords: ['zxlk'],
    pattern: /(?<![A-Za-z0-9_+/-])ZXlK[A-Za-z0-9_+/-]{60,}={0,2}/g,
    check: looksGenerated,
  },
  {
    // After Stripe's example: whose, `live` or `test`, secret.
    name: 'environment-prefixed-key',
    kind: 'generic_api_key',
    keywords: ['_live_', '_test_', '_prod_', '_sandbox_', '_dev_', '-live-', '-test-', '-prod-'],
    pattern: word`[A-Za-z]{2,12}[_-](?:live|test|prod|sandbox|dev)[_-](?<secret>[A-Za-z0-9]{16,128})`,
    check: looksSecret,
  },
  {
    // After GitHub's example: whose, what it is (`pat`, `sk`, `key`, …), secret.
    name: 'purpose-prefixed-key',
    kind: 'generic_api_key',
    keywords: [
      'pat_',
      'pat-',
      'sk_',
      'sk-',
      'rk_',
      'key_',
      'key-',
      'token_',
      'token-',
      'secret_',
      'secret-',
      'api_',
      'api-',
      'tkn_',
      'oauth_',
      'access_',
      'refresh_',
      'sess_',
    ],
    pattern: word`(?:[A-Za-z][A-Za-z0-9]{1,11}[_-]){0,2}(?:pat|sk|rk|key|token|secret|api|tkn|oauth|access|refresh|sess)[_-](?<secret>[A-Za-z0-9]{24,128})`,
    check: secret => looksSecret(secret) && !/^[0-9a-f]+$/.test(secret),
  },
]
