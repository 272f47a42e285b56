/** What the API works with; made by its composition root, `main.ts`, and by tests. */
import type { Redis } from 'ioredis'
import type { Config } from '../config.ts'
import type { ApiKeys } from '../jobs/api-keys.ts'
import type { Audit } from '../jobs/audit.ts'
import type { Deliveries } from '../jobs/deliveries.ts'
import type { EventFeed } from '../jobs/event-feed.ts'
import type { Idempotency } from '../jobs/idempotency.ts'
import type { Leases } from '../jobs/leases.ts'
import type { Outbox } from '../jobs/outbox.ts'
import type { Stored } from '../jobs/stored.ts'
import type { Transitions } from '../jobs/transitions.ts'
import type { Webhooks } from '../jobs/webhooks.ts'
import type { Log } from '../log.ts'
import type { Pipeline } from '../pipelines/pipeline.ts'
import type { Enqueuer } from '../queues/enqueuer.ts'
import type { Scanner } from '../scanner/scanner.ts'
import type { Storage } from '../storage/storage.ts'
import type { AddressGuard } from '../webhooks/address.ts'
import type { KeyRing } from './key-ring.ts'
import type { Pace } from './pace.ts'
import type { Uploads } from './upload/at-once.ts'

export interface Services {
  readonly config: Config
  readonly log: Log
  /** Of the `failFast` kind: an HTTP client must hear within 5 s that Redis is away. */
  readonly redis: Redis
  readonly storage: Storage
  /** Null: files are not scanned. The API only asks whether it is there; workers have it scan. */
  readonly scanner: Scanner | null
  readonly transitions: Transitions
  readonly stored: Stored
  readonly leases: Leases
  readonly idempotency: Idempotency
  /** Places for uploads under way; whatever takes bytes in enters first. */
  readonly uploads: Uploads
  readonly outbox: Outbox
  readonly deliveries: Deliveries
  readonly webhooks: Webhooks
  readonly enqueuer: Enqueuer
  readonly feed: EventFeed
  readonly apiKeys: ApiKeys
  readonly keyRing: KeyRing
  readonly audit: Audit
  readonly addresses: AddressGuard
  readonly pipelines: ReadonlyMap<string, Pipeline>
  /** Of uploads. */
  readonly pace: Pace
  /** Aborted when the process shuts down: streams and waits end. */
  readonly closing: AbortSignal
}
