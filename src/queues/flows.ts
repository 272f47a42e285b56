/**
 * Flows into BullMQ, those that come at the same moment in one script: uploads end in bursts, since Redis syncs and answers
 * many of them at once. BullMQ itself makes a transaction of three scripts for each flow, and ioredis copies every command
 * that BullMQ has defined onto each transaction.
 */
import { createRedisBackend, type FlowJob, FlowProducer, type RedisQueueBackend } from 'bullmq'
import type { Redis } from 'ioredis'
import type { Log } from '../log.ts'
import { createCommandRunner, type RunCommands } from './bull-commands.ts'
import { PREFIX } from './names.ts'

/** BullMQ's jobs in one script, while which Redis does nothing else; more only where a flow has more by itself. */
const MOST_JOBS = 100

interface Batch {
  readonly flows: FlowJob[]
  jobs: number
  readonly added: Promise<void>
}

export function createFlows({ redis, log }: { redis: Redis; log: Log }) {
  const run = createCommandRunner(redis)
  const producer = new FlowProducer({ connection: redis, prefix: PREFIX }, (...args) =>
    adapt(createRedisBackend(...args), run),
  )
  // Redis going away is told once, by the connection; commands that fail tell their callers.
  producer.on('error', error => log.debug({ err: error }, 'BullMQ'))
  let gathering: Batch | null = null

  function begin(): Batch {
    const flows: FlowJob[] = []
    const { promise: now, resolve } = Promise.withResolvers<void>()
    process.nextTick(resolve)
    const batch: Batch = {
      flows,
      jobs: 0,
      added: now.then(async () => {
        if (gathering === batch) gathering = null
        await producer.addBulk(flows)
      }),
    }
    return batch
  }

  return {
    /** @throws where one of those that came with it was not added: adding it again is harmless. */
    add(flow: FlowJob): Promise<void> {
      const jobs = 1 + (flow.children?.length ?? 0)
      if (!gathering || gathering.jobs + jobs > MOST_JOBS) gathering = begin()
      gathering.flows.push(flow)
      gathering.jobs += jobs
      return gathering.added
    },
    close: () => producer.close(),
  }
}

/** A backend whose flows are added by `run`. */
function adapt(backend: RedisQueueBackend, run: RunCommands): RedisQueueBackend {
  const forQueue = backend.forQueue.bind(backend)
  const siblings = new Map<string, ReturnType<typeof forQueue>>()
  return Object.assign(backend, {
    /** Kept: BullMQ asks for one, with a text for each of a queue's keys, for each job. */
    forQueue(queue: string, prefix?: string) {
      const sibling = siblings.get(queue) ?? forQueue(queue, prefix)
      siblings.set(queue, sibling)
      return sibling
    },
    /** As BullMQ does it: all jobs first, then whoever of them waits for nobody (any more) may be taken. */
    addFlow: (entries: Parameters<RedisQueueBackend['addFlow']>[0]) =>
      run(async commands => {
        const parents = new Map<string, unknown[]>()
        for (const { jobData, jobId, parentKeyOpts, queueName } of entries) {
          const { keys } = siblings.get(queueName)!
          await backend.addJobToTransaction(
            commands,
            jobData,
            jobId,
            { ...parentKeyOpts, deferParentRelease: true },
            keys,
          )
          const { parentKey } = parentKeyOpts
          const { parent } = jobData
          if (parentKey && parent)
            parents.set(parentKey, [
              parentKey,
              `${parentKey}:dependencies`,
              parent.queueKey,
              parent.id,
              Date.now(),
            ])
        }
        for (const parent of parents.values())
          backend.execCommand(commands, 'releaseParentIfNoPendingDependencies', parent)
      }),
  })
}
