/** What clients ask of a job, as JSON and as form fields. */
import { z } from 'zod'
import type { JobRequest } from '../jobs/job.ts'
import { MOST_LABELS } from '../jobs/labels.ts'
import type { JsonObject } from '../pipelines/pipeline.ts'
import { check, pointerTo } from './endpoint.ts'
import { repeatable, sha256Text, wholeNumber } from './fields.ts'
import { invalid, Problem } from './problems.ts'
import type { Services } from './services.ts'
import { fieldTooLarge } from './upload/multipart-errors.ts'

export const DEFAULT_PIPELINE = 'log-analysis'

/** Levels of a JSON value: more than anybody needs, few enough for every parser on its way. */
const DEEPEST = 64

/** Bytes of metadata as JSON without a space or an escape too many, however it was sent. */
const MAX_METADATA_SIZE = 16 * 2 ** 10

/** Characters of an address that is called back: each of its deliveries holds it. */
const LONGEST_URL = 2_048

/** Passed on as it is, never copied: a key such as `__proto__` is the client's own word. */
const metadata = z
  .custom<JsonObject>(value => typeof value === 'object' && value !== null && !Array.isArray(value), {
    error: 'a JSON object is wanted',
    abort: true,
  })
  .superRefine((value, context) => {
    const message = whyNotKept(value)
    if (message !== null) context.addIssue({ code: 'custom', message })
  })
  .meta({
    type: 'object',
    description: `A JSON object of at most 16 KiB. A job is found by its first ${MOST_LABELS} texts, numbers and truth values; see the list.`,
  })

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
  priority: wholeNumber(-1_000, 1_000).prefault(0),
  callbackUrl: z.string().nullable().default(null),
  metadata: z.preprocess(parseJson, metadata).prefault(() => ({})),
})

/** Refuses a field as soon as it has come: what follows it may be gigabytes. Made anew for each request. */
export function fieldChecker(form: typeof JobForm | typeof FilesForm, services: Services) {
  const shape: Readonly<Record<string, z.ZodType | undefined>> = form.shape
  const given = new Set<string>()
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
    if (given.has(name) && name !== 'sha256') throw invalid(pointerTo([name], 'this is given twice'))
    given.add(name)
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
  const { callbackUrl } = draft
  if (callbackUrl !== null) await checkReceiver(services, callbackUrl, 'callbackUrl')
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

/** @param field the property that holds it. @throws Problem where nothing may be sent there. */
export async function checkReceiver(services: Services, url: string, field: string): Promise<void> {
  if (url.length > LONGEST_URL)
    throw invalid(pointerTo([field], `at most ${LONGEST_URL} characters are wanted`))
  const verdict = await services.addresses.checkUrl(url)
  if (verdict.ok) return
  throw new Problem(verdict.code, verdict.detail, {
    ...(verdict.code === 'invalid-request' && { errors: [pointerTo([field], 'an absolute URL is wanted')] }),
  })
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

/** @throws Problem where it is too large: that is no invalid request, but has a status of its own. */
function whyNotKept(metadata: JsonObject): string | null {
  let [depth, values] = [0, 0]
  for (const level of levelsOf(metadata)) {
    if (depth++ > DEEPEST) return `at most ${DEEPEST} levels are taken`
    values += level.length
    // Each takes a byte at least. Nobody needs to look at the millions that a body has room for.
    if (values > MAX_METADATA_SIZE) throw fieldTooLarge('metadata')
    // `1e400` is a number in JSON, but would come back as `null`.
    if (level.some(each => each === Infinity || each === -Infinity)) {
      return 'a number is larger than can be kept'
    }
    // `"\ud800"` is a string in JSON, but UTF-8 has no character for it: strict readers refuse all that holds it.
    if (!level.every(isWellFormed)) return 'a text holds half of a surrogate pair'
  }
  if (Buffer.byteLength(JSON.stringify(metadata)) > MAX_METADATA_SIZE) throw fieldTooLarge('metadata')
  return null
}

/** Of a value itself and the keys that it has, not of what they lead to. */
function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed()
  return typeof value !== 'object' || value === null || Object.keys(value).every(key => key.isWellFormed())
}

function* levelsOf(value: unknown): Generator<unknown[]> {
  let level = [value]
  while (level.length > 0) {
    yield level
    level = level.flatMap(each => (typeof each === 'object' && each !== null ? Object.values(each) : []))
  }
}
