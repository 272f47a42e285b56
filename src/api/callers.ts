/**
 * Who calls, and what they may do. A key comes as `Authorization: Bearer …`, or stands behind a session cookie; where
 * no key is set everybody on this machine is `anonymous` and may do all.
 */
import type { Role } from '../config.ts'
import type { JobRecord } from '../jobs/record.ts'
import type { KnownKey } from './key-ring.ts'
import { notFound, unauthenticated } from './problems.ts'

export interface Caller {
  readonly name: string
  readonly role: Role
  /** `session` and `none` are what a browser sends by itself, so that its requests may be another site's doing. */
  readonly by: 'key' | 'session' | 'none'
  /** Aborts when the key is revoked: what lives long ends with it. */
  readonly until: AbortSignal
  /** Of a session: whether it is still one, neither logged out nor expired. */
  readonly lasts?: () => Promise<boolean>
}

export const EVERYONE: readonly Role[] = ['admin', 'uploader', 'viewer']
export const WRITERS: readonly Role[] = ['admin', 'uploader']
export const OPERATORS: readonly Role[] = ['admin', 'viewer']
export const ADMINS: readonly Role[] = ['admin']

/** Where no key is set: everybody on this machine, until there is a first key. */
export function anonymous(until: AbortSignal): Caller {
  return { name: 'anonymous', role: 'admin', by: 'none', until }
}

/** Whoever asks for what needs no key. */
export const NOBODY: Caller = {
  name: 'nobody',
  role: 'viewer',
  by: 'none',
  until: new AbortController().signal,
}

export function callerWith({ name, role, gone }: KnownKey, by: 'key' | 'session'): Caller {
  return { name, role, by, until: gone }
}

/**
 * Asked again where an upload ends, which may have begun hours ago.
 *
 * @throws Problem `unauthenticated` where the caller's key was revoked meanwhile.
 */
export function requireStillIn({ until }: Caller): void {
  if (until.aborted) throw unauthenticated('This key was revoked.')
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
