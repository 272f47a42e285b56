/** BullMQ's queues as the API looks at them: counts, and Bull Board. */
import { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import type { Log } from '../log.ts'
import { PREFIX, QUEUES, type QueueName } from '../queues/names.ts'

export type Queues = ReturnType<typeof openQueues>

export function openQueues(redis: Redis, log: Log) {
  const queues = Object.values(QUEUES).map(name => {
    const queue = new Queue(name, { connection: redis, prefix: PREFIX })
    queue.on('error', error => log.debug({ err: error }, 'BullMQ'))
    return queue
  })
  return {
    all: queues,
    deliver: queues.find(({ name }) => name === QUEUES.deliver)!,
    /** Jobs in each queue; `waiting` are all that could run now, once their children have, or once it is resumed. */
    async counts(): Promise<
      Record<QueueName, { waiting: number; active: number; delayed: number; failed: number; paused: boolean }>
    > {
      const counts = await Promise.all(
        queues.map(async queue => {
          const states = ['wait', 'prioritized', 'waiting-children', 'active', 'delayed', 'failed'] as const
          const [of, paused] = await Promise.all([queue.getJobCounts(...states), queue.isPaused()])
          const sum = (...names: (typeof states)[number][]) =>
            names.reduce((all, name) => all + (of[name] ?? 0), 0)
          return {
            waiting: sum('wait', 'prioritized', 'waiting-children'),
            active: sum('active'),
            delayed: sum('delayed'),
            failed: sum('failed'),
            paused,
          }
        }),
      )
      return Object.fromEntries(queues.map((queue, index) => [queue.name, counts[index]!])) as Record<
        QueueName,
        (typeof counts)[number]
      >
    },
    async close(): Promise<void> {
      await Promise.all(queues.map(queue => queue.close()))
    },
  }
}
