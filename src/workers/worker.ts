/** One worker: takes jobs off the three queues, sweeps the outbox, and takes its turn as janitor and reconciler. */
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { type Processor, Worker } from 'bullmq'
import { type Config, ConfigError } from '../config.ts'
import { createDeliveries } from '../jobs/deliveries.ts'
import { createOutbox } from '../jobs/outbox.ts'
import { createTransitions } from '../jobs/transitions.ts'
import { webhookSecret } from '../jobs/webhook-secret.ts'
import { createWebhooks } from '../jobs/webhooks.ts'
import { sayAlive, sayGone } from '../jobs/workers.ts'
import { createLog, type Log } from '../log.ts'
import type { Pipeline } from '../pipelines/pipeline.ts'
import { createEnqueuer } from '../queues/enqueuer.ts'
import { PREFIX, QUEUES, type QueueName } from '../queues/names.ts'
import { createReconciler } from '../queues/reconciler.ts'
import { repeat } from '../queues/repeat.ts'
import { startSweeper } from '../queues/sweeper.ts'
import { connectRedis, waitUntilReady } from '../redis/connection.ts'
import { createClamd } from '../scanner/clamd.ts'
import { createStorage, storageSettings } from '../storage/create-storage.ts'
import { createAddressGuard } from '../webhooks/address.ts'
import { createSender } from '../webhooks/sender.ts'
import { startAlone } from './alone.ts'
import { createAttachFile } from './attach-file.ts'
import { createCourier } from './courier.ts'
import { createDeliverWebhook } from './deliver-webhook.ts'
import { createJanitor } from './janitor.ts'
import { backoff, LockLost, ShuttingDown } from './outcomes.ts'
import { createProcess } from './process.ts'
import { createRuns } from './runs.ts'
import { createScans } from './scans.ts'
import { createStageExecutor } from './stage-executor.ts'
import { createSuspectPlace } from './suspects.ts'

/**
 * A lost worker's jobs are taken up again within a lock and a stalled check, 15 s at the most. Shorter ones recover
 * sooner, but a machine that stands still for a moment then loses locks that it still wants.
 */
const LOCK_MS = 10_000
const STALLED_CHECK_MS = 5_000
const CONCURRENCY: Readonly<Record<QueueName, number>> = {
  [QUEUES.attach]: 32,
  [QUEUES.process]: 50,
  [QUEUES.deliver]: 64,
}
/** Deliveries under way at shutdown get as long as one attempt may take. */
const DELIVERIES_END_MS = 15_000
/** With Redis away nothing can be handed over; a supervisor or an engine would kill soon after this. */
const LONGEST_STOP_MS = 20_000
const BEAT_EVERY_MS = 5_000

/**
 * Works until `stopping` resolves, then hands its jobs over and closes everything.
 *
 * @param ready called once it takes jobs. @throws ConfigError, or where Redis cannot be reached at the start.
 */
