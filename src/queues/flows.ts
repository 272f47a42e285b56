/**
 * Flows into BullMQ, those that come at the same moment in one transaction. Uploads end in bursts, since Redis syncs and
 * answers many scripts at once; and ioredis copies every command that BullMQ has defined onto each transaction, which cost
 * an upload more than what it had to say.
 */
import { createRedisBackend, type FlowJob, FlowProducer, type RedisQueueBackend } from 'bullmq'
import type { Redis } from 'ioredis'
import type { Log } from '../log.ts'
import { PREFIX } from './names.ts'

/** BullMQ's jobs in one transaction, while which Redis does nothing else; more only where a flow has more by itself. */
const MOST_JOBS = 100

interface Batch {
  readonly flows: FlowJob[]
  jobs: number
  readonly added: Promise<void>
}

export function createFlows({ redis, log }: { redis: Redis; log: Log }) {
  const producer = new FlowProducer({ connection: redis, prefix: PREFIX }, createBackend)
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
      added: now.then(() => {
        if (gathering === batch) gathering = null
        return addAll(flows)
      }),
    }
    return batch
  }

  async function addAll(flows: FlowJob[]): Promise<void> {
    await producer.addBulk(flows).catch(error => addAfterFlush(flows, error))
  }

  /**
   * After SCRIPT FLUSH a connection still believes that Redis knows its scripts, and a MULTI has no way to find out in
   * time: no flow would ever be added again. Connected anew, it believes nothing.
   */
  async function addAfterFlush(flows: FlowJob[], error: Error): Promise<void> {
    if (!error.message.includes('NOSCRIPT')) throw error
    log.warn('Redis has forgotten its scripts (SCRIPT FLUSH?); connecting anew')
    redis.disconnect(true)
    await producer.addBulk(flows)
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

function createBackend(...args: Parameters<typeof createRedisBackend>): RedisQueueBackend {
  const backend = createRedisBackend(...args)
  const forQueue = backend.forQueue.bind(backend)
  const addFlow = backend.addFlow.bind(backend)
  const siblings = new Map<string, ReturnType<typeof forQueue>>()
  return Object.assign(backend, {
    /** Kept: BullMQ asks for one, with a text for each of a queue's keys, for each job. */
    forQueue(queue: string, prefix?: string) {
      const sibling = siblings.get(queue) ?? forQueue(queue, prefix)
      siblings.set(queue, sibling)
      return sibling
    },
    /** Where there are several flows, BullMQ looks at none of the answers. */
    async addFlow(entries: Parameters<typeof addFlow>[0]) {
      const results = await addFlow(entries)
      for (const [error] of results ?? []) if (error) throw error
      return results
    },
  })
}
