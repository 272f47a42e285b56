/**
 * Registered endpoints: who is told of every job's events of some types. Transitions make their deliveries; what comes
 * of attempts may disable an endpoint (lua/delivery-attempted.lua).
 */
import { randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import { createSecret } from '../webhooks/signature.ts'
import type { By } from './audit.ts'
import type { EventType } from './job.ts'
import { keys } from './keys.ts'
import { instant } from './record.ts'
import { defineScript } from './script.ts'

/** After a rotation the old secret signs, too, for so many milliseconds. */
const OLD_SECRET_SIGNS_MS = 86_400_000
/** Each signs every message, in one header. */
const MOST_SECRETS = 5
/** The script that tells an event makes a delivery for each, and nothing else runs in Redis meanwhile. */
export const MOST_WEBHOOKS = 100

/** An endpoint as clients see it. */
export interface Webhook {
  readonly id: string
  readonly url: string
  readonly events: readonly EventType[]
  readonly description: string
  readonly enabled: boolean
  /** Why it was disabled by itself; null where it was not. */
  readonly disabledReason: string | null
  /** Since when every attempt has failed; null where the last one did not. */
  readonly failingSince: string | null
  /** Until when the secret before the present one signs, too; null where only one signs. */
  readonly previousSecretUntil: string | null
  readonly createdAt: string
}

/** What is given is changed. */
export type WebhookChange = { readonly [Name in keyof WebhookSettings]?: WebhookSettings[Name] | undefined }

export interface WebhookSettings {
  readonly url: string
  readonly events: readonly EventType[]
  readonly description: string
  readonly enabled: boolean
}

/** What an attempt needs to know. */
export interface WebhookTarget {
  readonly url: string
  readonly enabled: boolean
  readonly disabledReason: string | null
  /** Those that sign, the newest first. */
  readonly secrets: readonly string[]
}

export type Webhooks = ReturnType<typeof createWebhooks>

export function createWebhooks(redis: Redis) {
  const script = defineScript(redis, 'audit', 'webhook-listing', 'webhook-change')
  const change = async (id: string, what: object, by?: By): Promise<Webhook | null> => {
    const fields = (await script([keys.webhook(id)], [JSON.stringify({ id, by, ...what })])) as string[]
    return parse(Object.fromEntries(pairs(fields)))
  }
  const read = async (id: string) => parse(await redis.hgetall(keys.webhook(id)))

  return {
    read,

    /** Every endpoint, the newest first. */
    async list(): Promise<Webhook[]> {
      const ids = await redis.zrevrange(keys.webhooks, 0, -1)
      return (await Promise.all(ids.map(read))).filter(each => each !== null)
    },

    /** The secret is told here and never again. Null where there are too many. */
    async create(settings: WebhookSettings, by?: By): Promise<(Webhook & { secret: string }) | null> {
      const id = `wh_${randomBytes(9).toString('hex')}`
      const secret = createSecret()
      const set = ['id', id, 'secrets', JSON.stringify([{ secret }]), ...fieldsOf(settings)]
      const webhook = await change(id, { create: { atMost: MOST_WEBHOOKS }, set }, by)
      return webhook && { ...webhook, secret }
    },

    /** Whoever enables it again has dealt with what disabled it. */
    change: (id: string, settings: WebhookChange, by?: By) =>
      change(
        id,
        {
          set: fieldsOf(settings),
          ...(settings.enabled !== undefined && { clear: ['disabledReason', 'failingSince'] }),
        },
        by,
      ),

    /** Deliveries that are still open fail at their next attempt. */
    async delete(id: string, by?: By): Promise<void> {
      await change(id, { delete: true }, by)
    },

    /** Old and new secret sign for 24 h. Null where there is no such endpoint. */
    async rotate(id: string, by?: By): Promise<(Webhook & { secret: string }) | null> {
      const secret = createSecret()
      const rotate = { secret, keepFor: OLD_SECRET_SIGNS_MS, atMost: MOST_SECRETS }
      const webhook = await change(id, { rotate }, by)
      return webhook && { ...webhook, secret }
    },

    async target(id: string): Promise<WebhookTarget | null> {
      const hash = await redis.hgetall(keys.webhook(id))
      const webhook = parse(hash)
      if (!webhook) return null
      const { url, enabled, disabledReason } = webhook
      return { url, enabled, disabledReason, secrets: signing(hash).map(each => each.secret) }
    },
  }
}

function fieldsOf({ url, events, description, enabled }: WebhookChange): string[] {
  return [
    ...(url === undefined ? [] : ['url', url]),
    ...(events === undefined ? [] : ['events', JSON.stringify(events)]),
    ...(description === undefined ? [] : ['description', description.toWellFormed()]),
    ...(enabled === undefined ? [] : ['enabled', enabled ? '1' : '0']),
  ]
}

function pairs(fields: readonly string[]): [string, string][] {
  return fields.flatMap((name, at) => (at % 2 === 0 ? [[name, fields[at + 1]!] as [string, string]] : []))
}

/** The secrets that sign now: the present one, which has no end, and those before it, the newest first. */
function signing(hash: Record<string, string>): { secret: string; until?: number }[] {
  const secrets = JSON.parse(hash.secrets!) as { secret: string; until?: number }[]
  return secrets.filter(({ until }) => (until ?? Infinity) > Date.now())
}

function parse(hash: Record<string, string>): Webhook | null {
  if (hash.id === undefined) return null
  const previous = signing(hash)[1]
  return {
    id: hash.id,
    url: hash.url!,
    events: JSON.parse(hash.events!) as EventType[],
    description: hash.description!,
    enabled: hash.enabled === '1',
    disabledReason: hash.disabledReason ?? null,
    failingSince: hash.failingSince === undefined ? null : instant(Number(hash.failingSince)),
    previousSecretUntil: previous === undefined ? null : instant(previous.until!),
    createdAt: instant(Number(hash.createdAt)),
  }
}
