/** One entry a rule of `rules/tokens/`. The forms are the vendors' own; the secrets are generated. */
import { type Example, token, within } from './example.ts'
import { alnum, base32, digits, hex, lower, upper, uuid } from './generated.ts'

const x = (count: number) => 'x'.repeat(count)

export const tokenExamples: Readonly<Record<string, Example>> = {
  'aws-access-key-id': {
    finds: [token(`AKIA${base32(16)}`), token(`ASIA${base32(16)}`)],
    leaves: [
      `AKIA${x(16).toUpperCase()}`,
      'AKIAIOSFODNN7' + 'EXAMPLE',
      `xAKIA${base32(16)}`,
      'TODAYINASIAASACKOFRICEFELLOVER',
    ],
  },
  'aws-bedrock-key': { finds: [token(`ABSK${alnum(110)}=`)], leaves: ['ABSKETCH of a key', `ABSK${x(60)}`] },
  'google-api-key': { finds: [token(`AIza${alnum(35)}`)], leaves: [`AIza${x(35)}`, `AIza${alnum(20)}`] },
  'google-oauth': {
    finds: [token(`GOCSPX-${alnum(28)}`), token(`ya29.${alnum(120)}`)],
    leaves: [`GOCSPX-${x(28)}`, 'ya29. Juli'],
  },
  'azure-secret': {
    finds: [
      token(`${alnum(3)}8Q~${alnum(34)}`),
      within('AccountName=a;AccountKey=', `${alnum(86)}==`, ';EndpointSuffix=x'),
    ],
    leaves: ['AccountKey=<account-key>', 'SharedAccessKey=…'],
  },
  'azure-signature': {
    finds: [within('https://a.blob.core.windows.net/c?sv=2022&sig=', `${alnum(43)}%3D`, '&se=2024')],
    leaves: ['?sig=none', '&sig=abc'],
  },
  'digitalocean-token': {
    finds: [token(`dop_v1_${hex(64)}`)],
    leaves: [`dop_v1_${x(64)}`, `dop_v1_${hex(20)}`],
  },
  'alibaba-access-key': { finds: [token(`LTAI${alnum(20)}`)], leaves: ['VOLTAIRE', `LTAI${x(20)}`] },
  'tencent-secret-id': { finds: [token(`AKID${alnum(32)}`)], leaves: [`AKID${x(32)}`] },
  'scaleway-key': { finds: [token(`SCW${upper(17)}`)], leaves: ['SCWXXXXXXXXXXXXXXXXX'] },
  'yandex-token': {
    finds: [token(`AQVN${alnum(35)}`), token(`t1.${alnum(80)}.${alnum(86)}`), token(`YCA${alnum(37)}`)],
    leaves: ['t1.start t2.end', `AQVN${x(35)}`],
  },
  'heroku-key': { finds: [token(`HRKU-${uuid()}`)], leaves: [`HRKU-${x(36)}`] },
  'fly-token': { finds: [token(`fo1_${alnum(43)}`), token(`fm2_${alnum(120)}`)], leaves: [`fo1_${x(43)}`] },
  'cloudflare-origin-ca-key': {
    finds: [token(`v1.0-${hex(24)}-${hex(146)}`)],
    leaves: [`v1.0-${hex(7)}`, 'v1.0-rc1'],
  },
  'hosting-token': {
    finds: [token(`nfp_${alnum(36)}`), token(`rnd_${alnum(32)}`)],
    leaves: [`nfp_${x(36)}`],
  },
  'private-network-key': {
    finds: [token(`tskey-auth-${alnum(12)}-${alnum(32)}`), token(`dnkey-${lower(26)}-${lower(52)}`)],
    leaves: ['tskey-auth-', `tskey-auth-${x(30)}`],
  },
  'terraform-cloud-token': {
    finds: [token(`${alnum(14)}.atlasv1.${alnum(67)}`)],
    leaves: [`${x(14)}.atlasv1.${x(67)}`],
  },
  'infrastructure-as-code-token': {
    finds: [
      token(`pul-${hex(40)}`),
      token(`dapi${hex(32)}`),
      token(`pnu_${alnum(36)}`),
      token(`ico-${alnum(32)}`),
    ],
    leaves: [`a.ico-${hex(32)}.png`, 'dapi listening', `pul-${x(40)}`],
  },
  'openshift-token': {
    finds: [token(`sha256~${alnum(43)}`)],
    leaves: [`sha256:${hex(64)}`, `sha256~${x(43)}`],
  },
  'vault-token': {
    finds: [token(`hvs.${alnum(90)}`), token(`hvb.${alnum(138)}`)],
    leaves: [`hvs.${x(90)}`, 'hvs.example.com'],
  },
  'vault-legacy-token': {
    finds: [token(`s.${alnum(24)}`), within('X=', `s.${alnum(24)}`)],
    leaves: [
      's.makeKubeConfigController = 1',
      `s.${x(24)}`,
      's.THISSTRINGISALLUPPERCASE',
      'took 12 s. Then done',
    ],
  },
  '1password-token': {
    finds: [
      token(`ops_eyJ${alnum(400)}`),
      token(`A3-${upper(6)}-${upper(11)}-${upper(5)}-${upper(5)}-${upper(5)}`),
    ],
    leaves: ['A3-XXXXXX-XXXXXXXXXXX-XXXXX-XXXXX-XXXXX', 'ops_eyJ… and so on'],
  },
  'doppler-token': { finds: [token(`dp.pt.${alnum(43)}`)], leaves: [`dp.pt.${x(43)}`, 'dp.pt.example'] },
  'age-secret-key': {
    finds: [token(`AGE-SECRET-KEY-1${'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L'.repeat(2).slice(3, 61)}`)],
    leaves: [`AGE-SECRET-KEY-1${'X'.repeat(58)}`],
  },
  'secret-manager-token': {
    finds: [token(`st.${uuid()}.${hex(32)}.${hex(32)}`)],
    leaves: ['st.deadbeef', 'Main st.12345678'],
  },
  'authress-key': {
    finds: [token(`sc_${alnum(12)}.${lower(4)}.acc_${lower(12)}.${alnum(60)}`)],
    leaves: ['sc_balance.user.acc_total.sum'],
  },
  'github-token': {
    finds: [...'pousr']
      .map(type => token(`gh${type}_${alnum(36)}`))
      .concat([token(`github_pat_${alnum(22)}_${alnum(59)}`)]),
    leaves: [`ghp_${x(36)}`, `ghp_${alnum(12)}`],
  },
  'gitlab-token': {
    finds: ['pat', 'dt', 'rt', 'cbt', 'ptt', 'soat'].map(type => token(`gl${type}-${alnum(20)}`)),
    leaves: ['glpat-XXXXXXXXXXX-XXXXXXXX', 'glpat-short'],
  },
  'gitlab-runner-registration-token': {
    finds: [token(`GR1348941${alnum(20)}`)],
    leaves: [`GR1348941${x(20)}`, 'GR1348941'],
  },
  'gitlab-session': {
    finds: [within('Cookie: _gitlab_session=', hex(32), ';')],
    leaves: ['_gitlab_session=none'],
  },
  'atlassian-token': {
    finds: [token(`ATATT3xFfGF0${alnum(180)}`), token(`ATBB${alnum(32)}`)],
    leaves: ['ATTACHMENT', `ATBB${x(32)}`],
  },
  'npm-token': { finds: [token(`npm_${alnum(36)}`)], leaves: ['npm_config_registry', `npm_${x(36)}`] },
  'pypi-token': {
    finds: [token(`pypi-AgEIcHlwaS5vcmc${alnum(90)}`)],
    leaves: ['pypi-AgEnt', `pypi-AgE${x(80)}`],
  },
  'package-registry-token': {
    finds: [
      token(`rubygems_${hex(48)}`),
      token(`CLOJARS_${alnum(60)}`),
      token(`dckr_pat_${alnum(27)}`),
      token(`oy2${lower(43).replace(/[0189]/g, 'b')}`),
      token(`AKCp${alnum(69)}`),
    ],
    leaves: [`rubygems_${x(48)}`, 'CLOJARS_USERNAME'],
  },
  'ci-token': {
    finds: [token(`bkua_${hex(40)}`), token(`CCIPAT_${alnum(22)}_${hex(40)}`), token(`API-${upper(26)}`)],
    leaves: ['API-REFERENCE', `API-${'X'.repeat(26)}`],
  },
  'code-quality-token': {
    finds: [token(`sqp_${hex(40)}`), token(`sgp_${hex(16)}_${hex(40)}`)],
    leaves: [`sqp_${x(40)}`, `sgp_${'5'.repeat(40)}`],
  },
  'launchdarkly-key': {
    finds: [token(`api-${uuid()}`), token(`sdk-${uuid()}`)],
    leaves: [uuid(), `pod-api-${hex(8)}`, 'api-00000000-0000-0000-0000-000000000000'],
  },
  'api-tool-token': {
    finds: [token(`PMAK-${hex(24)}-${hex(34)}`), token(`figd_${alnum(40)}`), token(`rdme_${lower(70)}`)],
    leaves: [`PMAK-${x(24)}-${x(34)}`, 'sm_pat_short'],
  },
  'planning-tool-token': {
    finds: [token(`lin_api_${alnum(40)}`), token(`ntn_${alnum(46)}`), token(`pat${alnum(14)}.${hex(64)}`)],
    leaves: [`lin_api_${x(40)}`, 'secret_santa'],
  },
  'slack-token': {
    finds: [
      token(`xoxb-${digits(12)}-${digits(12)}-${alnum(24)}`),
      token(`xoxp-${digits(12)}-${digits(12)}-${digits(12)}-${hex(32)}`),
    ],
    leaves: ['xoxb-Slack_BOT_TOKEN', 'xoxb-abcdef-abcdef', `xoxb-${x(11)}-${x(24)}`],
  },
  'slack-configuration-token': {
    finds: [token(`xoxe.xoxp-1-${alnum(166)}`), token(`xoxe-1-${alnum(146)}`)],
    leaves: ['xoxe.xoxp-1-initial', 'xoxe-1-xxx'],
  },
  'slack-app-token': {
    finds: [token(`xapp-1-A${upper(10)}-${digits(13)}-${hex(64)}`)],
    leaves: ['xapp-1-MYAPP', 'xapp-release'],
  },
  'slack-webhook': {
    finds: [
      within('POST https://hooks.slack.com/services/', `T${upper(8)}/B${upper(10)}/${alnum(24)}`, ' 200'),
    ],
    leaves: [`https://hooks.slack.com/services/T${x(8)}/B${x(8)}/${x(24)}`],
  },
  'discord-token': {
    finds: [token(`${Buffer.from(digits(18)).toString('base64')}.G${alnum(5)}.${alnum(38)}`)],
    leaves: ['NTkwMTIzNDU2Nzg5MDEyMzQ1', 'MTk.short.part'],
  },
  'telegram-bot-token': {
    finds: [
      token(`${digits(10)}:AA${alnum(33)}`),
      within('https://api.telegram.org/bot', `${digits(9)}:AA${alnum(33)}`, '/getMe'),
    ],
    leaves: ['12345:ABC', `12:34:56:A${x(34)}`],
  },
  'twilio-key': { finds: [token(`SK${hex(32)}`)], leaves: [hex(34), `SK${'0'.repeat(32)}`, `AC${hex(32)}`] },
  'sendgrid-key': {
    finds: [token(`SG.${alnum(22)}.${alnum(43)}`)],
    leaves: [`SG.${x(22)}.${x(43)}`, 'SG.Singapore'],
  },
  'mail-service-key': {
    finds: [
      token(`xkeysib-${hex(64)}-${alnum(16)}`),
      token(`key-${hex(32)}`),
      token(`${hex(32)}-us12`),
      token(`re_${alnum(8)}_${alnum(24)}`),
    ],
    leaves: [hex(32), 'key-value', 'us-east-us12', `key-${x(32)}`],
  },
  'teams-webhook': {
    finds: [
      within(
        'https://a.webhook.office.com/webhookb2/',
        `${uuid()}@${uuid()}/IncomingWebhook/${hex(32)}/${uuid()}`,
      ),
    ],
    leaves: ['https://a.webhook.office.com/webhookb2/none'],
  },
  'facebook-token': {
    finds: [token(`EAAG${alnum(160)}`), token(`${digits(16)}|${alnum(27)}`)],
    leaves: ['EAAAAAA', `EAAG${x(160)}`],
  },
  'twitter-bearer-token': {
    finds: [token('A'.repeat(22) + alnum(88).replace(/^A/, 'B'))],
    leaves: ['A'.repeat(300), 'AAAAAAAAAAAAAAAAAAAAAAAAA'],
  },
  'push-service-key': {
    finds: [token(`AAAA${alnum(7)}:APA91b${alnum(134)}`), token(`pk_prod_${upper(28)}`)],
    leaves: ['pk_producer_id', `os_v2_app_${x(90)}`],
  },
  'stripe-key': {
    finds: [token(`sk_live_${alnum(24)}`), token(`rk_test_${alnum(24)}`)],
    leaves: [`pk_live_${alnum(24)}`, `task_test_${alnum(24)}`, `sk_test_${x(24)}`],
  },
  'webhook-signing-secret': { finds: [token(`whsec_${alnum(32)}`)], leaves: [`whsec_${x(32)}`] },
  'square-token': {
    finds: [token(`sq0atp-${alnum(22)}`), token(`EAAA${alnum(60)}`)],
    leaves: [`sq0atp-${x(22)}`],
  },
  'shopify-token': { finds: [token(`shpat_${hex(32)}`)], leaves: [`shpat_${x(32)}`] },
  'plaid-token': { finds: [token(`access-sandbox-${uuid()}`)], leaves: ['access-sandbox-token', uuid()] },
  'paypal-braintree-token': {
    finds: [token(`access_token$production$${lower(16)}$${hex(32)}`)],
    leaves: [`access_token$production$${x(16)}$${'0'.repeat(32)}`],
  },
  'flutterwave-key': {
    finds: [token(`FLWSECK_TEST-${hex(32)}-X`)],
    leaves: ['FLWSECK_TEST-', `FLWSECK_TEST-${x(32)}-X`],
  },
  'payment-service-key': {
    finds: [token(`rzp_live_${alnum(14)}`), token(`live_${alnum(36)}`)],
    leaves: ['test_that_a_whole_sentence_is_left_alone', `live_${x(36)}`],
  },
  'easypost-key': { finds: [token(`EZAK${alnum(54)}`)], leaves: [`a/EZTK${alnum(54)}/b`, `EZAK${x(54)}`] },
  'shipping-and-travel-key': {
    finds: [token(`shippo_live_${hex(40)}`), token(`duffel_test_${alnum(43)}`)],
    leaves: ['prod_eu_west', `shippo_live_${x(40)}`],
  },
  'new-relic-key': {
    finds: [token(`NRAK-${upper(27)}`), token(`NRJS-${hex(19)}`), token(`${hex(36)}NRAL`)],
    leaves: [`NRAK-${'X'.repeat(27)}`],
  },
  'grafana-token': {
    finds: [token(`glc_${alnum(120)}`), token(`glsa_${alnum(32)}_${hex(8)}`)],
    leaves: [`glc_${x(68)}`, 'GLC_UploadLightmapTextureArraysAndSoOnAndOn'],
  },
  'dynatrace-token': {
    finds: [token(`dt0c01.${upper(24)}.${upper(64)}`)],
    leaves: [`dt0c01.${x(24)}.${x(64)}`],
  },
  'sentry-token': {
    finds: [token(`sntryu_${hex(64)}`), token(`sntrys_eyJ${alnum(140)}_${alnum(43)}`)],
    leaves: [`sntryu_${x(64)}`],
  },
  'observability-key': {
    finds: [token(`phc_${alnum(43)}`), token(`hcaik_${lower(58)}`)],
    leaves: [`phc_${x(43)}`, 'cu_total'],
  },
  'maxmind-license-key': { finds: [token(`${alnum(6)}_${alnum(29)}_mmk`)], leaves: ['free_mmk', 'a_b_mmk'] },
  'openai-key': {
    finds: [token(`sk-proj-${alnum(74)}T3BlbkFJ${alnum(74)}`), token(`sk-${alnum(20)}T3BlbkFJ${alnum(20)}`)],
    leaves: [`sk-proj-${x(60)}`, 'sk-proj-name'],
  },
  'anthropic-key': { finds: [token(`sk-ant-api03-${alnum(93)}AA`)], leaves: [`sk-ant-api03-${x(95)}`] },
  'huggingface-token': {
    finds: [token(`hf_${alnum(34)}`), token(`api_org_${alnum(34)}`)],
    leaves: [`hf_${x(34)}`, 'hf_hub_download_from_the_mirror_first'],
  },
  'model-service-key': {
    finds: [
      token(`pplx-${alnum(48)}`),
      token(`gsk_${alnum(52)}`),
      token(`r8_${alnum(37)}`),
      token(`nvapi-${alnum(64)}`),
    ],
    leaves: [`pplx-${x(48)}`, 'r8_compiler'],
  },
  'planetscale-token': { finds: [token(`pscale_tkn_${alnum(43)}`)], leaves: [`pscale_pw_${x(43)}`] },
  'database-service-key': {
    finds: [token(`sbp_${hex(40)}`), token(`AVNS_${alnum(19)}`), token(`napi_${lower(64)}`)],
    leaves: [`sbp_${x(40)}`, `4b1d${x(38)}`],
  },
  'map-token': { finds: [token(`sk.eyJ${alnum(70)}.${alnum(22)}`)], leaves: ['sk.eyJ'] },
  jwt: {
    finds: [token(`eyJ${alnum(20)}.eyJ${alnum(60)}.${alnum(43)}`)],
    leaves: ['eyJhbGci alone', `x${'eyJ'.repeat(20)}`],
  },
  'jwt-in-base64': { finds: [token(`ZXlK${alnum(120)}`)], leaves: [`ZXlK${alnum(12)}`] },
  'environment-prefixed-key': {
    finds: [within('with acme_live_', alnum(24)), within('with acme-test-', alnum(32))],
    leaves: ['db_test_connection_pool', 'acme_live_configuration', 'run_test_20240307101112131415'],
  },
  'purpose-prefixed-key': {
    finds: [within('with acme_sk_', alnum(32)), within('with acme-pat-', alnum(40))],
    leaves: [
      'cache_key_not_found_in_the_local_store',
      `cache_key_${hex(32)}`,
      'api-deployment-7d9f8c6b5-x2x4z',
    ],
  },
}
