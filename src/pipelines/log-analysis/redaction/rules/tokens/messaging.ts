/** Chat, mail, text messages, social networks. */
import { looksGenerated } from '../../randomness.ts'
import type { Rule } from '../../rule.ts'
import { word } from '../word.ts'

/** The base64 of three digits: with those of its owner's id a bot's token begins. In lower case. */
const DISCORD_BEGINNINGS = ['mt', 'mj', 'mz', 'nd', 'nt', 'nj', 'nz', 'od', 'ot'].flatMap(two =>
  Array.from('aeimquycgk').flatMap(third => Array.from('wxyz#', fourth => two + third + fourth)),
)

export const messagingTokens: readonly Rule[] = [
  {
    // https://docs.slack.dev/authentication/tokens/: numbers of the workspace and of the user, then the secret.
    name: 'slack-token',
    kind: 'slack_token',
    keywords: ['xoxb-', 'xoxp-', 'xoxe-', 'xoxa-', 'xoxo-', 'xoxr-', 'xoxs-', 'xoxc-', 'xoxd-'],
    pattern: word`xox[abceoprs]-(?:\d{1,2}-)?\d{5,14}-(?:\d{1,14}-){0,3}[A-Za-z0-9]{8,250}|xox[bpars]-\d{1,2}-[A-Za-z0-9-]{40,250}|xox[arps]-[a-z0-9]{8,48}|xoxd-[A-Za-z0-9%+/=]{40,400}`,
    check: looksGenerated,
  },
  {
    name: 'slack-configuration-token',
    kind: 'slack_token',
    keywords: ['xoxe.xox', 'xoxe-#'],
    pattern: word`xoxe\.xox[bp]-\d-[A-Za-z0-9]{60,250}|xoxe-\d-[A-Za-z0-9]{60,250}`,
    check: looksGenerated,
  },
  {
    name: 'slack-app-token',
    kind: 'slack_token',
    keywords: ['xapp-'],
    pattern: word`xapp-\d-[A-Z0-9]{5,20}-\d{5,20}-[a-zA-Z0-9]{16,100}`,
    check: looksGenerated,
  },
  {
    name: 'slack-webhook',
    kind: 'slack_token',
    keywords: ['hooks.slack.com/'],
    pattern: /hooks\.slack\.com\/(?:services|workflows|triggers)\/(?<secret>[A-Za-z0-9+/]{25,90})/dg,
    check: looksGenerated,
  },
  {
    // https://discord.com/developers/docs/reference#authentication: id, time and HMAC in base64url
    name: 'discord-token',
    kind: 'discord_token',
    keywords: ['mfa.', 'api/webhooks/', ...DISCORD_BEGINNINGS],
    pattern: word`(?:[MNO][A-Za-z\d_-]{23,28}\.[\w-]{6}\.[\w-]{27,40}|mfa\.[\w-]{84}|api/webhooks/\d{17,20}/(?<secret>[\w-]{60,70}))`,
    check: looksGenerated,
  },
  {
    // https://core.telegram.org/bots/api#authorizing-your-bot: the bot's number, a colon, 35 characters
    name: 'telegram-bot-token',
    kind: 'telegram_token',
    keywords: ['#####:a'],
    pattern: /(?<![A-Za-z0-9:])(?:bot)?(?<secret>\d{5,16}:A[\w-]{34})(?![\w-])/dg,
    check: looksGenerated,
  },
  {
    // https://www.twilio.com/docs/glossary/what-is-a-sid; the account's id (AC) is no secret.
    name: 'twilio-key',
    kind: 'vendor_token',
    keywords: ['sk%%%%%%%%'],
    pattern: word`SK[0-9a-f]{32}`,
    check: looksGenerated,
  },
  {
    // https://www.twilio.com/docs/sendgrid: `SG.`, 22 characters, a dot, 43
    name: 'sendgrid-key',
    kind: 'sendgrid_key',
    keywords: ['sg.'],
    pattern: word`SG\.[\w=.-]{60,72}`,
    check: looksGenerated,
  },
  {
    name: 'mail-service-key',
    kind: 'vendor_token',
    keywords: ['xkeysib-', 'xsmtpsib-', 'mlsn.', 'key-', '-us#', 're_', 'pubkey-', '-%%%%%%%%-%%%%%%%%'],
    // Brevo, MailerSend, Mailgun (private, public, signing), Mailchimp, Resend.
    pattern: word`x(?:keys|smtps)ib-[a-f0-9]{64}-[A-Za-z0-9]{16}|mlsn\.[a-f0-9]{64}|(?:pub)?key-[a-f0-9]{32}|[a-f0-9]{32}-[a-f0-9]{8}-[a-f0-9]{8}|[a-f0-9]{32}-us\d{1,2}|re_[A-Za-z0-9]{6,10}_[A-Za-z0-9]{22,26}`,
    check: looksGenerated,
  },
  {
    // https://learn.microsoft.com/microsoftteams: whoever has the address of an incoming webhook can post
    name: 'teams-webhook',
    kind: 'vendor_token',
    keywords: ['webhook.office.com/'],
    pattern: /webhook\.office\.com\/webhookb2\/(?<secret>[a-z0-9@/-]{60,300})/dgi,
  },
  {
    // https://developers.facebook.com/docs/facebook-login/guides/access-tokens
    name: 'facebook-token',
    kind: 'vendor_token',
    keywords: ['eaa', '#######|', 'igqv', 'igaa'],
    pattern: word`EAA[A-Za-z][A-Za-z0-9]{80,400}|EAACEdEose0cBA[A-Za-z0-9]{20,200}|IG(?:QV|AA)[\w-]{80,300}|\d{15,16}(?:\||%7C)[\w-]{27,40}`,
    check: looksGenerated,
  },
  {
    // https://developer.x.com/en/docs/authentication/oauth-2-0/bearer-tokens
    name: 'twitter-bearer-token',
    kind: 'vendor_token',
    keywords: ['aaaaaaaaaaaaaaaa'],
    pattern: word`A{20,26}[A-Za-z0-9%]{60,120}`,
  },
  {
    name: 'push-service-key',
    kind: 'vendor_token',
    keywords: [':apa##', 'os_v#_', 'pk_prod_', 'pk_%%%%'],
    // Firebase Cloud Messaging, OneSignal, Courier, Klaviyo.
    pattern: word`AAAA[\w-]{7}:APA91b[\w-]{134}|os_v2_(?:app|org)_[a-z2-7]{80,120}|pk_prod_[A-Z0-9]{26,28}|pk_[a-f0-9]{34}`,
    check: looksGenerated,
  },
]
