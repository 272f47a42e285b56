/** The types of events that an endpoint may ask for, in the order of a job's life, as people read them. */
import type { Webhook } from '../../contract.ts'

export type EndpointEvent = Webhook['events'][number]

interface Words {
  readonly group: 'How a job ends' | 'A job on its way' | 'Stages' | 'Files'
  readonly about: string
}

/** The compiler sees to it that none is forgotten. */
export const EVENT_WORDS = {
  'job.completed': { group: 'How a job ends', about: 'with its result and artifacts' },
  'job.failed': { group: 'How a job ends', about: 'with the error, after the last attempt' },
  'job.cancelled': { group: 'How a job ends', about: 'by somebody’s hand' },
  'job.created': { group: 'A job on its way', about: 'a draft, or an upload in one go' },
  'job.submitted': { group: 'A job on its way', about: 'no more files come' },
  'job.ready': { group: 'A job on its way', about: 'every file is attached' },
  'job.started': { group: 'A job on its way', about: 'a worker has taken it' },
  'job.retrying': { group: 'A job on its way', about: 'an attempt ended, another follows' },
  'job.retried': { group: 'A job on its way', about: 'a new run, by hand' },
  'stage.started': { group: 'Stages', about: '' },
  'stage.completed': { group: 'Stages', about: 'with what it wrote' },
  'file.uploaded': { group: 'Files', about: 'with size and SHA-256' },
  'file.removed': { group: 'Files', about: 'from a draft' },
  'file.attached': { group: 'Files', about: 'durable and verified' },
  'file.failed': { group: 'Files', about: 'with the error' },
} satisfies Record<EndpointEvent, Words>

export const GROUPED: ReadonlyMap<Words['group'], readonly EndpointEvent[]> = Map.groupBy(
  Object.keys(EVENT_WORDS) as EndpointEvent[],
  type => EVENT_WORDS[type].group,
)
