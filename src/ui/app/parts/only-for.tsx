/** Keeps a page to those whose role has what it needs; to others it says so, and whom to ask. */
import { Lock } from 'lucide-react'
import type { ReactNode } from 'react'
import { type Rights, rolesWith, useSession } from '../service/session.ts'
import { LinkButton } from './button.tsx'
import { Card, Empty, Page, RefusalNote } from './page.tsx'

interface Props {
  right: keyof Rights
  /** Of the page. */
  title: string
  children: ReactNode
}

export function OnlyFor({ right, title, children }: Props) {
  const { session, rights, error } = useSession()
  if (rights[right]) return children
  if (!session) {
    return error ? (
      <Page title={title}>
        <RefusalNote error={error} />
      </Page>
    ) : (
      <p className="muted">Loading…</p>
    )
  }
  const roles = rolesWith(right).join(' or ')
  return (
    <Page title={title}>
      <Card>
        <Empty icon={<Lock size={34} aria-hidden />} title="Not for your role">
          <p>
            You are signed in as {session.name}, whose role is {session.role}. This page is for the role{' '}
            {roles}. If you need it, ask whoever made your key for another one.
          </p>
          <LinkButton href="/">To the jobs</LinkButton>
        </Empty>
      </Card>
    </Page>
  )
}
