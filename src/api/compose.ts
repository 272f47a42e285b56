/** Puts the API together from its settings: connections, storage, the layers on them. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '../config.ts'
import { createApiKeys } from '../jobs/api-keys.ts'
import { createAudit } from '../jobs/audit.ts'
import { createDeliveries } from '../jobs/deliveries.ts'
import { labelEarlierJobs } from '../jobs/earlier-jobs.ts'
import { createEventFeed } from '../jobs/event-feed.ts'
import { createIdempotency } from '../jobs/idempotency.ts'
import { createLeases } from '../jobs/leases.ts'
import { createOutbox } from '../jobs/outbox.ts'
import { createStored } from '../jobs/stored.ts'
import { createTransitions } from '../jobs/transitions.ts'
import { createWebhooks } from '../jobs/webhooks.ts'
import type { Log } from '../log.ts'
import type { Pipeline } from '../pipelines/pipeline.ts'
import { createEnqueuer } from '../queues/enqueuer.ts'
import { connectRedis, waitUntilReady } from '../redis/connection.ts'
import { checkDurability } from '../redis/durability.ts'
import { createClamd } from '../scanner/clamd.ts'
import { createStorage } from '../storage/create-storage.ts'
import { createAddressGuard } from '../webhooks/address.ts'
import { createApi } from './app.ts'
import { openKeyRing } from './key-ring.ts'
import { PACE, type Pace } from './pace.ts'
import { type ApiServer, listen } from './server.ts'
import type { Services } from './services.ts'
import { createUploads } from './upload/at-once.ts'

/** Milliseconds for which Redis is waited for at the start. */
const START_PATIENCE = 10_000
/** Milliseconds that connections get to close in order at the end. */
const CLOSE_PATIENCE = 3_000
/** Milliseconds that uploads under way get to finish at the end. */
const GRACE = 10_000

export interface RunningApi {
  readonly url: string
  readonly services: Services
  /** Ends streams and waits at once, gives uploads their time, closes every connection. */
  stop(graceMs?: number): Promise<void>
}

export interface StartOptions {
  readonly config: Config
  readonly redisUrl: string
  readonly log: Log
  /** Of the service. */
  readonly version: string
  readonly pipelines: ReadonlyMap<string, Pipeline>
  /** Of uploads, where it is not the usual one. */
  readonly pace?: Partial<Pace>
}

/** @throws where Redis does not answer, or the port cannot be had; everything opened is closed again. */
export async function startApi(options: StartOptions): Promise<RunningApi> {
  const { config, redisUrl, log, version, pipelines } = options
  const storage = await createStorage(config, { hashBeside: true })
  const redis = connectRedis(redisUrl, { name: 'sluice-api', log, mode: 'failFast' })
  const reader = connectRedis(redisUrl, { name: 'sluice-api-events', log })
  const closing = new AbortController()
  const undo: (() => unknown)[] = [() => storage.close(), () => redis.disconnect(), () => reader.disconnect()]
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    await waitUntilReady(redis, START_PATIENCE)
    for (const warning of (await checkDurability(redis)).warnings) log.warn(warning)
    const outbox = createOutbox(redis)
    const deliveries = createDeliveries(redis)
    const enqueuer = createEnqueuer({ redis, outbox, deliveries, log })
    undo.push(() => enqueuer.close())
    const feed = createEventFeed({ reader, redis, log })
    undo.push(() => feed.close())
    const apiKeys = createApiKeys(redis)
    const keyRing = await openKeyRing({ environment: config.apiKeys, apiKeys, log })
    undo.push(() => keyRing.close())
    const services: Services = {
      config,
      log,
      redis,
      storage,
      scanner: config.clamd && createClamd(config.clamd),
      transitions: createTransitions(redis, config.storageQuota, delivery => {
        enqueuer
          .deliver(delivery)
          .catch(error => log.warn({ err: error }, `delivery ${delivery.id} was left in the outbox`))
      }),
      stored: createStored(redis),
      leases: createLeases(redis),
      idempotency: createIdempotency(redis),
      uploads: createUploads(config.maxUploads),
      outbox,
      deliveries,
      webhooks: createWebhooks(redis),
      enqueuer,
      feed,
      apiKeys,
      keyRing,
      audit: createAudit(redis),
      addresses: createAddressGuard({ allow: config.webhookAllow }),
      pipelines,
      pace: {
        ...PACE,
        minRate: config.minUploadRate,
        setting: 'SLUICE_MIN_UPLOAD_RATE',
        ...options.pace,
      },
      closing: closing.signal,
    }
    const labelled = await labelEarlierJobs(redis)
    if (labelled > 0) log.info(`${labelled} jobs of an earlier version were put into the list's indexes`)
    const api = createApi(services, version)
    undo.push(() => api.close())
    const server: ApiServer = await listen(api, config)
    return {
      url: server.url,
      services,
      async stop(graceMs = GRACE) {
        closing.abort()
        await server.stop(graceMs)
        // With Redis away BullMQ's own closing waits for it.
        await Promise.race([close(), delay(CLOSE_PATIENCE, undefined, { ref: false })])
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}
