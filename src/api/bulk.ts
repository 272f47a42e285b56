/** `POST /api/jobs/bulk`: the same to many jobs, by their ids or by what they have in common. */
import { z } from 'zod'
import { isFinal, STATUSES, type Status } from '../jobs/job.ts'
import { type JobFilter, listJobs } from '../jobs/listing.ts'
import type { Cursor } from '../jobs/paging.ts'
import { type JobRecord, readRecords } from '../jobs/record.ts'
import { maySee, requireStillIn, WRITERS } from './callers.ts'
import { by } from './client.ts'
import { cursorText, formatCursor } from './cursors.ts'
import { type Asked, endpoint, ID } from './endpoint.ts'
import { CHANGES, type ChangeName } from './job-changes.ts'
import { jobFilter, toFilter } from './job-filter.ts'
import { problemOf } from './problems.ts'
import { BulkSchema } from './schemas.ts'
import type { Services } from './services.ts'
import { json } from './submission.ts'

/** Jobs of one request. */
const MOST = 10_000
/** Jobs that are read at once, and those that are changed at once. */
const PAGE = 200
const AT_ONCE = 16
/**
 * Pages of the list that one request looks through, each for 25 ms and a little: where hardly any job fits, it answers
 * within seconds, after some 100,000 jobs.
 */
const PAGES = 200

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
    cursor: cursorText.optional().describe('With a filter: the `nextCursor` of the answer before.'),
  })
  .refine(
    ({ ids, filter }) => (ids === undefined) !== (filter === undefined),
    'either ids or a filter is wanted',
  )
  .refine(({ ids, cursor }) => ids === undefined || cursor === undefined, {
    path: ['cursor'],
    error: 'this goes with a filter',
  })

interface Outcome {
  matched: number
  done: number
  readonly refused: { readonly id: string; readonly code: string }[]
  more: boolean
  nextCursor: string | null
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
            'What was done. With a filter only jobs match that the action applies to. A problem in the middle tells in `outcome` what was done until then.',
          schema: BulkSchema,
        },
      },
      async handle(asked) {
        const { action, ids, filter, cursor = null } = asked.body as z.output<typeof Bulk>
        const outcome: Outcome = { matched: 0, done: 0, refused: [], more: false, nextCursor: null }
        try {
          if (ids) await changeNamed(services, asked, action, [...new Set(ids)], outcome)
          else await changeMatching(services, asked, action, toFilter(filter!, asked.caller), cursor, outcome)
        } catch (error) {
          throw problemOf(error).extended({ outcome: { ...outcome, more: true } })
        }
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
  begin: Cursor | null,
  outcome: Outcome,
): Promise<void> {
  const statuses = APPLIES[action].filter(
    status => !filter?.statuses.length || filter.statuses.includes(status),
  )
  if (filter === null || statuses.length === 0) return
  let cursor = begin
  for (
    let pages = 0;
    pages < PAGES && outcome.matched < MOST && !asked.c.req.raw.signal.aborted;
    pages += 1
  ) {
    // Of the page that is under way: what an error leaves of it is to be looked at again.
    outcome.nextCursor = formatCursor(cursor)
    const limit = Math.min(PAGE, MOST - outcome.matched)
    const page: Awaited<ReturnType<typeof listJobs>> = await listJobs(services.redis, {
      ...filter,
      statuses,
      limit,
      cursor,
    })
    outcome.matched += page.items.length
    await changeAll(services, asked, action, page.items, outcome)
    cursor = page.next
    if (cursor === null) break
  }
  outcome.more = cursor !== null
  outcome.nextCursor = formatCursor(cursor)
}

async function changeAll(
  services: Services,
  asked: Asked<unknown, unknown>,
  action: ChangeName,
  records: readonly JobRecord[],
  outcome: Outcome,
): Promise<void> {
  const left = [...records]
  const change = async (record: JobRecord) => {
    requireStillIn(asked.caller)
    const answer = await CHANGES[action](services, record, by(asked))
    if (answer === null) outcome.done += 1
    else
      outcome.refused.push({
        id: record.id,
        code: answer.refused === 'gone' ? 'not-found' : answer.refused,
      })
  }
  const changeNext = async () => {
    try {
      for (let record = left.shift(); record; record = left.shift()) await change(record)
    } finally {
      // The request fails with the first that does: nothing more is begun for it.
      left.length = 0
    }
  }
  // What is under way beside one that fails is told, too.
  const ended = await Promise.allSettled(Array.from({ length: AT_ONCE }, changeNext))
  const failed = ended.find(each => each.status === 'rejected')
  if (failed) throw failed.reason
}
