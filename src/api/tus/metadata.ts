/** `Upload-Metadata`: what the client wants done with a resumable upload. */
import { Metadata } from '@tus/server'
import { z } from 'zod'
import { check } from '../endpoint.ts'
import { type Fault, invalid } from '../problems.ts'
import { type JobDraft, JobForm } from '../requests.ts'
import { cleanFileName } from '../upload/file-name.ts'
import { mediaType } from '../upload/media-type.ts'

/** What Uppy sends of itself beside `filename` and `filetype`. Nothing else is passed over. */
const PASSED_OVER = ['name', 'type', 'relativePath']

const Upload = z.object({
  filename: z
    .string('a file name is wanted')
    .transform(name => cleanFileName(name))
    .refine(name => name !== null, 'a file name is wanted'),
  filetype: z.string().default('').transform(mediaType),
  submit: z
    .enum(['', 'true'], 'leave it out, or give it no value')
    .optional()
    .transform(value => value !== undefined),
})

export const AddedUpload = z.strictObject({ ...Upload.shape, jobId: z.string() })
export const NewUpload = z.strictObject({ ...Upload.shape, ...JobForm.omit({ sha256: true }).shape })

export interface Wanted {
  readonly name: string
  readonly type: string
  readonly submit: boolean
  /** The draft that the file is for: one that is there, or one that is to be made. */
  readonly job: { readonly id: string } | { readonly draft: JobDraft }
}

/** @throws Problem that names everything that is wrong. */
export function parseMetadata(header: string): Wanted {
  const fields = Object.fromEntries(
    Object.entries(decode(header))
      .filter(([key]) => !PASSED_OVER.includes(key))
      .map(([key, value]) => [key, value ?? '']),
  )
  if ('jobId' in fields) {
    const { jobId, filename, filetype, submit } = check(AddedUpload, fields, faultAt)
    return { name: filename!, type: filetype, submit, job: { id: jobId } }
  }
  const { filename, filetype, submit, ...draft } = check(NewUpload, fields, faultAt)
  return { name: filename!, type: filetype, submit, job: { draft } }
}

function faultAt(path: readonly PropertyKey[], message: string): Fault {
  return { parameter: 'Upload-Metadata', message: `${path.join('.')}: ${message}` }
}

function decode(header: string): Record<string, string | null> {
  try {
    return header === '' ? {} : Metadata.parse(header)
  } catch {
    throw invalid({
      parameter: 'Upload-Metadata',
      message: 'pairs of a key and a value in base64 are wanted, separated by commas',
    })
  }
}
