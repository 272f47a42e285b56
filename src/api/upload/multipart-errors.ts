/** What multer and its parser say, in the words of the contract. */
import multer from 'multer'
import { pointerTo } from '../endpoint.ts'
import { invalid, Problem } from '../problems.ts'

/** The client hung up: nobody hears an answer. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone'
}

/** Errors of multer that only say that the connection is gone. */
const GONE = new Set(['Request aborted', 'Request closed', 'aborted'])
/** What busboy says of a body that is no multipart, or ends in the middle. */
const MALFORMED =
  /^(Unexpected end of (form|file)|Malformed |Multipart: |Missing Content-Type|Unsupported content type)/

export function translateMultipart(
  error: unknown,
  limits: { maxFileSize: number; maxFiles: number },
): unknown {
  if (error instanceof multer.MulterError) return ofLimit(error, limits)
  if (!(error instanceof Error)) return error
  if (
    GONE.has(error.message) ||
    ['ECONNRESET', 'EPIPE'].includes((error as NodeJS.ErrnoException).code ?? '')
  ) {
    return new ClientGone('The client hung up.', { cause: error })
  }
  if (MALFORMED.test(error.message)) return malformed(error)
  return error
}

export function malformed(cause?: unknown): Problem {
  return new Problem('malformed-multipart', 'The body is not complete, or no multipart/form-data at all.', {
    cause,
  })
}

export function fileTooLarge(name: string | undefined, maxFileSize: number): Problem {
  return new Problem('file-too-large', `${name ?? 'A file'} is larger than ${maxFileSize} bytes.`)
}

export function tooManyFiles(maxFiles: number): Problem {
  return new Problem('too-many-files', `The job has room for ${maxFiles} files at most.`)
}

export function tooManyFields(): Problem {
  return new Problem('too-many-fields', 'The request has more fields than any request needs.')
}

export function fieldTooLarge(name: string | undefined): Problem {
  const field = name === undefined ? 'A field' : `The field "${name}"`
  return new Problem('field-too-large', `${field} is larger than 16 KiB.`)
}

export function unknownPart(name: string | undefined, what: 'field' | 'file part'): Problem {
  return invalid(pointerTo([name ?? ''], `there is no ${what} of this name`))
}

function ofLimit(error: multer.MulterError, limits: { maxFileSize: number; maxFiles: number }): Problem {
  switch (error.code as string) {
    case 'LIMIT_FILE_SIZE':
      return fileTooLarge(undefined, limits.maxFileSize)
    case 'LIMIT_FILE_COUNT':
      return tooManyFiles(limits.maxFiles)
    case 'LIMIT_PART_COUNT':
    case 'LIMIT_FIELD_COUNT':
      return tooManyFields()
    case 'LIMIT_FIELD_VALUE':
      return fieldTooLarge(error.field)
    case 'LIMIT_UNEXPECTED_FILE':
      return unknownPart(error.field, 'file part')
    default:
      // Names that are missing, too long, or nested.
      return unknownPart(error.field, 'field')
  }
}
