/** Jobs: reading them, and what can be done to one. */
import { z } from 'zod'
import { listJobs } from '../jobs/listing.ts'
import { instant, type JobRecord, readRecord, viewJob } from '../jobs/record.ts'
import { isRefused } from '../jobs/transitions.ts'
import { EVERYONE, shown, WRITERS } from './callers.ts'
import { by } from './client.ts'
import { cursorText, formatCursor } from './cursors.ts'
import { type Asked, endpoint } from './endpoint.ts'
import { wholeNumber } from './fields.ts'
import {
  fingerprintOf,
  IDEMPOTENCY,
  IDEMPOTENCY_PROBLEMS,
  idempotently,
  inProgress,
  REPLAYED,
} from './idempotency.ts'
import { CHANGES, type ChangeRefusal } from './job-changes.ts'
import { jobFilter, METADATA_FILTER, toFilter } from './job-filter.ts'
import { PREFER } from './prefer.ts'
import { notFound, Problem } from './problems.ts'
import { JobPage, JobSchema } from './schemas.ts'
import type { Services } from './services.ts'
import { accepted, enqueueFlow, json } from './submission.ts'

/** @throws Problem `not-found` where there is none, or none for this caller. */
export async function readJob(services: Services, asked: Asked<unknown, unknown>): Promise<JobRecord> {
  return shown(await readRecord(services.redis, asked.param('id')), asked.caller)
}

export function jobEndpoints(services: Services) {
  const { transitions, redis } = services

  return [
    endpoint({
      id: 'listJobs',
      method: 'get',
      path: '/api/jobs',
      tag: 'Jobs',
      summary:
        'Jobs, newest first; besides the parameters `metadata.<key>=<value>`, for exact values of the metadata',
      roles: EVERYONE,
      query: jobFilter({ limit: wholeNumber(1, 200).prefault(50), cursor: cursorText.optional() }),
      answers: {
        200: {
          description: `With filters a page may hold fewer than \`limit\`: only \`nextCursor: null\` is the end. \`lookedBackTo\`: how far this page has looked. ${METADATA_FILTER}`,
          schema: JobPage,
        },
      },
      async handle({ caller, query: { limit, cursor = null, ...given } }) {
        const filter = toFilter(given, caller)
        const page = filter ? await listJobs(redis, { ...filter, limit, cursor }) : { items: [], next: null }
        return json(200, {
          items: page.items.map(viewJob),
          nextCursor: formatCursor(page.next),
          lookedBackTo: page.next && instant(page.next.createdAt),
        })
      },
    }),

    endpoint({
      id: 'getJob',
      method: 'get',
      path: '/api/jobs/{id}',
      tag: 'Jobs',
      summary: 'One job',
      roles: EVERYONE,
      answers: { 200: { description: 'The job.', schema: JobSchema } },
      problems: ['not-found'],
      handle: async asked => json(200, viewJob(await readJob(services, asked))),
    }),

    endpoint({
      id: 'submitJob',
      method: 'post',
      path: '/api/jobs/{id}/submit',
      tag: 'Jobs',
      summary: 'End the draft and enqueue the job; repeating it changes nothing',
      roles: WRITERS,
      heeds: { ...PREFER, ...IDEMPOTENCY },
      answers: {
        202: {
          description: 'The job.',
          schema: JobSchema,
          headers: {
            Location: 'The job',
            'Preference-Applied': 'Where the request had `Prefer: wait=N`',
            ...REPLAYED,
          },
        },
      },
      problems: ['not-found', 'no-files', 'uploads-in-progress', 'job-final', ...IDEMPOTENCY_PROBLEMS],
      async handle(asked) {
        const before = await readJob(services, asked)
        const fingerprint = fingerprintOf(null, null)
        return idempotently(
          services,
          asked,
          async key => {
            const answer = await transitions.submit(before.id, by(asked), key?.hold(fingerprint))
            if (isRefused(answer)) throw refusal(answer.refused)
            const record = await readJob(services, asked)
            // Adding a flow again has no effect, but is not free; the sweeper has what the first submit left undone.
            if (before.status === 'draft') await enqueueFlow(services, record)
            return accepted(services, asked, record)
          },
          async (_, requireSame) => {
            requireSame(fingerprint)
            return accepted(services, asked, await readJob(services, asked))
          },
        )
      },
    }),

    endpoint({
      id: 'cancelJob',
      method: 'post',
      path: '/api/jobs/{id}/cancel',
      tag: 'Jobs',
      summary: 'Cancel the job, from any state that is not final',
      roles: WRITERS,
      answers: { 202: { description: 'The job, cancelled.', schema: JobSchema } },
      problems: ['not-found', 'job-final'],
      async handle(asked) {
        const answer = await CHANGES.cancel(services, await readJob(services, asked), by(asked))
        if (answer) throw refusal(answer.refused)
        return json(202, viewJob(await readJob(services, asked)))
      },
    }),

    endpoint({
      id: 'retryJob',
      method: 'post',
      path: '/api/jobs/{id}/retry',
      tag: 'Jobs',
      summary: 'A new run of a failed job, from the stage that failed',
      roles: WRITERS,
      answers: { 202: { description: 'The job.', schema: JobSchema } },
      problems: ['not-found', 'job-not-failed', 'job-not-retryable'],
      async handle(asked) {
        const answer = await CHANGES.retry(services, await readJob(services, asked), by(asked))
        if (answer) throw refusal(answer.refused)
        return json(202, viewJob(await readJob(services, asked)))
      },
    }),

    endpoint({
      id: 'deleteJob',
      method: 'delete',
      path: '/api/jobs/{id}',
      tag: 'Jobs',
      summary: 'Remove a draft or final job with its files, artifacts and events',
      roles: WRITERS,
      query: z.strictObject({
        status: z
          .literal('draft')
          .optional()
          .describe(
            'Only if it is still a draft: who gives up an upload does not mean the job that it became.',
          ),
      }),
      answers: { 204: { description: 'It is gone.' } },
      problems: ['not-found', 'job-not-draft', 'job-not-final'],
      async handle(asked) {
        const onlyDraft = asked.query.status === 'draft'
        const answer = await CHANGES.delete(services, await readJob(services, asked), by(asked), onlyDraft)
        if (answer) throw refusal(answer.refused)
        return new Response(null, { status: 204 })
      },
    }),
  ]
}

type Refusal = ChangeRefusal | 'no-files' | 'key-lost'

function refusal(code: Refusal): Problem {
  switch (code) {
    case 'gone':
    case 'not-expired':
      return notFound('job')
    case 'key-lost':
      return inProgress()
    case 'no-files':
      return new Problem('no-files', 'The draft has no file yet.', { status: 409 })
    case 'uploads-in-progress':
      return new Problem(code, 'Wait until every upload to this draft has been answered.')
    case 'job-final':
      return new Problem(code, 'The job has ended already.')
    case 'job-not-failed':
      return new Problem(code, 'Only a failed job can be retried.')
    case 'job-not-retryable':
      return new Problem(code, 'Another run would meet the same: upload the files again.')
    case 'job-not-draft':
      return new Problem(code, 'It has been submitted.')
    case 'job-not-final':
      return new Problem(code, 'Cancel the job first, or wait until it has ended.')
  }
}
