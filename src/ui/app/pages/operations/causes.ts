/** Why a job failed, by the code of its error, and what is to be done about it. */
import type { Job } from '../../contract.ts'

export type Code = NonNullable<Job['error']>['code']

interface Cause {
  readonly what: string
  readonly todo: string
  /** Whether the upload itself is to blame: then nothing is wrong with the service. */
  readonly upload?: true
}

export const CAUSES: Readonly<Record<Code, Cause>> = {
  'file-missing': {
    what: 'An uploaded file was gone',
    todo: 'See who else writes to the storage. The files must be uploaded again.',
  },
  'file-changed': {
    what: 'A stored file was not what was uploaded',
    todo: 'Check the disk or bucket, and who else writes to it. The files must be uploaded again.',
  },
  'file-type-not-allowed': {
    upload: true,
    what: 'A type that is not let in',
    todo: 'If it should be, add it to SLUICE_ALLOWED_TYPES.',
  },
  'file-infected': {
    upload: true,
    what: 'The virus scanner found something',
    todo: 'Tell whoever uploaded it.',
  },
  'unsupported-content': {
    upload: true,
    what: 'Content that the pipeline cannot read',
    todo: 'Tell whoever uploaded it which formats are read.',
  },
  'archive-limit': {
    upload: true,
    what: 'An archive that unpacks to too much',
    todo: 'If it is honest, raise the SLUICE_ARCHIVE_… limit that its error names.',
  },
  'stage-failed': { what: 'A stage failed', todo: 'The workers’ log says where. Retry when it is mended.' },
  'stage-timeout': {
    what: 'A stage made no progress',
    todo: 'Look at the worker’s CPU and the storage; SLUICE_STAGE_TIMEOUT is the limit.',
  },
  'worker-lost': {
    what: 'Workers died under it',
    todo: 'Most often it is memory: look at the machine’s log before you retry.',
  },
  'job-lost': { what: 'Its queue was deleted by hand', todo: 'Leave the queues alone, then retry.' },
  'storage-unavailable': {
    what: 'The storage could not be reached',
    todo: 'Bring the storage back, then retry.',
  },
}

/** The list of what failed so. */
export function failedBy(code: Code): string {
  return `/?status=failed&error=${code}`
}
