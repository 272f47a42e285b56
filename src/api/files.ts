/** The files of a draft, and the uploaded bytes. */
import { randomUUID } from 'node:crypto'
import type { Config } from '../config.ts'
import type { StoredFile } from '../jobs/job.ts'
import { isInfected, type JobRecord, viewFile } from '../jobs/record.ts'
import { isRefused } from '../jobs/transitions.ts'
import { WRITERS } from './callers.ts'
import { by } from './client.ts'
import { DOWNLOAD, download } from './download.ts'
import { check, endpoint, pointerTo } from './endpoint.ts'
import { fingerprintOf, IDEMPOTENCY, IDEMPOTENCY_PROBLEMS, idempotently, REPLAYED } from './idempotency.ts'
import { readJob } from './jobs.ts'
import type { Metrics } from './metrics.ts'
import { notFound, Problem } from './problems.ts'
import { FilesForm, fieldChecker } from './requests.ts'
import { NewFiles } from './schemas.ts'
import type { Services } from './services.ts'
import { json } from './submission.ts'
import type { Received } from './upload/receive.ts'
import { readAgain, requirePromised, withUpload } from './upload/upload.ts'

export function fileEndpoints(services: Services, metrics: Metrics) {
  const { transitions, storage, config, log } = services
  return [
    endpoint({
      id: 'addFiles',
      method: 'post',
      path: '/api/jobs/{id}/files',
      tag: 'Files',
      summary: 'Add files to a draft: all of the request or none',
      roles: WRITERS,
      multipart: FilesForm,
      heeds: IDEMPOTENCY,
      answers: { 201: { description: 'The new files.', schema: NewFiles, headers: REPLAYED } },
      problems: ['not-found', 'job-not-draft', ...IDEMPOTENCY_PROBLEMS],
      async handle(asked) {
        const { id, files: present, uploads } = await readJob(services, asked)
        const checkField = fieldChecker(FilesForm, services)
        const requireKept = ({ fields, files }: Received) =>
          requirePromised(files, check(FilesForm, fields, pointerTo).sha256)

        return idempotently(
          services,
          asked,
          async key => {
            const maxFiles = Math.max(0, config.maxFiles - present.length - uploads.length)
            const upload = { jobId: id, on: 'draft', maxFiles, checkField } as const
            const added = await withUpload(services, asked, upload, async (received, commit) => {
              requireKept(received)
              const { files } = received
              const { added } = await commit(lease =>
                transitions.addFiles({
                  id,
                  token: randomUUID(),
                  lease,
                  maxFiles: config.maxFiles,
                  files,
                  idempotency: key?.hold(fingerprintOf(null, files)),
                  by: by(asked),
                }),
              )
              return files.map((file, index) => ({ ...file, id: added[index]!, status: 'uploaded' as const }))
            })
            metrics.uploaded(added.reduce((sum, { size }) => sum + size, 0))
            return json(201, { files: added.map(viewFile) })
          },
          async (answer, requireSame) => {
            const received = await readAgain(services, asked, { jobId: id, checkField })
            requireKept(received)
            requireSame(fingerprintOf(null, received.files))
            const { files } = await readJob(services, asked)
            return json(201, { files: files.filter(file => answer.files.includes(file.id)).map(viewFile) })
          },
        )
      },
    }),

    endpoint({
      id: 'removeFile',
      method: 'delete',
      path: '/api/jobs/{id}/files/{fileId}',
      tag: 'Files',
      summary: 'Take a file out of a draft',
      roles: WRITERS,
      answers: { 204: { description: 'It is gone.' } },
      problems: ['not-found', 'job-not-draft'],
      async handle(asked) {
        const { id } = await readJob(services, asked)
        const answer = await transitions.removeFile({
          id,
          token: randomUUID(),
          fileId: asked.param('fileId'),
          by: by(asked),
        })
        if (isRefused(answer)) {
          if (answer.refused !== 'job-not-draft') throw notFound(answer.refused === 'gone' ? 'job' : 'file')
          throw new Problem('job-not-draft', 'Files can be taken out only as long as the job is a draft.')
        }
        await storage.remove(answer.file.key).catch((error: unknown) => {
          log.warn({ err: error }, `a file of job ${id} could not be removed yet; the janitor will`)
        })
        return new Response(null, { status: 204 })
      },
    }),

    endpoint({
      id: 'downloadFile',
      method: 'get',
      path: '/api/jobs/{id}/files/{fileId}/content',
      tag: 'Files',
      summary: 'The uploaded bytes',
      roles: WRITERS,
      ...DOWNLOAD,
      problems: ['not-found', 'range-not-satisfiable', 'storage-unavailable'],
      async handle(asked) {
        const record = await readJob(services, asked)
        const file = record.files.find(({ id }) => id === asked.param('fileId'))
        if (!file) throw notFound('file')
        requireReadable(record, file, config)
        return download(asked.c, {
          ...file,
          open: range => storage.open(file.key, range),
          etag: `"${file.sha256}"`,
          show: 'attachment',
          isOurs: false,
        })
      },
    }),
  ]
}

/** What may carry a virus is not handed out: neither what was found to, nor, where files are scanned, what was not yet. */
function requireReadable(record: JobRecord, file: StoredFile, { clamd }: Config): void {
  if (isInfected(record, file.id))
    throw new Problem('not-found', 'The file is infected; its bytes were removed.')
  if (clamd && file.status !== 'attached')
    throw new Problem('not-found', 'The file has not been scanned for viruses, so nobody may read it.')
}
