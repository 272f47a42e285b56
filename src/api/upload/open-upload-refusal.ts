/** What the transitions of open uploads refuse, in the words of the contract. */
import { notFound, Problem, queueUnavailable } from '../problems.ts'
import { noRoom } from './preflight.ts'

export type OpenUploadRefusal =
  | 'gone'
  | 'no-such-upload'
  | 'job-not-draft'
  | 'too-many-files'
  | 'lease-lost'
  | 'uploads-in-progress'
  | 'storage-full'

export function openUploadRefusal(code: OpenUploadRefusal, maxFiles = 0): Problem {
  switch (code) {
    case 'gone':
      return notFound('job')
    case 'no-such-upload':
      return notFound('upload')
    case 'job-not-draft':
      return new Problem(code, 'Files can be added only as long as the job is a draft.')
    case 'too-many-files':
      return new Problem(code, `The job has, or is promised, the ${maxFiles} files that it may have.`)
    case 'uploads-in-progress':
      return new Problem(code, 'Another request to this draft is under way. Ask again when it has ended.')
    case 'storage-full':
      return noRoom('SLUICE_STORAGE_QUOTA')
    case 'lease-lost':
      return queueUnavailable()
  }
}
