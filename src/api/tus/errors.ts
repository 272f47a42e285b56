/** What the tus server says, in the words of the contract. Its errors are objects with a status and a text. */
import { ERRORS } from '@tus/server'
import { type Fault, invalid, Problem } from '../problems.ts'

const at = (parameter: string, message: string): Fault => ({ parameter, message })

/** @param most bytes of a file. */
export function translateTus(error: unknown, most: number): unknown {
  switch (error) {
    case ERRORS.INVALID_OFFSET:
      return new Problem(
        'invalid-request',
        'The upload has another offset: ask for it by HEAD, and go on from there.',
        {
          status: 409,
          errors: [at('Upload-Offset', 'this is not where the upload stands')],
        },
      )
    case ERRORS.MISSING_OFFSET:
      return invalid(at('Upload-Offset', 'this header is needed'))
    case ERRORS.INVALID_LENGTH:
      return invalid(at('Upload-Length', 'this header is needed, once, with the number of bytes'))
    case ERRORS.UNSUPPORTED_CREATION_DEFER_LENGTH_EXTENSION:
      return invalid(at('Upload-Defer-Length', 'the length must be known when the upload is made'))
    case ERRORS.UNSUPPORTED_CONCATENATION_EXTENSION:
      return invalid(at('Upload-Concat', 'uploads are not put together here; turn parallel uploads off'))
    case ERRORS.ERR_MAX_SIZE_EXCEEDED:
      return new Problem('file-too-large', `A file has at most ${most} bytes.`)
    case ERRORS.ERR_SIZE_EXCEEDED:
      return tooMuch()
    case ERRORS.ERR_LOCK_TIMEOUT:
    case ERRORS.ABORTED:
      return new Problem('uploads-in-progress', 'Another request is at this upload.')
  }
  // That one is made anew each time; it is thrown by what counts the bytes of a body.
  if (isMaxFileExceeded(error)) return tooMuch()
  return error
}

/** A refusal that the tus server answered by itself: of headers that are none. */
export async function refusedHeaders(response: Response): Promise<Problem> {
  const names = (await response.text())
    .trim()
    .replace(/^Invalid /, '')
    .split(' ')
  return invalid(...names.map(name => at(name, 'this cannot be read')))
}

function tooMuch(): Problem {
  return new Problem('request-too-large', 'The request brings more bytes than the upload still lacks.')
}

function isMaxFileExceeded(error: unknown): boolean {
  return error instanceof Error && 'status_code' in error && error.status_code === 413
}
