/** First attempts at callbacks, on a real Redis and real receivers. */
import { Queue } from 'bullmq'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDeliveries } from '../../src/jobs/deliveries.ts'
import { keys } from '../../src/jobs/keys.ts'
import { createOutbox } from '../../src/jobs/outbox.ts'
import { isRefused } from '../../src/jobs/transitions.ts'
import { createWebhooks } from '../../src/jobs/webhooks.ts'
import { createLog } from '../../src/log.ts'
import { createEnqueuer } from '../../src/queues/enqueuer.ts'
import { PREFIX, QUEUES } from '../../src/queues/names.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { createAddressGuard } from '../../src/webhooks/address.ts'
import { createSender } from '../../src/webhooks/sender.ts'
import { createSecret } from '../../src/webhooks/signature.ts'
import { createCourier } from '../../src/workers/courier.ts'
import { answer, startReceiver } from '../support/receiver.ts'
import { output, records } from '../support/records.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'

let server: TestRedis

beforeAll(async () => {
  server = await startTestRedis()
})
afterAll(() => server.stop())

test('who has a slot of all workers and gets no place in its own gives it back, and takes its turn in the queue', async () => {
  const log = createLog({ level: 'silent', format: 'json', role: 'test' })
  const redis = connectRedis(server.url, { name: 'test', log })
  const [deliveries, outbox, jobs] = [createDeliveries(redis), createOutbox(redis), records(redis)]
  const answers = Promise.withResolvers<void>()
  const receiver = await startReceiver({ respond: () => answers.promise.then(() => answer(204)) })
  const sender = createSender({ guard: createAddressGuard({ allow: [receiver.allow] }) })
  const enqueuer = createEnqueuer({ redis, outbox, deliveries, log })
  const queue = new Queue(QUEUES.deliver, { connection: redis, prefix: PREFIX })
  const courier = createCourier({
    deliveries,
    webhooks: createWebhooks(redis),
    outbox,
    enqueuer,
    sender,
    // One process has eight of them for itself.
    slotsPerOrigin: 16,
    secrets: [createSecret()],
    log,
    ending: new AbortController().signal,
  })
  const slots = () => redis.zcard(keys.originSlots(new URL(receiver.url).origin))

  // All before the first is begun: each expects to be sent at once.
  const callbacks = Array.from({ length: 9 }, () => courier.prepare(receiver.url))
  const begin = await Promise.all(
    callbacks.map(async ({ slot, begin }, at) => {
      const token = `start-${at}`
      const id = await jobs.processing(token, { callbackUrl: receiver.url })
      const checkpoint = { stage: 'second', index: 2, durationMs: 1, output: output() }
      const ended = await jobs.transitions.finish({ id, token, checkpoint, result: {}, slot })
      if (isRefused(ended)) throw new Error(ended.refused)
      return () => begin(ended.delivery, ended.frozen)
    }),
  )
  expect(await slots()).toBe(9)
  for (const each of begin) each()
  await receiver.received(8)
  await expect.poll(() => queue.getJobCountByTypes('waiting')).toBe(1)
  expect(await slots()).toBe(8)

  answers.resolve()
  await courier.idle()
  expect(await slots()).toBe(0)
  expect(receiver.requests).toHaveLength(8)

  await queue.close()
  await sender.close()
  await receiver.close()
  redis.disconnect()
})
