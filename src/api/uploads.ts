/** Resumable uploads, by the protocol tus 1.0.0 (https://tus.io/protocols/resumable-upload). */
import { createUploadLocks } from '../jobs/upload-lock.ts'
import { createCompletion } from '../uploads/completion.ts'
import { EVERYONE, WRITERS } from './callers.ts'
import { endpoint } from './endpoint.ts'
import type { Metrics } from './metrics.ts'
import type { Services } from './services.ts'
import { serveTus, TUS_VERSION, UPLOADS_PATH } from './tus/serve.ts'

const VERSION = { 'Tus-Resumable': `\`${TUS_VERSION}\`` }
const CHECKSUM = {
  'Upload-Checksum': '`sha1` or `sha256`, a space, and the digest of this request’s bytes in base64',
}
const OFFSET = { 'Upload-Offset': 'How many bytes are there' }
const EXPIRES = { 'Upload-Expires': 'When an unfinished upload is removed, with all that has come of it' }
/** The protocol's own statuses. */
const WRONG_VERSION = ['invalid-request', 412] as const
const WRONG_OFFSET = ['invalid-request', 409] as const
const WRONG_CHECKSUM = ['checksum-mismatch', 460] as const
const JOB = { 'Sluice-Job': 'The id of the job that the file is for' }

/** Where the storage can't take objects in several goes, there are none. */
export function uploadEndpoints(services: Services, metrics: Metrics) {
  const { redis, transitions, enqueuer, log } = services
  const { growing } = services.storage
  if (!growing) return []
  const complete = createCompletion({ redis, growing, transitions, enqueuer, log })
  const options = { services, growing, metrics, complete, locks: createUploadLocks(redis) }
  const one = { path: `${UPLOADS_PATH}/{id}`, tag: 'Resumable uploads', roles: WRITERS } as const
  const handle = (asked: Parameters<typeof serveTus>[1]) => serveTus(options, asked)

  return [
    endpoint({
      id: 'describeUploads',
      method: 'options',
      path: UPLOADS_PATH,
      tag: 'Resumable uploads',
      summary: 'What of tus is spoken here',
      roles: EVERYONE,
      answers: {
        204: {
          description: 'In its headers.',
          headers: {
            'Tus-Version': `\`${TUS_VERSION}\``,
            'Tus-Extension': 'The extensions, with commas between',
            'Tus-Max-Size': 'Bytes of a file',
            'Tus-Checksum-Algorithm': 'For `Upload-Checksum`',
          },
        },
      },
      handle,
    }),

    endpoint({
      id: 'createUpload',
      method: 'post',
      path: UPLOADS_PATH,
      tag: 'Resumable uploads',
      summary: 'Begin a resumable upload, to a draft or to a new one; the body may be its first bytes',
      roles: WRITERS,
      heeds: {
        ...VERSION,
        'Upload-Length': 'Bytes of the file',
        'Upload-Metadata':
          'Keys, each with its value in base64, with commas between: `filename`, `filetype`; `jobId` of a draft, or, for a new one, `pipeline`, `priority`, `callbackUrl`, `metadata` (JSON); `submit`, without a value, where the job is to be submitted when the file is complete',
        ...CHECKSUM,
        'Idempotency-Key':
          'At most 255 printable characters, quoted or bare. With a `jobId`, the same key with the same size and metadata makes one upload, as long as that is there; a repeat’s own first bytes are not taken, and `Upload-Offset` says how far it is.',
      },
      answers: {
        201: {
          description: 'The upload, at its `Location`.',
          headers: { Location: 'The upload', ...JOB, ...EXPIRES, ...OFFSET },
        },
      },
      problems: [
        WRONG_VERSION,
        WRONG_CHECKSUM,
        'not-found',
        'upload-timeout',
        'job-not-draft',
        'uploads-in-progress',
        'idempotency-key-reused',
        'file-too-large',
        'too-many-files',
        'field-too-large',
        'request-too-large',
        'unsupported-media-type',
        'too-many-uploads',
        'unknown-pipeline',
        'callback-url-not-allowed',
        'storage-unavailable',
        'storage-full',
      ],
      handle,
    }),

    endpoint({
      ...one,
      id: 'getUpload',
      method: 'head',
      summary: 'How far a resumable upload has come',
      heeds: VERSION,
      answers: {
        200: {
          description: 'In its headers.',
          headers: {
            ...OFFSET,
            'Upload-Length': 'Bytes of the file',
            'Upload-Metadata': 'As it was sent',
            ...JOB,
            ...EXPIRES,
          },
        },
      },
      problems: [WRONG_VERSION, 'not-found', 'job-not-draft', 'uploads-in-progress', 'storage-unavailable'],
      handle,
    }),

    endpoint({
      ...one,
      id: 'continueUpload',
      method: 'patch',
      summary: 'Send the next bytes of a resumable upload; the last ones complete its file',
      heeds: { ...VERSION, 'Upload-Offset': 'How many bytes are there', ...CHECKSUM },
      answers: { 204: { description: 'The bytes are kept.', headers: { ...OFFSET, ...JOB, ...EXPIRES } } },
      problems: [
        WRONG_VERSION,
        WRONG_OFFSET,
        WRONG_CHECKSUM,
        'not-found',
        'upload-timeout',
        'job-not-draft',
        'uploads-in-progress',
        'request-too-large',
        'unsupported-media-type',
        'too-many-uploads',
        'storage-unavailable',
        'storage-full',
      ],
      handle,
    }),

    endpoint({
      ...one,
      id: 'endUpload',
      method: 'delete',
      summary: 'Give a resumable upload up: its bytes are removed',
      heeds: VERSION,
      answers: { 204: { description: 'It is gone.' } },
      problems: [WRONG_VERSION, 'not-found', 'job-not-draft', 'uploads-in-progress', 'storage-unavailable'],
      handle,
    }),
  ]
}
