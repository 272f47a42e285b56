/**
 * The shapes that the API answers with, from the very schemas that its OpenAPI document is made of: types only, so that
 * nothing of the service gets into the page.
 */
import type { z } from 'zod'
import type * as schemas from '../../api/schemas.ts'

export type { Level } from '../../pipelines/log-analysis/levels.ts'
export type * as Report from '../../pipelines/log-analysis/report-json.ts'

export type Job = z.infer<typeof schemas.JobSchema>
export type JobPage = Readonly<z.infer<typeof schemas.JobPage>>
export type Status = z.infer<typeof schemas.StatusSchema>
export type Artifact = z.infer<typeof schemas.ArtifactList>['items'][number]
export type Delivery = z.infer<typeof schemas.DeliverySchema>
export type Webhook = z.infer<typeof schemas.WebhookSchema>
export type NewWebhook = z.infer<typeof schemas.NewWebhookSchema>
export type Pipeline = z.infer<typeof schemas.PipelineList>['items'][number]
export type Stats = z.infer<typeof schemas.StatsSchema>
export type History = z.infer<typeof schemas.HistorySchema>
export type Durations = History['total']['wait']
export type Workers = z.infer<typeof schemas.WorkerList>
export type Health = z.infer<typeof schemas.HealthSchema>
export type ApiKey = z.infer<typeof schemas.ApiKeyList>['items'][number]
export type NewApiKey = z.infer<typeof schemas.NewApiKey>
export type AuditEntry = z.infer<typeof schemas.AuditPage>['items'][number]
export type Session = z.infer<typeof schemas.SessionSchema>
export type ProblemBody = z.infer<typeof schemas.ProblemSchema>

type RawEvent = z.infer<typeof schemas.EventSchema>
export type EventType = RawEvent['type']
/** What an event's `data` may hold; which of it, its type decides. */
export interface EventData {
  readonly status?: Status
  readonly run?: number
  readonly pipeline?: string
  readonly files?: number
  readonly fileId?: string
  readonly name?: string
  readonly size?: number
  readonly sha256?: string
  readonly filesAttached?: number
  readonly message?: string
  readonly attempt?: number
  readonly start?: number
  readonly worker?: string
  readonly stage?: string
  readonly percent?: number
  readonly overall?: number
  readonly durationMs?: number
  readonly artifacts?: readonly string[]
  readonly level?: string
  readonly reason?: 'failed' | 'worker-lost' | 'hand-over'
  readonly delayMs?: number
  readonly result?: Readonly<Record<string, unknown>>
  readonly error?: NonNullable<Job['error']>
}
export type JobEvent = Omit<RawEvent, 'data'> & { readonly data: EventData }

/** Statuses that no job leaves by itself. */
export const FINAL: ReadonlySet<Status> = new Set<Status>(['completed', 'failed', 'cancelled'])
/** In the order of a job's life. */
export const STATUSES: readonly Status[] = [
  'draft',
  'attaching',
  'pending',
  'processing',
  'completed',
  'failed',
  'cancelled',
]
