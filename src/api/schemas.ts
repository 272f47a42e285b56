/**
 * What the API answers, as schemas: the OpenAPI document is made from them, and the tests hold real answers against
 * them.
 */
import { z } from 'zod'
import { AUDIT_ACTIONS } from '../jobs/audit.ts'
import { ENDPOINT_EVENTS, ERROR_CODES, EVENT_TYPES, STATUSES } from '../jobs/job.ts'
import { PROBLEMS, type ProblemCode } from './problems.ts'

/** Schemas that stand under a name of their own in the document. */
export const named = z.registry<{ id: string }>()

function name<T extends z.ZodType>(id: string, schema: T): T {
  named.add(schema, { id })
  return schema
}

const time = z.iso.datetime({ precision: 3 })
const count = z.int().min(0)
const percent = z.int().min(0).max(100)
const object = z.record(z.string(), z.unknown())

export const StatusSchema = name('Status', z.enum(STATUSES))

export const FileSchema = name(
  'File',
  z.strictObject({
    id: z.string(),
    name: z.string(),
    size: count,
    type: z.string(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    status: z.enum(['uploaded', 'attached', 'failed']),
  }),
)

const ErrorSchema = name(
  'JobError',
  z.strictObject({
    code: z.enum(ERROR_CODES),
    message: z.string(),
    stage: z.string().optional(),
    fileId: z.string().optional(),
    attempts: count,
  }),
)

const ProgressSchema = name(
  'Progress',
  z.strictObject({
    percent,
    stage: z.string().nullable(),
    stageIndex: count,
    stageCount: count,
    stages: z.array(
      z.strictObject({
        name: z.string(),
        status: z.enum(['pending', 'running', 'completed', 'failed']),
        percent,
      }),
    ),
  }),
)

export const JobSchema = name(
  'Job',
  z.strictObject({
    id: z.string().max(64),
    status: StatusSchema,
    run: z.int().min(1),
    owner: z.string(),
    pipeline: z.string(),
    priority: z.int().min(-1_000).max(1_000),
    metadata: object,
    callbackUrl: z.string().nullable(),
    files: z.array(FileSchema),
    progress: ProgressSchema,
    attempts: z.strictObject({ made: count, max: count }),
    result: object.nullable(),
    error: ErrorSchema.nullable(),
    artifacts: z.array(z.strictObject({ name: z.string(), size: count, type: z.string() })),
    createdAt: time,
    readyAt: time.nullable(),
    startedAt: time.nullable(),
    finishedAt: time.nullable(),
    links: z.strictObject({ self: z.string(), events: z.string(), artifacts: z.string() }),
  }),
)

export const EventSchema = name(
  'Event',
  z.strictObject({
    id: z.string(),
    type: z.enum(EVENT_TYPES),
    jobId: z.string(),
    run: z.int().min(1),
    at: time,
    data: object,
  }),
)

export const DeliverySchema = name(
  'Delivery',
  z.strictObject({
    id: z.string(),
    jobId: z.string().nullable().describe('Null for a `ping`.'),
    webhookId: z.string().nullable(),
    url: z.string().describe('Of an endpoint, uploaders are shown the origin only.'),
    type: z.enum([...EVENT_TYPES, 'ping']),
    status: z.enum(['pending', 'delivered', 'failed']),
    attempts: z.array(
      z.strictObject({
        at: time,
        durationMs: z.number().min(0),
        dnsMs: z
          .number()
          .min(0)
          .nullable()
          .describe('Of it, resolving the name; null where there was none to resolve.'),
        connectMs: z
          .number()
          .min(0)
          .nullable()
          .describe('Of it, connecting, TLS included; null where it did not come to that, or one was kept.'),
        statusCode: z.int().nullable(),
        error: z.string().nullable(),
        response: z
          .string()
          .optional()
          .describe(
            'The first 4 KiB of the answer; not shown to viewers, and of an endpoint not to uploaders.',
          ),
      }),
    ),
    nextAttemptAt: time.nullable(),
    createdAt: time,
  }),
)

const webhook = {
  id: z.string(),
  url: z.string(),
  events: z.array(z.enum(ENDPOINT_EVENTS)),
  description: z.string(),
  enabled: z.boolean(),
  disabledReason: z.string().nullable().describe('Why it was disabled by itself.'),
  failingSince: time.nullable().describe('Null unless the last attempt failed: since when each has.'),
  previousSecretUntil: time
    .nullable()
    .describe('Until when the secret before the present one signs, too; null where only one signs.'),
  createdAt: time,
  recent: z
    .array(DeliverySchema.shape.status)
    .optional()
    .describe('How its newest deliveries went, the newest first; in a list that was asked for it.'),
}
export const WebhookSchema = name('Webhook', z.strictObject(webhook))
export const NewWebhookSchema = name(
  'NewWebhook',
  z.strictObject({ ...webhook, secret: z.string().describe('Shown this once.') }),
)
export const WebhookList = name('WebhookList', z.strictObject({ items: z.array(WebhookSchema) }))
export const RecoveredSchema = name(
  'Recovered',
  z.strictObject({
    recovered: count,
    more: z.boolean().describe('Whether there may be further ones: ask again.'),
  }),
)

export const JobPage = name(
  'JobPage',
  page(JobSchema).extend({
    lookedBackTo: time.nullable().describe('Jobs made before this were not looked at; null: all were.'),
  }),
)
export const BulkSchema = name(
  'Bulk',
  z.strictObject({
    matched: count,
    done: count,
    refused: z.array(z.strictObject({ id: z.string(), code: z.string() })),
    more: z.boolean().describe('There may be more to do: send it again, with `nextCursor` as its `cursor`.'),
    nextCursor: z
      .string()
      .nullable()
      .describe('Null also where the same is to be sent again from its beginning.'),
  }),
)
export const DeliveryPage = name('DeliveryPage', page(DeliverySchema))
export const EventPage = name(
  'EventPage',
  z.strictObject({ items: z.array(EventSchema), nextAfter: z.string().nullable() }),
)
export const PresignedSchema = name(
  'Presigned',
  z.strictObject({
    fileId: z.string(),
    method: z.literal('PUT'),
    url: z.string().optional(),
    parts: z
      .array(
        z.strictObject({
          number: z.int().min(1),
          url: z.string(),
          from: count,
          to: count.describe('The last byte itself, as in HTTP.'),
        }),
      )
      .optional()
      .describe('Instead of `url`, above 5 GiB.'),
    headers: z.record(z.string(), z.string()).describe('To be sent with each PUT.'),
    expiresAt: time,
  }),
)

export const NewFiles = name('NewFiles', z.strictObject({ files: z.array(FileSchema) }))
export const ArtifactList = name(
  'ArtifactList',
  z.strictObject({
    items: z.array(
      z.strictObject({
        name: z.string(),
        size: count,
        type: z.string(),
        stage: z.string(),
        fileId: z.string().optional(),
      }),
    ),
  }),
)
export const PipelineList = name(
  'PipelineList',
  z.strictObject({
    items: z.array(
      z.strictObject({
        name: z.string(),
        description: z.string(),
        stages: z.array(z.strictObject({ name: z.string(), weight: z.number() })),
      }),
    ),
  }),
)
export const StatsSchema = name(
  'Stats',
  z.strictObject({
    jobs: z.record(StatusSchema, count),
    queues: z.record(
      z.string(),
      z.strictObject({
        waiting: count,
        active: count,
        delayed: count,
        failed: count,
        paused: z.boolean().describe('By hand: what is in it is not begun.'),
      }),
    ),
    workers: count,
    finishedPerMinute: count,
    storage: z.strictObject({
      freeBytes: count.nullable().describe('Null where the storage does not tell.'),
      reserveBytes: count.describe('Uploads that would leave less than this free are refused.'),
    }),
    redis: z.strictObject({ usedBytes: count }),
  }),
)
const durations = name(
  'Durations',
  z.strictObject({
    count,
    totalMs: count,
    p50Ms: count.nullable().describe('Half took no longer. Close, not exact.'),
    p95Ms: count.nullable().describe('Of twenty, nineteen took no longer. Close, not exact.'),
  }),
)
const figures = {
  submitted: count,
  completed: count,
  failed: count,
  cancelled: count,
  wait: durations.describe("From the last file attached to the run's first start."),
  stages: z.record(z.string(), durations),
  failures: z.record(z.string(), count).describe('Failed jobs by the code of their `error`.'),
  deliveries: z.strictObject({ delivered: count, failedAttempts: count }),
}
export const HistorySchema = name(
  'History',
  z.strictObject({
    bucketSeconds: z.int().min(60).describe('The length of a point.'),
    points: z
      .array(z.strictObject({ at: time, ...figures }))
      .describe('The oldest first; the last one is still under way.'),
    total: z.strictObject(figures),
  }),
)
const worker = z.strictObject({
  id: z.string().describe('`host:pid`, as events have it; in a container each start has the same.'),
  host: z.string(),
  pid: z.int(),
  startedAt: time,
  seenAt: time,
  jobs: z.array(
    z.strictObject({
      id: z.string(),
      stage: z.string().nullable(),
      percent: percent.describe("The whole job's."),
    }),
  ),
})
export const WorkerList = name(
  'WorkerList',
  z.strictObject({
    items: z.array(worker),
    lost: z
      .array(worker)
      .describe(
        'Gone in the last hour without saying so; with the jobs that no other worker has taken up from them yet.',
      ),
  }),
)
export const HealthSchema = name(
  'Health',
  z.strictObject({
    status: z.enum(['ok', 'unavailable']),
    checks: z.record(
      z.string(),
      z.strictObject({ status: z.enum(['ok', 'warning', 'failed']), messages: z.array(z.string()) }),
    ),
  }),
)
const role = z.enum(['admin', 'uploader', 'viewer'])
export const SessionSchema = name(
  'Session',
  z.strictObject({
    name: z.string().describe("The key's name; `anonymous` where no key is set."),
    role,
    keys: z
      .boolean()
      .describe('Whether there are keys at all: without, nobody is signed in or can sign out.'),
  }),
)
const apiKey = {
  id: z.string(),
  name: z.string(),
  role,
  source: z
    .enum(['environment', 'run-time'])
    .describe('Where it comes from; only the latter can be revoked here.'),
  createdAt: time.nullable(),
  lastUsedAt: time.nullable().describe('To the minute.'),
}
export const ApiKeyList = name('ApiKeyList', z.strictObject({ items: z.array(z.strictObject(apiKey)) }))
export const NewApiKey = name(
  'NewApiKey',
  z.strictObject({ ...apiKey, key: z.string().describe('Shown this once.') }),
)
export const AuditPage = name(
  'AuditPage',
  page(
    z.strictObject({
      id: z.string(),
      at: time,
      actor: z
        .string()
        .describe('The name of a key; `anonymous`, `nobody`, `operator` or `service` without one.'),
      action: z.enum(AUDIT_ACTIONS),
      target: z.string().describe('The id of what it was done to; may be empty.'),
      outcome: z.enum(['ok', 'refused']),
      address: z.string().nullable(),
      details: z.record(z.string(), z.unknown()),
    }),
  ),
)
export const ProblemSchema = name(
  'Problem',
  z.object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
    requestId: z.string(),
    errors: z
      .array(
        z.strictObject({
          pointer: z.string().optional(),
          parameter: z.string().optional(),
          message: z.string(),
        }),
      )
      .optional(),
    outcome: BulkSchema.optional().describe(
      'Of many jobs at once, ended in the middle: what was done until then. What was under way just then is not in it, and may have been done or not.',
    ),
  }),
)

function page<T extends z.ZodType>(item: T) {
  return z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() })
}
