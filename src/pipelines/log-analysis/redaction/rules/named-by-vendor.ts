/** Values behind the name of somebody who gives out keys: `discord = …`, `"artifactory", "…"`. Only the random ones. */
import { looksSecret, readsLikeWords } from '../randomness.ts'
import type { Rule } from '../rule.ts'
import { ASSIGN } from './values.ts'

/** Not those whose name is also a word, or stands in every log: `square`, `github`. */
const VENDORS = `
  adafruit adobe adyen airtable algolia alibaba amplitude anthropic artifactory asana atlassian auth0 beamer
  binance bintray bitbucket bittrex braintree brevo bugsnag buildkite circleci clickhouse clickup clojars
  cloudflare cloudinary codecov coinbase confluent contentful databricks datadog deepgram deepseek
  digitalocean discord doppler droneci dropbox dynatrace elevenlabs etsy fastly figma finicity finnhub
  firebase flickr flutterwave foursquare freshbooks freshdesk gitter gocardless grafana heroku hetzner
  honeycomb hubspot huggingface infura intercom jfrog klaviyo kucoin launchdarkly linode logdna loggly
  mailchimp mailgun mailjet mapbox mattermost maxmind meraki messagebird mixpanel netlify new-relic new_relic
  newrelic nytimes okta onesignal openai opsgenie pagerduty paypal paystack pinecone pipedrive plaid postmark
  rapidapi razorpay rollbar salesforce scaleway sendbird sendgrid sendinblue shippo shopify snyk squarespace
  sumologic supabase telegram telnyx travis trello twilio twitch typeform vercel vonage vultr wakatime webflow
  yandex zapier zendesk
`
  .trim()
  .split(/\s+/)

export const vendorNameRules: readonly Rule[] = [
  {
    name: 'value-named-by-vendor',
    kind: 'generic_api_key',
    keywords: VENDORS,
    pattern: new RegExp(
      String.raw`(?:${VENDORS.join('|')})[\w.-]{0,30}${ASSIGN}["'\`]?(?<secret>[A-Za-z0-9_=+/.~-]{16,512})(?![\w-])`,
      'dgi',
    ),
    // Names and places of their own stand behind vendors' names, too; what is 24 characters of chance does not.
    check: secret =>
      secret.length >= 24 && looksSecret(secret) && !readsLikeWords(secret) && !/[./].*[./]/.test(secret),
  },
]
