/** Jobs: reading them, and what can be done to one. */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { STATUSES } from '../jobs/job.ts'
import { listJobs } from '../jobs/listing.ts'
import { artifactsOf, isInfected, type JobRecord, readRecord, viewJob } from '../jobs/record.ts'
import { isRefused } from '../jobs/transitions.ts'
import { EVERYONE, ownerShown, shown, WRITERS } from './callers.ts'
import { by } from './client.ts'
import { cursorText, formatCursor } from './cursors.ts'
import { type Asked, endpoint } from './endpoint.ts'
import { repeatable, timeText, wholeNumber } from './fields.ts'
import {
  fingerprintOf,
  IDEMPOTENCY,
  IDEMPOTENCY_PROBLEMS,
  idempotently,
  inProgress,
  REPLAYED,
} from './idempotency.ts'
import { PREFER } from './prefer.ts'
import { notFound, Problem } from './problems.ts'
import { JobPage, JobSchema } from './schemas.ts'
import type { Services } from './services.ts'
import { accepted, enqueueDelivery, enqueueFlow, json } from './submission.ts'

/** @throws Problem `not-found` where there is none, or none for this caller. */
export async function readJob(services: Services, asked: Asked<unknown, unknown>): Promise<JobRecord> {
  return shown(await readRecord(services.redis, asked.param('id')), asked.caller)
}

export function jobEndpoints(services: Services) {
  const { transitions, redis, storage, log } = services

  return [
    endpoint({
      id: 'listJobs',
      method: 'get',
      path: '/api/jobs',
      tag: 'Jobs',
      summary: 'Jobs, newest first',
      roles: EVERYONE,
      query: z.strictObject({
        status: repeatable(z.enum(STATUSES)),
        pipeline: z.string().optional(),
        createdAfter: timeText.optional(),
        createdBefore: timeText.optional(),
        limit: wholeNumber(1, 200).prefault(50),
        cursor: cursorText.optional(),
      }),
      answers: {
        200: {
          description: 'With filters a page may hold fewer than `limit`: only `nextCursor: null` is the end.',
          schema: JobPage,
        },
      },
      async handle({ caller, query: { status, cursor, ...rest } }) {
        const owner = ownerShown(caller)
        const page = await listJobs(redis, { ...rest, statuses: status, owner, cursor: cursor ?? null })
        return json(200, { items: page.items.map(viewJob), nextCursor: formatCursor(page.next) })
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
        const { id } = await readJob(services, asked)
        const answer = await transitions.cancel(id, by(asked))
        if (isRefused(answer)) throw refusal(answer.refused)
        await enqueueDelivery(services, answer.delivery)
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
        const { id } = await readJob(services, asked)
        const answer = await transitions.retry(id, randomUUID(), by(asked))
        if (isRefused(answer)) throw refusal(answer.refused)
        const record = await readJob(services, asked)
        await enqueueFlow(services, record)
        return json(202, viewJob(record))
      },
    }),

    endpoint({
      id: 'deleteJob',
      method: 'delete',
      path: '/api/jobs/{id}',
      tag: 'Jobs',
      summary: 'Remove a draft or final job with its files, artifacts and events',
      roles: WRITERS,
      answers: { 204: { description: 'It is gone.' } },
      problems: ['not-found', 'job-not-final'],
      async handle(asked) {
        const record = await readJob(services, asked)
        const answer = await transitions.delete({
          id: record.id,
          token: randomUUID(),
          by: by(asked),
          uploadedBytes: record.files
            .filter(({ id }) => !isInfected(record, id))
            .reduce((sum, { size }) => sum + size, 0),
        })
        if (isRefused(answer)) throw refusal(answer.refused)
        const removed = await Promise.allSettled([
          storage.removeAll(storedKeys(record)),
          ...record.uploads.map(async ({ key }) => storage.growing?.discard(key)),
        ])
        for (const each of removed) {
          if (each.status === 'fulfilled') continue
          log.warn(
            { err: each.reason },
            `bytes of job ${record.id} could not be removed yet; the janitor will`,
          )
        }
        return new Response(null, { status: 204 })
      },
    }),
  ]
}

function storedKeys(record: JobRecord): string[] {
  const intermediates = record.outputs.flatMap(output => output?.intermediates ?? [])
  return [...record.files, ...artifactsOf(record), ...intermediates].map(({ key }) => key)
}

type Refusal =
  | 'gone'
  | 'job-final'
  | 'uploads-in-progress'
  | 'no-files'
  | 'job-not-failed'
  | 'job-not-retryable'
  | 'job-not-final'
  | 'not-expired'
  | 'key-lost'

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
    case 'job-not-final':
      return new Problem(code, 'Cancel the job first, or wait until it has ended.')
  }
}
