/**
 * The audit log: who did what when. An entry outlives what it tells of, so it is no job's event; those of jobs, keys and endpoints
 * are written by the script that makes the change, which costs no command more and can't be forgotten in between. Only what
 * was done is told, and logins that were refused. No secret is ever in it.
 */
import type { Redis } from 'ioredis'
import type { JsonObject } from '../pipelines/pipeline.ts'
import { compareEventIds } from './events.ts'
import { keys } from './keys.ts'
import type { Cursor } from './paging.ts'
import { instant } from './record.ts'
import { defineScript } from './script.ts'

export const AUDIT_ACTIONS = [
  'job.created',
  'job.submitted',
  'job.cancelled',
  'job.retried',
  'job.deleted',
  'file.added',
  'file.removed',
  'upload.ended',
  'delivery.redelivered',
  'delivery.promoted',
  'key.created',
  'key.revoked',
  'webhook.created',
  'webhook.updated',
  'webhook.deleted',
  'webhook.secret-rotated',
  'webhook.tested',
  'webhook.recovered',
  'webhook.disabled',
  'login',
  'logout',
  'storage.adopted',
] as const
export type AuditAction = (typeof AUDIT_ACTIONS)[number]

/** Who does something: the name of a key, `anonymous` where there is none, `operator` at the command line. */
export interface By {
  readonly actor: string
  readonly address?: string | undefined
}

export interface AuditEntry {
  readonly id: string
  readonly at: string
  readonly actor: string
  readonly action: AuditAction
  /** The id of what it was done to; empty where there is none. */
  readonly target: string
  readonly outcome: 'ok' | 'refused'
  readonly address: string | null
  readonly details: JsonObject
}

/** Milliseconds for which entries are kept, unless there are too many (lua/audit.lua). */
export const AUDIT_RETENTION = 90 * 86_400_000
const BATCH = 1_000
/**
 * How many entries one page may look at, and for how long, in ms: a filter that fits little gives short pages, not slow
 * ones.
 */
const LOOKED_AT = 5_000
const LOOKING = 50

/** The streams in which entries of an action are: see lua/audit.lua. */
function kindsOf(action: AuditAction): readonly string[] {
  const [kind] = action.split('.')
  return kind === 'login' ? ['login', 'login:refused'] : [kind!]
}
const KINDS: readonly string[] = [...new Set(AUDIT_ACTIONS.flatMap(kindsOf))]

export type Audit = ReturnType<typeof createAudit>

export function createAudit(redis: Redis) {
  const write = defineScript(redis, 'audit', 'audit-entry')

  /** The newest `count` before an entry, the newest first, of several streams as if they were one. */
  async function newest(kinds: readonly string[], before: string | null, count: number): Promise<Entry[]> {
    // At one moment: of two entries that come in between, only the newer one might be seen.
    const reading = redis.multi()
    for (const kind of kinds)
      reading.xrevrange(keys.audit(kind), before ? `(${before}` : '+', '-', 'COUNT', count)
    const found = ((await reading.exec()) ?? []).flatMap(([error, entries]) => {
      if (error) throw error
      return entries as Entry[]
    })
    return kinds.length === 1
      ? found
      : found.sort(([one], [other]) => compareEventIds(other, one)).slice(0, count)
  }

  return {
    /** For what is no script of its own; resolves once Redis has it. */
    async record(
      by: By,
      action: AuditAction,
      about: { target?: string; outcome?: 'ok' | 'refused'; details?: JsonObject } = {},
    ): Promise<void> {
      const { target = '', outcome = 'ok', details = {} } = about
      await write(
        [keys.audit('last')],
        [JSON.stringify({ by, action, target, outcome, details: JSON.stringify(details) })],
      )
    },

    /** Newest first; with filters a page may be short though there is a next. */
    async list(query: {
      actor?: string | undefined
      action?: AuditAction | undefined
      limit: number
      cursor: Cursor | null
    }): Promise<{ items: AuditEntry[]; next: Cursor | null }> {
      const items: AuditEntry[] = []
      const kinds = query.action === undefined ? KINDS : kindsOf(query.action)
      // Where every entry fits, no more are read than are wanted.
      const batch = query.action === undefined && query.actor === undefined ? query.limit + 1 : BATCH
      let before = query.cursor && `${query.cursor.createdAt}-${query.cursor.id}`
      const end = performance.now() + LOOKING
      for (let looked = 0; looked < LOOKED_AT && (looked === 0 || performance.now() < end); looked += batch) {
        const found = await newest(kinds, before, batch)
        for (const [id, fields] of found) {
          const entry = parse(id, fields)
          const fits =
            (query.actor === undefined || entry.actor === query.actor) &&
            (query.action === undefined || entry.action === query.action)
          if (fits && items.length === query.limit) return { items, next: cursorOf(before!) }
          before = id
          if (fits) items.push(entry)
        }
        if (found.length < batch) return { items, next: null }
      }
      return { items, next: cursorOf(before!) }
    },

    /** Removes what has had its time. */
    async expire(now = Date.now()): Promise<void> {
      const oldest = String(now - AUDIT_RETENTION)
      await Promise.all(KINDS.map(kind => redis.xtrim(keys.audit(kind), 'MINID', oldest)))
    },
  }
}

/** Id and fields, as Redis gives them. */
type Entry = [id: string, fields: string[]]

function cursorOf(entryId: string): Cursor {
  const [createdAt, id] = entryId.split('-') as [string, string]
  return { createdAt: Number(createdAt), id }
}

function parse(id: string, fields: readonly string[]): AuditEntry {
  const [, actor, , action, , target, , outcome, , address, , details] = fields as string[]
  return {
    id,
    at: instant(Number.parseInt(id, 10)),
    actor: actor!,
    action: action as AuditAction,
    target: target!,
    outcome: outcome as AuditEntry['outcome'],
    address: address || null,
    details: JSON.parse(details!) as JsonObject,
  }
}
