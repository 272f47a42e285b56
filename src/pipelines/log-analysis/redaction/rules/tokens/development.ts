/** Where code lives, is built and is published: repositories, CI, package registries, quality and planning tools. */
import { looksGenerated } from '../../randomness.ts'
import type { Rule } from '../../rule.ts'
import { word } from '../word.ts'

export const developmentTokens: readonly Rule[] = [
  {
    // https://docs.github.com/en/authentication, "GitHub's token formats"
    name: 'github-token',
    kind: 'github_token',
    keywords: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'github_pat_'],
    pattern: word`gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{50,255}`,
    check: looksGenerated,
  },
  {
    // https://docs.gitlab.com/security/tokens/, "Token prefixes"
    name: 'gitlab-token',
    kind: 'gitlab_token',
    keywords: [
      'glpat-',
      'gldt-',
      'glrt-',
      'glrtr-',
      'glcbt-',
      'glptt-',
      'glft-',
      'glimt-',
      'glagent-',
      'gloas-',
      'glsoat-',
      'glffct-',
      'glwt-',
    ],
    pattern: word`gl(?:pat|dt|rtr?|cbt|ptt|ft|imt|agent|oas|soat|ffct|wt)-[\w=-]{18,400}(?:\.[\w]{2}\.[a-z0-9]{7,12}|\.[\w]{9,12})?`,
    check: looksGenerated,
  },
  {
    name: 'gitlab-runner-registration-token',
    kind: 'gitlab_token',
    keywords: ['gr#######'],
    pattern: word`GR1348941[\w-]{20}`,
    check: looksGenerated,
  },
  {
    name: 'gitlab-session',
    kind: 'gitlab_token',
    keywords: ['_gitlab_session='],
    pattern: /_gitlab_session=(?<secret>[0-9a-f]{32})/dg,
    check: looksGenerated,
  },
  {
    // https://developer.atlassian.com: API tokens of Atlassian, Bitbucket and Trello name their algorithm's version.
    name: 'atlassian-token',
    kind: 'vendor_token',
    keywords: ['atatt#', 'atbb', 'atctt#', 'atstt#', 'atta'],
    pattern: word`AT(?:ATT|CTT|STT)3[A-Za-z0-9_=-]{60,400}|ATBB[A-Za-z0-9_=.-]{24,40}|ATTA[A-Za-z0-9]{60,76}`,
    check: looksGenerated,
  },
  {
    // https://github.blog: npm's tokens have GitHub's form. https://docs.npmjs.com/about-access-tokens
    name: 'npm-token',
    kind: 'npm_token',
    keywords: ['npm_'],
    pattern: word`npm_[A-Za-z0-9]{36}`,
    check: looksGenerated,
  },
  {
    // https://pypi.org/help/#apitoken: a macaroon in base64, whose first bytes are always the same.
    name: 'pypi-token',
    kind: 'pypi_token',
    keywords: ['pypi-age'],
    pattern: word`pypi-AgE[\w-]{50,1000}`,
    check: looksGenerated,
  },
  {
    name: 'package-registry-token',
    kind: 'vendor_token',
    keywords: ['rubygems_', 'clojars_', 'dckr_', 'oy#', 'cio', 'packagist_', 'cmvmdgtub', 'akcp'],
    // RubyGems, Clojars, Docker Hub, NuGet, crates.io, Packagist, JFrog (API key, reference token).
    pattern: word`rubygems_[a-f0-9]{48}|CLOJARS_[A-Za-z0-9]{60}|dckr_[po]at_[\w-]{24,40}|oy2[a-z2-7]{43}|cio[A-Za-z0-9]{32}|packagist_[a-z]{3}_[a-f0-9]{40,72}|AKCp[A-Za-z0-9]{60,80}|cmVmdGtuO[A-Za-z0-9]{50,60}`,
    check: looksGenerated,
  },
  {
    name: 'ci-token',
    kind: 'vendor_token',
    keywords: ['bkua_', 'bkaj_', 'bkct_', 'ccipat_', 'cciprj_', 'pat.', 'sat.', 'api-'],
    // Buildkite, CircleCI, Harness, Octopus Deploy.
    pattern: word`bk(?:ua|aj|ct)_[A-Za-z0-9]{32,64}|CCIP(?:AT|RJ)_[A-Za-z0-9]{20,24}_[a-f0-9]{40}|[ps]at\.[\w-]{22}\.[a-f0-9]{24}\.[A-Za-z0-9]{20}|API-[A-Z0-9]{25,32}`,
    check: token => /\d/.test(token) && looksGenerated(token),
  },
  {
    name: 'code-quality-token',
    kind: 'vendor_token',
    keywords: ['sqp_', 'squ_', 'sqa_', 'sqb_', 'sgp_', 'slk_', 'sgd_', 'snyk_'],
    // Sonar, Sourcegraph, Snyk.
    pattern: word`sq[puab]_[a-f0-9]{40}|sgp_(?:(?:[A-Fa-f0-9]{16}|local)_)?[A-Fa-f0-9]{40}|(?:slk|sgd)_[a-f0-9]{64}|snyk_[a-z]{2,4}[\w.-]{30,200}`,
    check: looksGenerated,
  },
  {
    // https://docs.launchdarkly.com/sdk/concepts/client-side-server-side
    name: 'launchdarkly-key',
    kind: 'vendor_token',
    keywords: ['api-%%%%%%%%-', 'sdk-%%%%%%%%-', 'mob-%%%%%%%%-'],
    pattern: word`(?:api|sdk|mob)-[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}`,
    check: looksGenerated,
  },
  {
    name: 'api-tool-token',
    kind: 'vendor_token',
    keywords: ['pmak-', 'pmat-', 'rdme_', 'figd_', 'cfpat-', 'tfp_', 'endr+', 'sm_', 'fio-u-', 's-s#t#'],
    // Postman, ReadMe, Figma, Contentful, Typeform, Endor Labs, SettleMint, Frame.io, Intra 42.
    pattern: word`PMA[KT]-[a-f0-9]{24}-[a-f0-9]{34}|PMAT-[A-Z0-9]{26}|rdme_[a-z0-9]{70}|figd_[\w-]{30,60}|CFPAT-[\w-]{43}|tfp_[A-Za-z0-9_.=-]{40,70}|endr\+[A-Za-z0-9-]{16}|sm_(?:pat|aat|sat)_[A-Za-z0-9]{16}|fio-u-[\w=-]{64}|s-s4t2(?:ud|af)-[a-f0-9]{64}`,
    check: looksGenerated,
  },
  {
    name: 'planning-tool-token',
    kind: 'vendor_token',
    keywords: [
      'lin_api_',
      'lin_oauth_',
      'ntn_',
      'secret_',
      '.%%%%%%%%',
      'pk_######',
      '#/################',
      'sl.',
    ],
    // Linear, Notion, Airtable, ClickUp, Asana, Dropbox.
    pattern: word`lin_(?:api|oauth)_[A-Za-z0-9]{40,64}|ntn_[A-Za-z0-9]{43,50}|secret_[A-Za-z0-9]{43}|pat[A-Za-z0-9]{14}\.[a-f0-9]{64}|pk_\d{6,9}_[A-Z0-9]{32}|[012]/\d{16}(?:/\d{16})?:[a-f0-9]{32}|sl\.(?:u\.)?[\w-]{130,1200}`,
    check: looksGenerated,
  },
]
