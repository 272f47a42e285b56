/** Where the next page of a list goes on: opaque to clients, checked when it comes back. */
import { z } from 'zod'
import type { Cursor } from '../jobs/paging.ts'

export function formatCursor(cursor: Cursor | null): string | null {
  return cursor && Buffer.from(`${cursor.createdAt}:${cursor.id}`).toString('base64url')
}

export const cursorText = z.string().transform((text, context): Cursor => {
  const [, createdAt, id] = /^(\d{1,15}):([A-Za-z0-9_-]{1,80})$/.exec(decode(text)) ?? []
  if (createdAt === undefined || id === undefined) {
    context.addIssue({ code: 'custom', message: 'this is no cursor of ours' })
    return z.NEVER
  }
  return { createdAt: Number(createdAt), id }
})

function decode(text: string): string {
  return /^[A-Za-z0-9_-]+$/.test(text) ? Buffer.from(text, 'base64url').toString() : ''
}
