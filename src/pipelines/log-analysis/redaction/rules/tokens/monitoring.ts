/** Monitoring, logging, analytics. */
import { looksGenerated } from '../../randomness.ts'
import type { Rule } from '../../rule.ts'
import { word } from '../word.ts'

export const monitoringTokens: readonly Rule[] = [
  {
    // https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/
    name: 'new-relic-key',
    kind: 'vendor_token',
    keywords: ['nrak-', 'nrjs-', 'nrii-', 'nriq-', 'nrra-', 'nraa-', 'nral'],
    pattern: word`NR(?:AK|AA|RA|II|IQ)-[A-Za-z0-9_-]{27,48}|NRJS-[a-f0-9]{19}|[a-f0-9]{36}NRAL`,
    check: looksGenerated,
  },
  {
    // https://grafana.com/docs/grafana-cloud/security-and-account-management: cloud, service account, old API key
    name: 'grafana-token',
    kind: 'vendor_token',
    keywords: ['glc_', 'glsa_', 'eyjrijoi'],
    pattern: word`glc_[A-Za-z0-9+/]{32,400}={0,3}|glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}|eyJrIjoi[A-Za-z0-9]{60,400}={0,3}`,
    check: token => /\d/.test(token) && looksGenerated(token),
  },
  {
    // https://docs.dynatrace.com/docs/manage/access-control/access-tokens, "Token format"
    name: 'dynatrace-token',
    kind: 'vendor_token',
    keywords: ['dt#c##.', 'dt#s##.'],
    pattern: word`dt0[cs]\d{2}\.[A-Za-z0-9]{8,24}\.[A-Za-z0-9]{64}`,
    check: looksGenerated,
  },
  {
    // https://docs.sentry.io/account/auth-tokens/: organisation, user, integration
    name: 'sentry-token',
    kind: 'vendor_token',
    keywords: ['sntrys_', 'sntryu_', 'sntryi_'],
    pattern: word`sntrys_eyJ[A-Za-z0-9+/=_-]{80,600}|sntry[ui]_[a-f0-9]{64}`,
    check: looksGenerated,
  },
  {
    name: 'observability-key',
    kind: 'vendor_token',
    keywords: ['hcaik_', 'hcaic_', 'hcamk_', 'ddapp_', 'ddp_', 'phc_', 'phx_', 'phs_', 'cu_', 'pdus+'],
    // Honeycomb, Datadog, PostHog, Checkly, PagerDuty.
    pattern: word`hca(?:ik|ic|mk)_[a-z0-9]{58,64}|dd(?:app|p)_[A-Za-z0-9]{34,40}|ph[cxs]_[A-Za-z0-9]{40,48}|cu_[a-f0-9]{32}|pdus\+[\w+-]{20,60}`,
    check: looksGenerated,
  },
  {
    name: 'maxmind-license-key',
    kind: 'vendor_token',
    keywords: ['_mmk'],
    pattern: word`[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk`,
  },
]
