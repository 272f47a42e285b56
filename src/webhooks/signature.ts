/**
 * Signatures as the Standard Webhooks specification says
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md): HMAC-SHA256 in base64
 * over `<id>.<timestamp>.<body>`. While a secret is being replaced, old and new both sign.
 */
import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'

const PREFIX = 'whsec_'

export interface SignatureHeaders {
  readonly 'webhook-id': string
  readonly 'webhook-timestamp': string
  /** `v1,<base64>`, once a secret, separated by spaces. */
  readonly 'webhook-signature': string
}

/** A new secret: `whsec_` and 32 random bytes in base64. */
export function createSecret(): string {
  return PREFIX + randomBytes(32).toString('base64')
}

/**
 * @param message.id the same for every attempt, so that a receiver can drop repeats; holds no `.`.
 * @param message.timestamp of this attempt, in whole seconds since 1970; receivers refuse what is five minutes off.
 * @param message.body exactly the bytes that will be sent.
 * @throws Error where there is no secret, or one is none of ours; its text is not repeated.
 */
export function sign(message: {
  readonly id: string
  readonly timestamp: number
  readonly body: string
  readonly secrets: readonly string[]
}): SignatureHeaders {
  const { id, timestamp, body, secrets } = message
  if (secrets.length === 0) throw new Error('a message cannot be signed without a secret')
  const signatures = secrets.map(secret => {
    const mac = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`)
    return `v1,${mac.digest('base64')}`
  })
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
  }
}

/** A key object signs five times as fast as the bytes it was made of. There are a few secrets, used again and again. */
const keyObjects = new Map<string, KeyObject>()

function keyOf(secret: string): KeyObject {
  const known = keyObjects.get(secret)
  if (known) return known
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64')
  // An empty key would sign, too, and anybody could forge it.
  if (!secret.startsWith(PREFIX) || key.length === 0) {
    throw new Error(`a secret is not "${PREFIX}" followed by base64`)
  }
  const made = createSecretKey(key)
  keyObjects.set(secret, made)
  return made
}
