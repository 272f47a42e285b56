/** What keeps other secrets: vaults, password managers, encryption keys. */
import { looksGenerated } from '../../randomness.ts'
import type { Rule } from '../../rule.ts'
import { word } from '../word.ts'

export const secretStoreTokens: readonly Rule[] = [
  {
    // https://developer.hashicorp.com/vault/docs/concepts/tokens, "Token prefixes"
    name: 'vault-token',
    kind: 'vault_token',
    keywords: ['hvs.', 'hvb.', 'hvr.'],
    pattern: word`hv[sbr]\.[\w-]{20,400}`,
    check: looksGenerated,
  },
  {
    // Up to Vault 1.9: a lone letter and 24 characters, so no shape but an even mix will do.
    name: 'vault-legacy-token',
    kind: 'vault_token',
    keywords: Array.from('\n \t=:"\'`>,', before => ['s.', 'b.', 'r.'].map(token => before + token)).flat(),
    pattern: /(?<![\w.-])[sbr]\.[A-Za-z0-9]{24}(?![\w.(])/g,
    check: token => /\d/.test(token) && looksGenerated(token),
  },
  {
    // https://developer.1password.com/docs/service-accounts/ and the Secret Key of an account
    name: '1password-token',
    kind: 'vendor_token',
    keywords: ['ops_eyj', 'a#-'],
    pattern: word`ops_eyJ[A-Za-z0-9+/_-]{200,4000}={0,3}|A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}`,
    check: token => looksGenerated(token) && /\d/.test(token.slice(2)),
  },
  {
    // https://docs.doppler.com/docs/service-tokens
    name: 'doppler-token',
    kind: 'vendor_token',
    keywords: ['dp.'],
    pattern: word`dp\.(?:ct|pt|st|sa|scim|audit|said)\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44}`,
    check: looksGenerated,
  },
  {
    // https://github.com/C2SP/C2SP/blob/main/age.md: Bech32 with the prefix AGE-SECRET-KEY-
    name: 'age-secret-key',
    kind: 'vendor_token',
    keywords: ['age-secret-key-'],
    pattern: word`AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}`,
    check: looksGenerated,
  },
  {
    name: 'secret-manager-token',
    kind: 'vendor_token',
    keywords: ['st.%%%%%%%%'],
    // Infisical's service tokens.
    pattern: word`st\.[a-f0-9]{8}-?[a-f0-9-]{12,28}\.[a-f0-9]{32}\.[a-f0-9]{32}`,
    check: looksGenerated,
  },
  {
    // https://docs.akeyless.io; Authress's access keys: `sc_`, `ext_` and `authress_`.
    name: 'authress-key',
    kind: 'vendor_token',
    keywords: ['.acc_', '.acc-'],
    pattern: word`(?:sc|ext|scauth|authress)_[A-Za-z0-9]{5,30}\.[A-Za-z0-9]{4,6}\.acc[_-][A-Za-z0-9-]{10,32}\.[A-Za-z0-9+/_=-]{30,120}`,
    check: looksGenerated,
  },
]
