/** `POST /api/jobs`: a whole job in one request, or a draft to be filled. */
import { randomUUID } from 'node:crypto'
import { newJobId } from '../jobs/job-id.ts'
import { type JobRecord, readRecord, viewJob } from '../jobs/record.ts'
import { isRefused } from '../jobs/transitions.ts'
import { shown, WRITERS } from './callers.ts'
import { by } from './client.ts'
import { type Asked, check, endpoint, pointerTo } from './endpoint.ts'
import {
  fingerprintOf,
  IDEMPOTENCY,
  IDEMPOTENCY_PROBLEMS,
  idempotently,
  inProgress,
  REPLAYED,
} from './idempotency.ts'
import type { Metrics } from './metrics.ts'
import { PREFER } from './prefer.ts'
import { Problem, queueUnavailable } from './problems.ts'
import { fieldChecker, JobDraft, JobForm, toRequest } from './requests.ts'
import { JobSchema } from './schemas.ts'
import type { Services } from './services.ts'
import { accepted, enqueueFlow, json } from './submission.ts'
import type { Received } from './upload/receive.ts'
import { readAgain, requirePromised, withUpload } from './upload/upload.ts'

export function intakeEndpoints(services: Services, metrics: Metrics) {
  return [
    endpoint({
      id: 'createJob',
      method: 'post',
      path: '/api/jobs',
      tag: 'Jobs',
      summary: 'Upload files and submit them as one job (multipart), or open a draft (JSON)',
      roles: WRITERS,
      json: JobDraft,
      multipart: JobForm,
      heeds: { ...PREFER, ...IDEMPOTENCY },
      answers: {
        202: {
          description: 'Every byte is on disk and the job is in Redis.',
          schema: JobSchema,
          headers: {
            Location: 'The job',
            'Preference-Applied': 'Where the request had `Prefer: wait=N`',
            ...REPLAYED,
          },
        },
        201: {
          description: 'A draft.',
          schema: JobSchema,
          headers: { Location: 'The job', ...REPLAYED },
        },
      },
      problems: ['unknown-pipeline', 'callback-url-not-allowed', 'not-found', ...IDEMPOTENCY_PROBLEMS],
      handle: asked =>
        asked.body === 'multipart'
          ? createFromUpload(services, metrics, asked)
          : createDraft(services, asked, asked.body),
    }),
  ]
}

async function createDraft(services: Services, asked: Asked<unknown, unknown>, draft: JobDraft) {
  const answer = (record: JobRecord) => json(201, viewJob(record), { location: `/api/jobs/${record.id}` })

  return idempotently(
    services,
    asked,
    async key => {
      const request = await toRequest(services, draft, { id: newJobId(), owner: asked.caller.name })
      const made = await services.transitions.create(request, randomUUID(), {
        lease: null,
        files: [],
        submit: false,
        idempotency: key?.hold(fingerprintOf(draft, null)),
        by: by(asked),
      })
      if (isRefused(made)) throw made.refused === 'key-lost' ? inProgress() : queueUnavailable()
      return answer(made.record)
    },
    async ({ jobId }, requireSame) => {
      requireSame(fingerprintOf(draft, null))
      return answer(await readMade(services, asked, jobId))
    },
  )
}

async function createFromUpload(services: Services, metrics: Metrics, asked: Asked<unknown, unknown>) {
  const checkField = fieldChecker(JobForm, services)
  const parse = ({ fields, files }: Received) => {
    const { sha256, ...draft } = check(JobForm, fields, pointerTo)
    requirePromised(files, sha256)
    return draft
  }

  return idempotently(
    services,
    asked,
    async key => {
      const id = newJobId()
      const upload = { jobId: id, on: 'new', maxFiles: services.config.maxFiles, checkField } as const
      const { record } = await withUpload(services, asked, upload, async (received, commit) => {
        const { files } = received
        const draft = parse(received)
        const request = await toRequest(services, draft, { id, owner: asked.caller.name })
        const idempotency = key?.hold(fingerprintOf(draft, files))
        return commit(lease =>
          services.transitions.create(request, randomUUID(), {
            lease,
            files,
            submit: true,
            idempotency,
            by: by(asked),
          }),
        )
      })
      metrics.uploaded(record.files.reduce((sum, { size }) => sum + size, 0))
      await enqueueFlow(services, record)
      return accepted(services, asked, record)
    },
    async ({ jobId }, requireSame) => {
      const received = await readAgain(services, asked, { jobId, checkField })
      requireSame(fingerprintOf(parse(received), received.files))
      return accepted(services, asked, await readMade(services, asked, jobId))
    },
  )
}

/** The job that an earlier request under this key has made. @throws Problem `not-found` where it was removed since. */
async function readMade({ redis }: Services, { caller }: Asked<unknown, unknown>, id: string) {
  const record = await readRecord(redis, id)
  if (record) return shown(record, caller)
  throw new Problem(
    'not-found',
    'The job that was made under this key has been removed. To make another one, use another key.',
  )
}
