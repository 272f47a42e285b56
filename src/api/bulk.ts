/** `POST /api/jobs/bulk`: the same to many jobs, by their ids or by what they have in common. */
import { z } from 'zod'
import { isFinal, STATUSES, type Status } from '../jobs/job.ts'
import { type JobFilter, listJobs } from '../jobs/listing.ts'
import type { Cursor } from '../jobs/paging.ts'
import { type JobRecord, readRecords } from '../jobs/record.ts'
import { maySee, requireStillIn, WRITERS } from './callers.ts'
import { by } from './client.ts'
import { type Asked, endpoint, ID } from './endpoint.ts'
import { CHANGES, type ChangeName } from './job-changes.ts'
import { jobFilter, toFilter } from './job-filter.ts'
import { BulkSchema } from './schemas.ts'
import type { Services } from './services.ts'
import { json } from './submission.ts'

/** Jobs of one request. */
const MOST = 10_000
/** Jobs that are read at once, and those that are changed at once. */
const PAGE = 200
const AT_ONCE = 16

/** A filter means those that something can be done to: who cancels all that match does not mean those that have ended. */
const APPLIES: Readonly<Record<ChangeName, readonly Status[]>> = {
  cancel: STATUSES.filter(status => !isFinal(status)),
  retry: ['failed'],
  delete: STATUSES.filter(status => status === 'draft' || isFinal(status)),
}

const Bulk = z
  .strictObject({
    action: z.enum(['cancel', 'retry', 'delete']),
    ids: z.array(z.string().regex(ID, 'this is no id')).min(1).max(MOST).optional(),
    filter: jobFilter({}).optional().describe('As the query of the list; `{}` for every job.'),
  })
  .refine(
    ({ ids, filter }) => (ids === undefined) !== (filter === undefined),
    'either ids or a filter is wanted',
  )

interface Outcome {
  matched: number
  done: number
  readonly refused: { readonly id: string; readonly code: string }[]
  more: boolean
}

export function bulkEndpoints(services: Services) {
  return [
    endpoint({
      id: 'changeJobs',
      method: 'post',
      path: '/api/jobs/bulk',
      tag: 'Jobs',
      summary: `Cancel, retry or delete many jobs: those named, or those that fit a filter, ${MOST} at most`,
      roles: WRITERS,
      json: Bulk,
      answers: {
        200: {
          description:
            'What was done. With a filter only jobs match that the action applies to; `more`: others do, too.',
          schema: BulkSchema,
        },
      },
      problems: ['malformed-json', 'request-too-large', 'unsupported-media-type', 'upload-timeout'],
      async handle(asked) {
        const { action, ids, filter } = asked.body as z.output<typeof Bulk>
        const outcome: Outcome = { matched: 0, done: 0, refused: [], more: false }
        if (ids) await changeNamed(services, asked, action, [...new Set(ids)], outcome)
        else await changeMatching(services, asked, action, toFilter(filter!, asked.caller), outcome)
        return json(200, outcome)
      },
    }),
  ]
}

async function changeNamed(
  services: Services,
  asked: Asked<unknown, unknown>,
  action: ChangeName,
  ids: readonly string[],
  outcome: Outcome,
): Promise<void> {
  for (let at = 0; at < ids.length && !asked.c.req.raw.signal.aborted; at += PAGE) {
    const page = ids.slice(at, at + PAGE)
    const records = await readRecords(services.redis, page)
    const visible = records.filter(record => record !== null && maySee(asked.caller, record.owner))
    for (const id of page) {
      if (!visible.some(record => record?.id === id)) outcome.refused.push({ id, code: 'not-found' })
    }
    outcome.matched += visible.length
    await changeAll(services, asked, action, visible as JobRecord[], outcome)
  }
}

async function changeMatching(
  services: Services,
  asked: Asked<unknown, unknown>,
  action: ChangeName,
  filter: JobFilter | null,
  outcome: Outcome,
): Promise<void> {
  const statuses = APPLIES[action].filter(
    status => !filter?.statuses.length || filter.statuses.includes(status),
  )
  if (filter === null || statuses.length === 0) return
  let cursor: Cursor | null = null
  while (!asked.c.req.raw.signal.aborted) {
    const limit = Math.min(PAGE, MOST - outcome.matched)
    if (limit === 0) {
      outcome.more = true
      return
    }
    const page: Awaited<ReturnType<typeof listJobs>> = await listJobs(services.redis, {
      ...filter,
      statuses,
      limit,
      cursor,
    })
    outcome.matched += page.items.length
    await changeAll(services, asked, action, page.items, outcome)
    if (page.next === null) return
    cursor = page.next
  }
}

async function changeAll(
  services: Services,
  asked: Asked<unknown, unknown>,
  action: ChangeName,
  records: readonly JobRecord[],
  outcome: Outcome,
): Promise<void> {
  const left = [...records]
  const changeNext = async () => {
    for (let record = left.shift(); record; record = left.shift()) {
      requireStillIn(asked.caller)
      const answer = await CHANGES[action](services, record, by(asked)).catch(error => {
        // The request has failed with this one: nothing more is begun for it.
        left.length = 0
        throw error
      })
      if (answer === null) outcome.done += 1
      else
        outcome.refused.push({
          id: record.id,
          code: answer.refused === 'gone' ? 'not-found' : answer.refused,
        })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, changeNext))
}