export async function runWorker(
  config: Config,
  pipelines: ReadonlyMap<string, Pipeline>,
  ready: () => void,
  stopping: Promise<void>,
): Promise<void> {
  if (config.redisUrl === null) {
    throw new ConfigError(
      'REDIS_URL is not set: a worker on its own needs to be told where Redis is (npm start brings one along).',
    )
  }
  const log = createLog({
    level: config.logLevel,
    format: config.logFormat,
    role: `worker ${config.workerIndex}`,
  })
  const connect = (name: string) => connectRedis(config.redisUrl!, { name: `sluice-worker-${name}`, log })
  const redis = connect('main')
  const subscriber = connect('subscriber')
  await waitUntilReady(redis, 30_000)

  const storage = await createStorage(config)
  const outbox = createOutbox(redis)
  const deliveries = createDeliveries(redis)
  const enqueuer = createEnqueuer({ redis, outbox, deliveries, log })
  const suspects = createSuspectPlace()
  const runs = createRuns({ redis, subscriber, log })
  const executor = createStageExecutor({ storage, thread: storageSettings(config), threads: 1 })
  const sender = createSender({
    guard: createAddressGuard({ allow: config.webhookAllow }),
    proxy: config.webhookProxy,
  })
  const secrets = [await webhookSecret(redis, config.webhookSecret)]
  const closing = new AbortController()
  const ending = new AbortController()
  const worker = `${hostname()}:${process.pid}`
  const start = { id: worker, startedAt: Date.now() }

  const courier = createCourier({
    deliveries,
    webhooks: createWebhooks(redis),
    outbox,
    enqueuer,
    sender,
    slotsPerOrigin: config.webhookSlots,
    secrets,
    log,
    ending: ending.signal,
  })
  const transitions = createTransitions(redis, config.storageQuota, courier.begin)
  const attachFile = createAttachFile({
    redis,
    transitions,
    courier,
    storage,
    suspects,
    scans:
      config.clamd &&
      createScans({ scanner: createClamd({ ...config.clamd, silenceMs: config.attachTimeout }), log }),
    allowedTypes: config.allowedTypes,
    log,
    attachTimeout: config.attachTimeout,
    closing: closing.signal,
  })
  const processJob = createProcess({
    redis,
    transitions,
    enqueuer,
    courier,
    storage,
    pipelines,
    suspects,
    runs,
    worker,
    log,
    execute: executor.execute,
    settings: { pseudonyms: config.pseudonyms, archive: config.archive },
    stageTimeout: config.stageTimeout,
    closing: closing.signal,
  })
  const deliverWebhook = createDeliverWebhook({ deliveries, courier })

  // On one connection, so that what all of them ask for at one moment is one write, and one read in Redis. BullMQ waits
  // for jobs on connections of its own.
  const consume = (queue: QueueName, processor: Processor) =>
    startConsumer({ queue, processor, connection: redis, log })
  const attaching = consume(QUEUES.attach, attachFile)
  const processing = consume(QUEUES.process, processJob)
  const delivering = consume(QUEUES.deliver, deliverWebhook)
  processing.on('lockRenewalFailed', jobIds => {
    for (const jobId of jobIds)
      runs.stop(jobId.replace(/-\d+$/, ''), new LockLost('the lock on the job was lost'))
  })

  const janitor = createJanitor({
    redis,
    storage,
    transitions,
    deliveries,
    enqueuer,
    log,
    retention: config.retention,
    draftTtl: config.draftTtl,
  })
  const reconciler = createReconciler({ redis, transitions, deliveries, enqueuer, log })
  const sweeper = startSweeper({ outbox, enqueuer, log })
  const housekeeping = [
    startAlone({ redis, name: 'janitor', interval: config.janitorInterval, task: janitor.sweep, log }),
    startAlone({ redis, name: 'reconciler', interval: config.janitorInterval, task: reconciler.run, log }),
  ]
  const beat = repeat(
    () => sayAlive(redis, start),
    BEAT_EVERY_MS,
    closing.signal,
    error => log.debug({ err: error }, 'no sign of life could be given'),
  )

  log.info(`ready: takes jobs as ${worker}`)
  ready()

  await stopping
  log.info('stops: hands its jobs over')
  const stopped = stop()
  const gaveUp = await Promise.race([stopped, delay(LONGEST_STOP_MS, true, { ref: false })])
  log.info(gaveUp ? 'stopped waiting: what could not be handed over is taken up as after a crash' : 'stopped')

  async function stop(): Promise<undefined> {
    closing.abort(new ShuttingDown())
    setTimeout(() => ending.abort(new ShuttingDown()), DELIVERIES_END_MS).unref()
    const handedOver = Promise.all([attaching.close(), processing.close()])
    const delivered = delivering.close()
    runs.stopAll(new ShuttingDown())
    await handedOver
    await beat
    // It has no jobs any more, and must not look lost while deliveries end. Where this fails, it does.
    await sayGone(redis, start).catch(() => undefined)
    await delivered
    await courier.idle()
    await Promise.all([
      sweeper.stop(),
      ...housekeeping.map(each => each.stop()),
      runs.close(),
      executor.close(),
      sender.close(),
    ])
    await enqueuer.close()
    await storage.close()
  }
}

function startConsumer(options: {
  queue: QueueName
  processor: Processor
  connection: ReturnType<typeof connectRedis>
  log: Log
}): Worker {
  const worker = new Worker(options.queue, options.processor, {
    connection: options.connection,
    prefix: PREFIX,
    concurrency: CONCURRENCY[options.queue],
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    // The record counts losses; BullMQ would fail the innocent that a killer takes along.
    maxStalledCount: 1_000_000_000,
    runRetryDelay: 500,
    settings: { backoffStrategy: backoff },
  })
  worker.on('error', error => options.log.debug({ err: error }, `BullMQ ${options.queue}`))
  return worker
}
