/**
 * The ceiling: BullMQ with nothing around it. This process adds the flows, no HTTP between, and a job counts as answered
 * when its `process` has run: so many are under way at once, and no backlog takes time from those that are counted.
 */
import { FlowProducer } from 'bullmq'
import { Redis } from 'ioredis'
import type { Candidate } from './candidate.ts'

const PREFIX = '{bare}'

export const bareFlow: Candidate = {
  name: 'bare two-job flow',
  async start(bay, load) {
    const { url } = await bay.redis('always')
    const { child } = await bay.start('worker', 'bench/peers/bare-flow.ts', { REDIS_URL: url })
    const connection = new Redis(url, { maxRetriesPerRequest: null })
    const flows = new FlowProducer({ connection, prefix: PREFIX })
    bay.use({
      async [Symbol.asyncDispose]() {
        await flows.close()
        connection.disconnect()
      },
    })

    const finished = new Map<number, () => void>()
    child.on('message', (message: { type: string; numbers?: number[] }) => {
      for (const number of message.numbers ?? []) {
        load.arrived(number)
        finished.get(number)?.()
        finished.delete(number)
      }
    })
    return async submission => {
      const done = new Promise<void>(resolve => finished.set(submission, resolve))
      const data = { number: submission }
      const opts = { priority: 1_002 }
      await flows.add({
        name: 'process',
        queueName: 'process',
        data,
        opts,
        children: [{ name: 'attach-file', queueName: 'attach-file', data, opts }],
      })
      await done
    }
  },
}
