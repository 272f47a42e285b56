/** What there is and how it goes: pipelines, workers, figures. */
import type { Redis } from 'ioredis'
import { z } from 'zod'
import { readHistory } from '../jobs/history.ts'
import { countJobs } from '../jobs/listing.ts'
import { countWorkers, listWorkers } from '../jobs/workers.ts'
import { EVERYONE, OPERATORS } from './callers.ts'
import { endpoint } from './endpoint.ts'
import { wholeNumber } from './fields.ts'
import type { Queues } from './queues.ts'
import { HistorySchema, PipelineList, StatsSchema, WorkerList } from './schemas.ts'
import type { Services } from './services.ts'
import { json } from './submission.ts'

export function overviewEndpoints(services: Services, queues: Queues) {
  const { pipelines, redis, storage, config } = services
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
          storage: { freeBytes, reserveBytes: config.storageReserve },
          redis: { usedBytes },
        })
      },
    }),

    endpoint({
      id: 'getStatsHistory',
      method: 'get',
      path: '/api/stats/history',
      tag: 'Service',
      summary: 'What came in, what became of it, and how long it took: up to a day back',
      roles: OPERATORS,
      query: z.strictObject({
        minutes: wholeNumber(1, 1_440)
          .prefault('60')
          .describe('Back from now; beyond 120 several are put together in a point.'),
      }),
      answers: { 200: { description: 'Over time, and in all.', schema: HistorySchema } },
      handle: async ({ query }) => json(200, await readHistory(redis, query.minutes)),
    }),

    endpoint({
      id: 'listWorkers',
      method: 'get',
      path: '/api/workers',
      tag: 'Service',
      summary:
        'The workers that gave a sign of life in the last 15 s, what they do, and those that were lost',
      roles: OPERATORS,
      answers: { 200: { description: 'All of them, by name; the newest loss first.', schema: WorkerList } },
      handle: async () => json(200, await listWorkers(redis)),
    }),
  ]
}

async function usedMemory(redis: Redis): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1] ?? 0)
}
