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
/** Of a stream, where a filter may leave most of them out. */
const BATCH = 250
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

  /** Those before an entry, the newest first, of several streams as if they were one; read in batches of each. */
  async function* entriesOf(
    kinds: readonly string[],
    before: string | null,
    batch: number,
  ): AsyncGenerator<Entry> {
    const streams = kinds.map((kind): Stream => ({ kind, last: before, waiting: [], ended: false }))
    for (;;) {
      const dry = streams.filter(({ waiting, ended }) => waiting.length === 0 && !ended)
      if (dry.length > 0) await fill(dry, batch)
      const [first, ...others] = streams.filter(({ waiting }) => waiting.length > 0)
      if (!first) return
      yield others.reduce((one, other) => (isNewer(other, one) ? other : one), first).waiting.pop()!
    }
  }

  /** At first all of them at one moment: of two entries that come in between, only the newer one might be seen. */
  async function fill(streams: readonly Stream[], batch: number): Promise<void> {
    const reading = redis.multi()
    for (const { kind, last } of streams)
      reading.xrevrange(keys.audit(kind), last ? `(${last}` : '+', '-', 'COUNT', batch)
    for (const [index, [error, found]] of ((await reading.exec()) ?? []).entries()) {
      if (error) throw error
      const stream = streams[index]!
      stream.waiting = (found as Entry[]).toReversed()
      stream.ended = stream.waiting.length < batch
      stream.last = stream.waiting[0]?.[0] ?? null
    }
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
      let looked = 0
      for await (const [id, fields] of entriesOf(kinds, before, batch)) {
        const isEnough = looked === LOOKED_AT || (looked >= batch && performance.now() > end)
        const entry = parse(id, fields)
        const fits =
          (query.actor === undefined || entry.actor === query.actor) &&
          (query.action === undefined || entry.action === query.action)
        if (isEnough || (fits && items.length === query.limit)) return { items, next: cursorOf(before!) }
        before = id
        looked++
        if (fits) items.push(entry)
      }
      return { items, next: null }
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

interface Stream {
  readonly kind: string
  /** Before which it is read on. */
  last: string | null
  /** The newest at the end, from where they are taken. */
  waiting: Entry[]
  ended: boolean
}

function isNewer(one: Stream, other: Stream): boolean {
  return compareEventIds(one.waiting.at(-1)![0], other.waiting.at(-1)![0]) > 0
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
