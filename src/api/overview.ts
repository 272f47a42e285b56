/** What there is and how it goes: pipelines, figures. */
import type { Redis } from 'ioredis'
import { keys } from '../jobs/keys.ts'
import { countJobs } from '../jobs/listing.ts'
import { EVERYONE, OPERATORS } from './callers.ts'
import { endpoint } from './endpoint.ts'
import type { Queues } from './queues.ts'
import { PipelineList, StatsSchema } from './schemas.ts'
import type { Services } from './services.ts'
import { json } from './submission.ts'

/** Milliseconds since its last sign of life after which a worker does not count. */
const SEEN_WITHIN = 15_000

export function overviewEndpoints(services: Services, queues: Queues) {
  const { pipelines, redis, storage } = services
  return [
    endpoint({
      id: 'listPipelines',
      method: 'get',
      path: '/api/pipelines',
      tag: 'Service',
      summary: 'The pipelines that a job may ask for',
      roles: EVERYONE,
      answers: { 200: { description: 'All of them.', schema: PipelineList } },
      handle: () =>
        json(200, {
          items: [...pipelines.values()].map(({ name, description, stages }) => ({
            name,
            description,
            stages: stages.map(({ name, weight }) => ({ name, weight })),
          })),
        }),
    }),

    endpoint({
      id: 'getStats',
      method: 'get',
      path: '/api/stats',
      tag: 'Service',
      summary: 'How many jobs, workers and bytes there are',
      roles: OPERATORS,
      answers: { 200: { description: 'As of now.', schema: StatsSchema } },
      problems: ['storage-unavailable'],
      async handle() {
        const [{ jobs, finishedPerMinute }, counts, workers, freeBytes, usedBytes] = await Promise.all([
          countJobs(redis),
          queues.counts(),
          countWorkers(redis),
          storage.freeBytes(),
          usedMemory(redis),
        ])
        return json(200, {
          jobs,
          queues: counts,
          workers,
          finishedPerMinute,
          storage: { freeBytes },
          redis: { usedBytes },
        })
      },
    }),
  ]
}

/** Workers that gave a sign of life just now, by Redis's clock. */
export async function countWorkers(redis: Redis): Promise<number> {
  const [seconds, microseconds] = await redis.time()
  const now = Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000)
  return redis.zcount(keys.workers, now - SEEN_WITHIN, '+inf')
}

async function usedMemory(redis: Redis): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1] ?? 0)
}
