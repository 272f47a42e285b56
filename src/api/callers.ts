/**
 * Who calls, and what they may do. A key comes as `Authorization: Bearer …`, or stands behind a session cookie; where
 * no key is set everybody on this machine is `anonymous` and may do all.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { ApiKey, Role } from '../config.ts'
import type { JobRecord } from '../jobs/record.ts'
import { notFound } from './problems.ts'

export interface Caller {
  readonly name: string
  readonly role: Role
  /** `session` and `none` are what a browser sends by itself, so that its requests may be another site's doing. */
  readonly by: 'key' | 'session' | 'none'
}

export const EVERYONE: readonly Role[] = ['admin', 'uploader', 'viewer']
export const WRITERS: readonly Role[] = ['admin', 'uploader']
export const OPERATORS: readonly Role[] = ['admin', 'viewer']
export const ADMINS: readonly Role[] = ['admin']

export const ANONYMOUS: Caller = { name: 'anonymous', role: 'admin', by: 'none' }

export interface KeyRing {
  /** True where no key is set. */
  readonly isEmpty: boolean
  /** The key with this text; takes the same time for all that are wrong. */
  find(text: string): ApiKey | null
  byName(name: string): ApiKey | null
}

export function createKeyRing(keys: readonly ApiKey[]): KeyRing {
  const digests = keys.map(({ key }) => digest(key))
  return {
    isEmpty: keys.length === 0,
    find(text) {
      const asked = digest(text)
      let found: ApiKey | null = null
      for (const [index, each] of digests.entries()) if (timingSafeEqual(asked, each)) found = keys[index]!
      return found
    },
    byName: name => keys.find(key => key.name === name) ?? null,
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** An uploader sees only what is its own. */
export function maySee(caller: Caller, owner: string): boolean {
  return caller.role !== 'uploader' || caller.name === owner
}

/** The owner that a list is narrowed to; undefined: everybody's. */
export function ownerShown(caller: Caller): string | undefined {
  return caller.role === 'uploader' ? caller.name : undefined
}

/** @throws Problem `not-found` where there is no such job, or none for this caller. */
export function shown(record: JobRecord | null, caller: Caller): JobRecord {
  if (record === null || !maySee(caller, record.owner)) throw notFound('job')
  return record
}
