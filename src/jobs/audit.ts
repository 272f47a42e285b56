/**
 * The audit log: who did what when. An entry outlives what it tells of, so it is no job's event; those of jobs, keys and endpoints
 * are written by the script that makes the change, which costs no command more and can't be forgotten in between. Only what
 * was done is told, and logins that were refused. No secret is ever in it.
 */
import type { Redis } from 'ioredis'
import type { JsonObject } from '../pipelines/pipeline.ts'
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
/** How many entries one page may look at: a filter that fits little gives short pages, not slow ones. */
const LOOKED_AT = 5_000

export type Audit = ReturnType<typeof createAudit>

export function createAudit(redis: Redis) {
  const write = defineScript(redis, 'audit', 'audit-entry')
  return {
    /** For what is no script of its own; resolves once Redis has it. */
    async record(
      by: By,
      action: AuditAction,
      about: { target?: string; outcome?: 'ok' | 'refused'; details?: JsonObject } = {},
    ): Promise<void> {
      const { target = '', outcome = 'ok', details = {} } = about
      await write(
        [keys.audit],
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
      let before = query.cursor && `${query.cursor.createdAt}-${query.cursor.id}`
      for (let looked = 0; looked < LOOKED_AT; looked += BATCH) {
        const found = await redis.xrevrange(keys.audit, before ? `(${before}` : '+', '-', 'COUNT', BATCH)
        for (const [id, fields] of found) {
          const entry = parse(id, fields)
          const fits =
            (query.actor === undefined || entry.actor === query.actor) &&
            (query.action === undefined || entry.action === query.action)
          if (fits && items.length === query.limit) return { items, next: cursorOf(before!) }
          before = id
          if (fits) items.push(entry)
        }
        if (found.length < BATCH) return { items, next: null }
      }
      return { items, next: cursorOf(before!) }
    },

    /** Removes what has had its time. */
    async expire(now = Date.now()): Promise<void> {
      await redis.xtrim(keys.audit, 'MINID', String(now - AUDIT_RETENTION))
    },
  }
}

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
