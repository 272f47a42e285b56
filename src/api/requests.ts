/** What clients ask of a job, as JSON and as form fields. */
import { z } from 'zod'
import type { JobRequest } from '../jobs/job.ts'
import type { JsonObject } from '../pipelines/pipeline.ts'
import { check, pointerTo } from './endpoint.ts'
import { repeatable, sha256Text, wholeNumber } from './fields.ts'
import { invalid, Problem } from './problems.ts'
import type { Services } from './services.ts'
import { MAX_FIELD_SIZE } from './upload/receive.ts'

export const DEFAULT_PIPELINE = 'log-analysis'

/** Levels of a JSON value: more than anybody needs, few enough for every parser on its way. */
const DEEPEST = 64

/**
 * Passed on as it is, never copied: a key such as `__proto__` is the client's own word. Its size is not this schema's
 * matter, since that has a status of its own.
 */
const metadata = z
  .custom<JsonObject>(value => typeof value === 'object' && value !== null && !Array.isArray(value), {
    error: 'a JSON object is wanted',
    abort: true,
  })
  .refine(value => !isDeeperThan(value, DEEPEST), `at most ${DEEPEST} levels are taken`)
  .refine(value => !holdsInfinity(value), 'a number is larger than can be kept')
  .refine(isWellFormed, 'a text holds half of a surrogate pair')
  .meta({ type: 'object', description: 'A JSON object of at most 16 KiB.' })

const pipeline = z.string().default(DEFAULT_PIPELINE)

export const JobDraft = z.strictObject({
  pipeline,
  priority: z.int().min(-1_000).max(1_000).default(0),
  callbackUrl: z.string().nullable().default(null),
  metadata: metadata.default(() => ({})),
})
export type JobDraft = z.output<typeof JobDraft>

export const FilesForm = z.strictObject({
  sha256: repeatable(sha256Text).describe("The promised SHA-256, in hex: once a file, in the files' order."),
})

export const JobForm = z.strictObject({
  ...FilesForm.shape,
  pipeline,
  priority: wholeNumber(-1_000, 1_000).default(0),
  callbackUrl: z.string().nullable().default(null),
  metadata: z.preprocess(parseJson, metadata).default(() => ({})),
})

/** Refuses a field as soon as it has come: what follows it may be gigabytes. */
export function fieldChecker(form: typeof JobForm | typeof FilesForm, services: Services) {
  const shape: Readonly<Record<string, z.ZodType | undefined>> = form.shape
  return (name: string, value: string): void => {
    const schema = Object.hasOwn(shape, name) ? shape[name] : undefined
    if (!schema) {
      throw invalid(
        pointerTo(
          [name],
          name === 'files' ? 'a file is wanted here, with a file name' : 'there is no field of this name',
        ),
      )
    }
    const checked = check(schema, value, (path, message) =>
      pointerTo([name, ...path.filter(part => typeof part !== 'number')], message),
    )
    if (name === 'pipeline') requirePipeline(services, checked as string)
  }
}

/** Everything about a draft that is not in its schema. @throws Problem */
export async function toRequest(
  services: Services,
  draft: JobDraft,
  rest: { id: string; owner: string },
): Promise<JobRequest> {
  const { stages } = requirePipeline(services, draft.pipeline)
  if (Buffer.byteLength(JSON.stringify(draft.metadata)) > MAX_FIELD_SIZE) {
    throw new Problem('field-too-large', 'The metadata are larger than 16 KiB.')
  }
  const { callbackUrl } = draft
  if (callbackUrl !== null) {
    const verdict = await services.addresses.checkUrl(callbackUrl)
    if (!verdict.ok) {
      throw new Problem(verdict.code, verdict.detail, {
        ...(verdict.code === 'invalid-request' && {
          errors: [pointerTo(['callbackUrl'], 'an absolute URL is wanted')],
        }),
      })
    }
  }
  return {
    ...rest,
    pipeline: draft.pipeline,
    stages: stages.map(({ name, weight }) => ({ name, weight })),
    priority: draft.priority,
    metadata: draft.metadata,
    callbackUrl,
    maxAttempts: services.config.attempts,
  }
}

function requirePipeline(services: Services, name: string) {
  const found = services.pipelines.get(name)
  if (found) return found
  const names = [...services.pipelines.keys()].join(', ')
  throw new Problem('unknown-pipeline', `There is no pipeline of this name; there are: ${names}.`)
}

function parseJson(text: unknown): unknown {
  if (typeof text !== 'string') return text
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

function isDeeperThan(value: unknown, most: number): boolean {
  let depth = 0
  for (const _ of levelsOf(value)) if (depth++ > most) return true
  return false
}

/** `1e400` is a number in JSON, but would come back as `null`. */
function holdsInfinity(value: unknown): boolean {
  for (const level of levelsOf(value))
    if (level.some(each => each === Infinity || each === -Infinity)) return true
  return false
}

/** As JSON `"\\ud800"` is a string, but no UTF-8 has a character for it: strict readers refuse all that it stands in. */
function isWellFormed(value: unknown): boolean {
  for (const level of levelsOf(value)) {
    for (const each of level) {
      if (typeof each === 'string' && !each.isWellFormed()) return false
      if (typeof each === 'object' && each !== null && !Object.keys(each).every(key => key.isWellFormed()))
        return false
    }
  }
  return true
}

function* levelsOf(value: unknown): Generator<unknown[]> {
  let level = [value]
  while (level.length > 0) {
    yield level
    level = level.flatMap(each => (typeof each === 'object' && each !== null ? Object.values(each) : []))
  }
}
