/** `POST /api/jobs`: a whole job in one request, or a draft to be filled. */
import { randomUUID } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import { viewJob } from '../jobs/record.ts'
import { isRefused } from '../jobs/transitions.ts'
import { WRITERS } from './callers.ts'
import { type Asked, check, endpoint, pointerTo } from './endpoint.ts'
import type { Metrics } from './metrics.ts'
import { PREFER } from './prefer.ts'
import { queueUnavailable } from './problems.ts'
import { fieldChecker, JobDraft, JobForm, toRequest } from './requests.ts'
import { JobSchema } from './schemas.ts'
import type { Services } from './services.ts'
import { accepted, enqueueFlow, json } from './submission.ts'
import { requirePromised, withUpload } from './upload/upload.ts'

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
      heeds: PREFER,
      answers: {
        202: {
          description: 'Every byte is on disk and the job is in Redis.',
          schema: JobSchema,
          headers: { Location: 'The job', 'Preference-Applied': 'Where the request had `Prefer: wait=N`' },
        },
        201: { description: 'A draft.', schema: JobSchema, headers: { Location: 'The job' } },
      },
      problems: [
        'malformed-multipart',
        'malformed-json',
        'upload-timeout',
        'file-too-large',
        'too-many-files',
        'too-many-fields',
        'field-too-large',
        'request-too-large',
        'unsupported-media-type',
        'no-files',
        'unknown-pipeline',
        'callback-url-not-allowed',
        'checksum-mismatch',
        'storage-unavailable',
        'storage-full',
      ],
      handle: asked =>
        asked.body === 'multipart'
          ? createFromUpload(services, metrics, asked)
          : createDraft(services, asked, asked.body),
    }),
  ]
}

async function createDraft(services: Services, { caller }: Asked<unknown, unknown>, draft: JobDraft) {
  const id = uuidv7()
  const request = await toRequest(services, draft, { id, owner: caller.name })
  const made = await services.transitions.create(request, randomUUID(), {
    lease: null,
    files: [],
    submit: false,
  })
  if (isRefused(made)) throw queueUnavailable()
  return json(201, viewJob(made.record), { location: `/api/jobs/${id}` })
}

async function createFromUpload(services: Services, metrics: Metrics, asked: Asked<unknown, unknown>) {
  const id = uuidv7()
  const upload = {
    jobId: id,
    on: 'new',
    maxFiles: services.config.maxFiles,
    checkField: fieldChecker(JobForm, services),
  } as const
  const { record } = await withUpload(services, asked, upload, async ({ fields, files }, commit) => {
    const { sha256, ...draft } = check(JobForm, fields, pointerTo)
    requirePromised(files, sha256)
    const request = await toRequest(services, draft, { id, owner: asked.caller.name })
    return commit(lease => services.transitions.create(request, randomUUID(), { lease, files, submit: true }))
  })
  metrics.uploaded(record.files.reduce((sum, { size }) => sum + size, 0))
  await enqueueFlow(services, record)
  return accepted(services, asked, record)
}
