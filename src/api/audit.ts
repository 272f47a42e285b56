/** `GET /api/audit`: who did what when. */
import { z } from 'zod'
import { AUDIT_ACTIONS } from '../jobs/audit.ts'
import { ADMINS } from './callers.ts'
import { cursorText, formatCursor } from './cursors.ts'
import { endpoint } from './endpoint.ts'
import { wholeNumber } from './fields.ts'
import { AuditPage } from './schemas.ts'
import type { Services } from './services.ts'
import { json } from './submission.ts'

/** Other lists' cursors have ids that are no number, which Redis takes for no place in a stream. */
const cursor = cursorText.refine(({ id }) => /^\d{1,15}$/.test(id), 'this is no cursor of this list')

export function auditEndpoints({ audit }: Services) {
  return [
    endpoint({
      id: 'listAudit',
      method: 'get',
      path: '/api/audit',
      tag: 'Access',
      summary: 'Who did what when, newest first',
      roles: ADMINS,
      query: z.strictObject({
        actor: z.string().min(1).max(64).optional(),
        action: z.enum(AUDIT_ACTIONS).optional(),
        limit: wholeNumber(1, 200).prefault(50),
        cursor: cursor.optional(),
      }),
      answers: { 200: { description: 'With filters a page may be short.', schema: AuditPage } },
      async handle({ query }) {
        const { items, next } = await audit.list({ ...query, cursor: query.cursor ?? null })
        return json(200, { items, nextCursor: formatCursor(next) })
      },
    }),
  ]
}
