/** Which jobs a caller means: the query of the list, and the filter of what is done to many. */
import { z } from 'zod'
import { ERROR_CODES, STATUSES } from '../jobs/job.ts'
import { LONGEST_LABEL, MOST_LABELS } from '../jobs/labels.ts'
import type { JobFilter } from '../jobs/listing.ts'
import type { Caller } from './callers.ts'
import { repeatable, timeText } from './fields.ts'

const METADATA = 'metadata.'
/** Characters that are looked for. */
const LONGEST_TEXT = 200

const shape = {
  status: repeatable(z.enum(STATUSES)),
  pipeline: z.string().optional(),
  owner: z.string().optional().describe('The name of the key that made the job.'),
  error: z.enum(ERROR_CODES).optional().describe('The code of their error: why they failed.'),
  q: z
    .string()
    .min(1)
    .max(LONGEST_TEXT)
    .optional()
    .describe('A text in the id, the name of a file or the metadata, whatever its case.'),
  createdAfter: timeText.optional(),
  createdBefore: timeText.optional(),
}

/** What a client can't see by trying: not every value of a job's metadata is in an index. */
export const METADATA_FILTER = `\`metadata.<key>=<value>\`: a job is found by the first ${MOST_LABELS} of its metadata that are texts, numbers or truth values of at most ${LONGEST_LABEL} characters, whole numbers as keys before all others, else in the order in which they were sent. What comes behind them is kept and shown, but found by \`q\` only. Longer values are found wherever they stand, by looking at job after job.`

/** Besides `more`, what is named here, and `metadata.<key>` for exact values. */
export function jobFilter<More extends z.ZodRawShape>(more: More) {
  return z
    .object({ ...shape, ...more })
    .catchall(z.unknown())
    .superRefine((given, context) => {
      for (const [name, value] of Object.entries(given)) {
        if (name in shape || name in more) continue
        const isPair = name.startsWith(METADATA) && name.length > METADATA.length
        const message = isPair ? 'one text is wanted' : 'there is no such parameter'
        if (!isPair || typeof value !== 'string') context.addIssue({ code: 'custom', message, path: [name] })
      }
    })
}

/** @param caller an uploader sees its own jobs, whatever it asks for. */
export function toFilter(given: Readonly<Record<string, unknown>>, caller: Caller): JobFilter | null {
  const { status, pipeline, owner, error, q, createdAfter, createdBefore } = given as z.output<
    z.ZodObject<typeof shape>
  >
  if (caller.role === 'uploader' && owner !== undefined && owner !== caller.name) return null
  return {
    statuses: status,
    pipeline,
    owner: caller.role === 'uploader' ? caller.name : owner,
    error,
    text: q,
    metadata: Object.entries(given)
      .filter(([name]) => name.startsWith(METADATA))
      .map(([name, value]) => [name.slice(METADATA.length), value as string]),
    createdAfter,
    createdBefore,
  }
}
