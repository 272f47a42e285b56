/** The pages of this UI, as the navigation and the command palette offer them. */
import {
  Activity,
  BookOpen,
  Inbox,
  KeyRound,
  LayoutList,
  type LucideIcon,
  ScrollText,
  Upload,
  Webhook,
} from 'lucide-react'
import type { Rights } from './service/session.ts'

export interface Place {
  readonly href: string
  readonly name: string
  readonly icon: LucideIcon
  /** Who can do nothing there is not sent there. */
  readonly needs?: keyof Rights
  /** Not a page of this UI: it is loaded as a whole. */
  readonly outside?: true
}

export const PLACES: readonly Place[] = [
  { href: '/', name: 'Jobs', icon: LayoutList },
  { href: '/upload', name: 'Upload', icon: Upload, needs: 'upload' },
  { href: '/callbacks', name: 'Callbacks', icon: Webhook },
  { href: '/operations', name: 'Operations', icon: Activity, needs: 'operations' },
  { href: '/keys', name: 'Keys', icon: KeyRound, needs: 'administer' },
  { href: '/audit', name: 'Audit log', icon: ScrollText, needs: 'administer' },
]

export const OUTSIDE: readonly Place[] = [
  { href: '/admin/queues', name: 'Bull Board', icon: Inbox, needs: 'administer', outside: true },
  { href: '/api/docs', name: 'API reference', icon: BookOpen, outside: true },
]

export function placesFor(rights: Rights, places: readonly Place[]): readonly Place[] {
  return places.filter(({ needs }) => !needs || rights[needs])
}

/** The viewer's address of an artifact. @param line from 1 */
export function viewPath(id: string, artifact: string, line?: number): string {
  const path = `/jobs/${encodeURIComponent(id)}/view/${encodeURIComponent(artifact)}`
  return line === undefined ? path : `${path}?line=${line}`
}
