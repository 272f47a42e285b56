/** Who looks at this page, and what they may do. The API decides; this only spares them what would be refused. */
import { useQuery } from '@tanstack/react-query'
import type { Session } from '../contract.ts'
import { call } from './call.ts'

export interface Rights {
  readonly upload: boolean
  /** Cancel, retry, delete: of jobs that one sees. */
  readonly change: boolean
  /** Queues, workers, figures of the whole service. */
  readonly operations: boolean
  /** Endpoints, keys, the audit log, Bull Board. */
  readonly administer: boolean
  /** Uploaded bytes, and what receivers answered. */
  readonly content: boolean
}

const RIGHTS: Readonly<Record<Session['role'], Rights>> = {
  admin: { upload: true, change: true, operations: true, administer: true, content: true },
  uploader: { upload: true, change: true, operations: false, administer: false, content: true },
  viewer: { upload: false, change: false, operations: true, administer: false, content: false },
}
const NONE: Rights = { upload: false, change: false, operations: false, administer: false, content: false }

/** The roles that have a right. */
export function rolesWith(right: keyof Rights): Session['role'][] {
  return (Object.keys(RIGHTS) as Session['role'][]).filter(role => RIGHTS[role][right])
}

export function useSession() {
  const { data, error } = useQuery({
    queryKey: ['session'],
    queryFn: ({ signal }) => call<Session>('GET', '/api/session', { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })
  return { session: data, rights: data ? RIGHTS[data.role] : NONE, error }
}
