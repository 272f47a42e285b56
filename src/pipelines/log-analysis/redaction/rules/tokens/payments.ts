/** Payments, shops, banking, shipping. */
import { looksGenerated } from '../../randomness.ts'
import type { Rule } from '../../rule.ts'
import { word } from '../word.ts'

export const paymentTokens: readonly Rule[] = [
  {
    // https://docs.stripe.com/keys; publishable keys (`pk_`) are no secret.
    name: 'stripe-key',
    kind: 'stripe_key',
    keywords: ['sk_live_', 'sk_test_', 'sk_prod_', 'rk_live_', 'rk_test_', 'rk_prod_'],
    pattern: word`[rs]k_(?:live|test|prod)_[A-Za-z0-9]{10,250}`,
    check: looksGenerated,
  },
  {
    // https://www.standardwebhooks.com and Stripe's own
    name: 'webhook-signing-secret',
    kind: 'vendor_token',
    keywords: ['whsec_'],
    pattern: word`whsec_[A-Za-z0-9+/]{24,100}={0,2}`,
    check: looksGenerated,
  },
  {
    // https://developer.squareup.com/docs/build-basics/access-tokens
    name: 'square-token',
    kind: 'vendor_token',
    keywords: ['sq#atp-', 'sq#csp-', 'sq#idp-', 'eaaa'],
    pattern: word`sq0(?:atp|csp|idp)-[\w-]{22,60}|EAAA[\w-]{60}`,
    check: looksGenerated,
  },
  {
    // https://shopify.dev/docs/apps/auth: access, custom app, private app, shared secret
    name: 'shopify-token',
    kind: 'vendor_token',
    keywords: ['shpat_', 'shpca_', 'shppa_', 'shpss_', 'shptka_', 'shpua_'],
    pattern: word`shp(?:at|ca|pa|ss|tka|ua)_[A-Fa-f0-9]{32}`,
    check: looksGenerated,
  },
  {
    // https://plaid.com/docs/api/tokens/
    name: 'plaid-token',
    kind: 'vendor_token',
    keywords: ['access-sandbox-', 'access-development-', 'access-production-'],
    pattern: word`access-(?:sandbox|development|production)-[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}`,
  },
  {
    name: 'paypal-braintree-token',
    kind: 'vendor_token',
    keywords: ['access_token$'],
    pattern: word`access_token\$(?:production|sandbox)\$[a-z0-9]{16}\$[a-f0-9]{32}`,
    check: looksGenerated,
  },
  {
    // https://developer.flutterwave.com/docs/authentication
    name: 'flutterwave-key',
    kind: 'vendor_token',
    keywords: ['flwseck', 'flwpubk'],
    pattern: word`FLW(?:SECK|PUBK)(?:_TEST)?-[A-Za-z0-9]{10,40}(?:-X)?|FLWSECK_TEST[A-Za-z0-9]{12}`,
    check: looksGenerated,
  },
  {
    name: 'payment-service-key',
    kind: 'vendor_token',
    keywords: ['rzp_live_', 'rzp_test_', 'live_', 'test_', 'sandbox_', 'sk_sbox_'],
    // Razorpay; GoCardless, Lob, Mollie, Toss: an environment and the key.
    pattern: word`rzp_(?:live|test)_[A-Za-z0-9]{14,24}|(?:live|test|sandbox)_(?:pub_)?(?:sk_|gsk_|ck_|gck_)?[A-Za-z0-9=_-]{28,50}|sk_sbox_[a-z0-9]{26,30}`,
    check: key => /\d/.test(key) && looksGenerated(key),
  },
  {
    // https://docs.easypost.com/docs/authentication: production and test
    name: 'easypost-key',
    kind: 'vendor_token',
    keywords: ['ezak', 'eztk'],
    pattern: /(?<![A-Za-z0-9+/])EZ[AT]K[A-Za-z0-9]{54}(?![A-Za-z0-9+/])/g,
    check: looksGenerated,
  },
  {
    name: 'shipping-and-travel-key',
    kind: 'vendor_token',
    keywords: ['shippo_', 'duffel_', 'prod_', 'sand_'],
    // Shippo, Duffel, Easyship.
    pattern: word`shippo_(?:live|test)_[a-fA-F0-9]{40}|duffel_(?:live|test)_[\w=-]{43}|(?:prod|sand)_[A-Za-z0-9+/]{43}=`,
    check: looksGenerated,
  },
]
