/** What the audit log knows of, as people say it, and where its target is to be seen. */
import type { AuditEntry } from '../../contract.ts'

export type Action = AuditEntry['action']

type Place = 'job' | 'delivery' | 'endpoint' | 'keys'

interface Words {
  readonly group: 'Jobs' | 'Files' | 'Callbacks' | 'Access' | 'Service'
  readonly words: string
  /** Where the target can be seen; none where it is gone with the action, or is nothing that has a page. */
  readonly seenAt?: Place
}

/** The compiler sees to it that none is forgotten. */
export const ACTIONS: Readonly<Record<Action, Words>> = {
  'job.created': { group: 'Jobs', words: 'Made a job', seenAt: 'job' },
  'job.submitted': { group: 'Jobs', words: 'Submitted a job', seenAt: 'job' },
  'job.cancelled': { group: 'Jobs', words: 'Cancelled a job', seenAt: 'job' },
  'job.retried': { group: 'Jobs', words: 'Retried a job', seenAt: 'job' },
  'job.deleted': { group: 'Jobs', words: 'Deleted a job' },
  'file.added': { group: 'Files', words: 'Added a file', seenAt: 'job' },
  'file.removed': { group: 'Files', words: 'Removed a file', seenAt: 'job' },
  'upload.ended': { group: 'Files', words: 'Gave up an upload', seenAt: 'job' },
  'delivery.redelivered': { group: 'Callbacks', words: 'Sent a delivery again', seenAt: 'delivery' },
  'delivery.promoted': { group: 'Callbacks', words: 'Brought a delivery forward', seenAt: 'delivery' },
  'webhook.created': { group: 'Callbacks', words: 'Made an endpoint', seenAt: 'endpoint' },
  'webhook.updated': { group: 'Callbacks', words: 'Changed an endpoint', seenAt: 'endpoint' },
  'webhook.deleted': { group: 'Callbacks', words: 'Deleted an endpoint' },
  'webhook.secret-rotated': { group: 'Callbacks', words: 'Rotated a secret', seenAt: 'endpoint' },
  'webhook.tested': { group: 'Callbacks', words: 'Sent a ping', seenAt: 'endpoint' },
  'webhook.recovered': { group: 'Callbacks', words: 'Sent failed deliveries again', seenAt: 'endpoint' },
  'webhook.disabled': { group: 'Callbacks', words: 'Disabled an endpoint', seenAt: 'endpoint' },
  login: { group: 'Access', words: 'Signed in' },
  logout: { group: 'Access', words: 'Signed out' },
  'key.created': { group: 'Access', words: 'Made a key', seenAt: 'keys' },
  'key.revoked': { group: 'Access', words: 'Revoked a key' },
  'storage.adopted': { group: 'Service', words: 'Adopted the storage' },
}

/** @returns the address of the page where the target can be seen; null where there is none */
export function pageOf({ action, target }: Pick<AuditEntry, 'action' | 'target'>): string | null {
  const id = encodeURIComponent(target)
  if (!id) return null
  switch (ACTIONS[action].seenAt) {
    case 'job':
      return `/jobs/${id}`
    case 'delivery':
      return `/callbacks/deliveries/${id}`
    case 'endpoint':
      return `/callbacks/endpoints/${id}`
    case 'keys':
      return '/keys'
    default:
      return null
  }
}
