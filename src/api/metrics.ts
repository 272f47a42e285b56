/** `/metrics`, for Prometheus. What Redis knows is asked for when somebody looks, not kept up to date for nobody. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { countJobs } from '../jobs/listing.ts'
import { readSweeps } from '../jobs/sweep-totals.ts'
import { countWorkers } from '../jobs/workers.ts'
import { ADMINS } from './callers.ts'
import { endpoint } from './endpoint.ts'
import type { Queues } from './queues.ts'
import type { Services } from './services.ts'

export type Metrics = ReturnType<typeof createMetrics>

export function createMetrics(services: Services, queues: Queues) {
  const { redis, scanner, outbox, stored, feed, log } = services
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })

  const requests = new Histogram({
    name: 'sluice_http_request_duration_seconds',
    help: 'Requests by route and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.025, 0.1, 0.5, 2.5, 10, 60],
    registers,
  })
  const uploaded = new Counter({
    name: 'sluice_uploaded_bytes_total',
    help: 'Bytes of files that a job names.',
    registers,
  })
  const removed = new Counter({
    name: 'sluice_janitor_removed_total',
    help: 'What the janitor removed, by what it was.',
    labelNames: ['what'],
    registers,
  })
  const gauge = (name: string, help: string, ...labelNames: string[]) =>
    new Gauge({ name: `sluice_${name}`, help, labelNames, registers })
  const gauges = {
    up: gauge('redis_up', 'Whether Redis answered.'),
    jobs: gauge('jobs', 'Jobs by status.', 'status'),
    queued: gauge('queue_jobs', "BullMQ's jobs by queue and state.", 'queue', 'state'),
    workers: gauge('workers', 'Workers seen in the last 15 s.'),
    outbox: gauge('outbox_entries', 'What is still to be put into BullMQ.'),
    stored: gauge(
      'stored_bytes',
      'What storage holds, as the janitor last measured it and the quota has counted since.',
    ),
    streams: gauge('event_clients', 'Clients that follow events.'),
    uploads: gauge('uploads_under_way', 'Uploads that this process takes at the moment.'),
    swept: gauge('janitor_last_sweep_timestamp_seconds', "When the janitor's last pass ended."),
    scanner: scanner && gauge('scanner_up', 'Whether the virus scanner answered.'),
  }

  async function askRedis(): Promise<void> {
    const [{ jobs }, counts, workers, waiting, bytes, sweeps] = await Promise.all([
      countJobs(redis),
      queues.counts(),
      countWorkers(redis),
      outbox.size(),
      stored.bytes(),
      readSweeps(redis),
    ])
    for (const [status, count] of Object.entries(jobs)) gauges.jobs.set({ status }, count)
    for (const [queue, { paused: _, ...states }] of Object.entries(counts)) {
      for (const [state, count] of Object.entries(states)) gauges.queued.set({ queue, state }, count)
    }
    gauges.workers.set(workers)
    gauges.outbox.set(waiting)
    gauges.stored.set(bytes)
    // The totals are Redis's; a counter here can only be added to.
    removed.reset()
    for (const [what, total] of Object.entries(sweeps.removed)) removed.inc({ what }, total)
    if (sweeps.sweptAt !== null) gauges.swept.set(sweeps.sweptAt / 1_000)
  }

  async function askScanner(): Promise<void> {
    if (!scanner) return
    const isThere = scanner.ping().then(
      () => 1,
      () => 0,
    )
    gauges.scanner?.set(await isThere)
  }

  return {
    /** @param seconds from the request's head to the answer's. */
    request: (method: string, route: string, status: number, seconds: number) =>
      requests.labels(method, route, String(status)).observe(seconds),
    uploaded: (bytes: number) => uploaded.inc(bytes),

    endpoints: () => [
      endpoint({
        id: 'getMetrics',
        method: 'get',
        path: '/metrics',
        tag: 'Service',
        summary: 'Figures for Prometheus',
        roles: ADMINS,
        answers: { 200: { description: 'As of now.', types: ['text/plain'] } },
        async handle() {
          gauges.streams.set(feed.clients())
          gauges.uploads.set(services.uploads.count())
          const scannerAsked = askScanner()
          try {
            await askRedis()
            gauges.up.set(1)
          } catch (error) {
            // The process's own figures are worth having just then.
            log.debug({ err: error }, 'metrics')
            gauges.up.set(0)
          }
          await scannerAsked
          return new Response(await registry.metrics(), { headers: { 'content-type': registry.contentType } })
        },
      }),
    ],
  }
}
