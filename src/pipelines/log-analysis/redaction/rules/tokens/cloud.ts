/** Cloud providers, hosting, networks and infrastructure as code. */
import { looksGenerated } from '../../randomness.ts'
import type { Rule } from '../../rule.ts'
import { word } from '../word.ts'

export const cloudTokens: readonly Rule[] = [
  {
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html, "Understanding unique ID prefixes"
    name: 'aws-access-key-id',
    kind: 'aws_access_key',
    keywords: ['akia', 'asia', 'abia', 'acca'],
    pattern: word`A(?:KIA|SIA|BIA|CCA)[A-Z2-7]{16}`,
    check: key => !key.endsWith('EXAMPLE') && looksGenerated(key),
  },
  {
    name: 'aws-bedrock-key',
    kind: 'vendor_token',
    keywords: ['absk', 'bedrock-api-key-'],
    pattern: word`ABSK[A-Za-z0-9+/]{40,300}={0,2}|bedrock-api-key-[A-Za-z0-9+/=]{20,2000}`,
    check: looksGenerated,
  },
  {
    // https://cloud.google.com/docs/authentication/api-keys
    name: 'google-api-key',
    kind: 'vendor_token',
    keywords: ['aiza'],
    pattern: word`AIza[\w-]{35}`,
    check: looksGenerated,
  },
  {
    name: 'google-oauth',
    kind: 'vendor_token',
    keywords: ['gocspx-', 'ya29.', '1//0'],
    pattern: word`GOCSPX-[\w-]{28}|ya29\.[\w-]{20,1000}|1//0[\w-]{30,200}`,
    check: looksGenerated,
  },
  {
    // Client secrets hold `Q~` as their fifth and sixth character; account keys are 64 bytes in base64.
    name: 'azure-secret',
    kind: 'vendor_token',
    keywords: [
      '#q~',
      'accountkey=',
      'sharedaccesskey=',
      'sharedaccesssignature',
      '+astw',
      'acdb',
      'jqqj99',
      'azdo',
    ],
    pattern: word`[\w~.-]{3}\dQ~[\w~.-]{31,34}|(?:AccountKey|SharedAccessKey)=(?<secret>[A-Za-z0-9+/]{40,90}={0,2})|[A-Za-z0-9+/]{76}\+ASt[A-Za-z0-9+/]{5,6}={0,2}|[A-Za-z0-9+/]{33,70}ACDb[A-Za-z0-9+/]{5,10}={0,2}|[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{26}|[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}`,
    check: looksGenerated,
  },
  {
    name: 'azure-signature',
    kind: 'vendor_token',
    keywords: ['&sig=', '?sig=', ';sig='],
    pattern: /[?&;]sig=(?<secret>[A-Za-z0-9%+/=_-]{30,100})/dg,
    check: looksGenerated,
  },
  {
    // https://docs.digitalocean.com/reference/api/create-personal-access-token/
    name: 'digitalocean-token',
    kind: 'digitalocean_token',
    keywords: ['doo_v#_', 'dop_v#_', 'dor_v#_'],
    pattern: word`do[opr]_v1_[a-f0-9]{64}`,
    check: looksGenerated,
  },
  {
    name: 'alibaba-access-key',
    kind: 'vendor_token',
    keywords: ['ltai'],
    pattern: word`LTAI[A-Za-z0-9]{12,26}`,
    check: looksGenerated,
  },
  {
    name: 'tencent-secret-id',
    kind: 'vendor_token',
    keywords: ['akid'],
    pattern: word`AKID[A-Za-z0-9]{32}`,
    check: looksGenerated,
  },
  {
    name: 'scaleway-key',
    kind: 'vendor_token',
    keywords: ['scw'],
    pattern: word`SCW[A-Z0-9]{17}`,
    check: looksGenerated,
  },
  {
    // https://yandex.cloud/en/docs/iam/concepts/authorization/iam-token and …/api-key
    name: 'yandex-token',
    kind: 'vendor_token',
    keywords: ['t#.', 'aqvn', 'yca', 'ycm', 'ycn', 'yco', 'y#_'],
    pattern: word`t1\.[A-Za-z0-9_-]{4,600}={0,2}\.[A-Za-z0-9_-]{50,120}={0,2}|AQVN[\w-]{35,38}|YC[A-Z][\w-]{37}|y[0-3]_[\w-]{40,60}`,
    check: looksGenerated,
  },
  {
    name: 'heroku-key',
    kind: 'vendor_token',
    keywords: ['hrku-'],
    pattern: word`HRKU-[\w-]{36,70}`,
    check: looksGenerated,
  },
  {
    // https://fly.io/docs/security/tokens/
    name: 'fly-token',
    kind: 'vendor_token',
    keywords: ['fo#_', 'fm#_', 'fm#r_', 'fm#a_'],
    pattern: word`fo1_[\w-]{43}|fm(?:1[ar]|2)_[A-Za-z0-9+/]{40,1000}={0,3}`,
    check: looksGenerated,
  },
  {
    name: 'cloudflare-origin-ca-key',
    kind: 'vendor_token',
    keywords: ['v#.#-'],
    pattern: word`v1\.0-[a-f0-9]{24}-[a-f0-9]{140,170}`,
    check: looksGenerated,
  },
  {
    name: 'hosting-token',
    kind: 'vendor_token',
    keywords: ['nfp_', 'nfc_', 'nfo_', 'nfu_', 'vcp_', 'vci_', 'vca_', 'vcr_', 'vck_', 'rnd_', 'tk-us-'],
    // Netlify, Vercel, Render, Scalingo.
    pattern: word`nf[pcou]_[A-Za-z0-9]{36,50}|vc[piark]_[A-Za-z0-9]{24,80}|rnd_[A-Za-z0-9]{26,40}|tk-us-[\w-]{48}`,
    check: looksGenerated,
  },
  {
    // https://tailscale.com/kb/1277/key-prefix and Defined Networking's `dnkey`
    name: 'private-network-key',
    kind: 'vendor_token',
    keywords: ['tskey-', 'dnkey-'],
    pattern: word`tskey-[a-z]+-[A-Za-z0-9]{8,40}(?:-[A-Za-z0-9]{8,60})?|dnkey-[a-z0-9=_-]{20,40}(?:-[a-z0-9=_-]{40,60})?`,
    check: looksGenerated,
  },
  {
    // HCP Terraform: https://developer.hashicorp.com/terraform/cloud-docs/users-teams-organizations/api-tokens
    name: 'terraform-cloud-token',
    kind: 'vendor_token',
    keywords: ['.atlasv#.'],
    pattern: word`[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,72}`,
    check: looksGenerated,
  },
  {
    name: 'infrastructure-as-code-token',
    kind: 'vendor_token',
    keywords: ['pul-', 'ico-', 'pnu_', 'pnb_', 'dapi', 'dose', 'dkea'],
    // Pulumi, Infracost, Prefect, Databricks.
    pattern: word`pul-[a-f0-9]{40}|(?<!\.)ico-[A-Za-z0-9]{32}|pn[ub]_[A-Za-z0-9]{36}|(?:dapi|dose|dkea)[a-f0-9]{32}(?:-\d)?`,
    check: looksGenerated,
  },
  {
    // https://docs.openshift.com: OAuth access tokens are printed as `sha256~` and 43 characters of base64url.
    name: 'openshift-token',
    kind: 'vendor_token',
    keywords: ['sha###~'],
    pattern: word`sha256~[\w-]{43}`,
    check: looksGenerated,
  },
]
